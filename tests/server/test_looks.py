"""Looks: every document over the network, held against its schema by the client."""

import json
from datetime import datetime

import pytest

from controller.core.documents import report_document
from controller.core.errors import TerminalError, TransientError
from tests.server.client import Client
from tests.server.world import ALPHA, NOW, REPORT, World, entry


def names(client: Client, query: str = "") -> list[str]:
    """The projects that a look at the list finds."""
    return [
        project["name"] for project in client.get(f"/api/v1/projects{query}").document["projects"]
    ]


def test_projects(client: Client) -> None:
    """The list has every project, in its order, with the fields of `get -o json`."""
    answer = client.get("/api/v1/projects").document
    assert answer["version"] == "sidekick/v1"
    assert answer["projects"] == report_document(REPORT)["projects"]
    assert datetime.fromisoformat(answer["at"]) == NOW


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?status=Blocked", ["Alpha/Beta ä"]),
        ("?status=in+progress&status=BLOCKED", ["Alpha", "Alpha/Beta ä"]),
        ("?agent=claude", ["Alpha", "Gamma"]),
        ("?agent=claude&reason=NoSlot", ["Gamma"]),
        ("?agent=nobody", []),
        ("?status=", []),
    ],
)
def test_chosen_projects(client: Client, query: str, found: list[str]) -> None:
    """Words of one parameter are alternatives; several parameters must all fit."""
    assert names(client, query) == found


def test_project(client: Client) -> None:
    """One project comes with its plan, runs, events and last lines."""
    answer = client.get("/api/v1/projects/Gamma").document
    assert answer["project"]["name"] == "Gamma"
    assert answer["plan"][0]["until"] == NOW.isoformat()
    assert (answer["runs"][0]["id"], answer["events"][0]["seq"]) == ("run-1", 1)
    assert answer["tail"] == ["last line"]


@pytest.mark.parametrize(
    ("path", "full"),
    [
        ("gam", "Gamma"),
        ("Alpha", "Alpha"),
        ("Alpha%2FBeta%20%C3%A4", "Alpha/Beta ä"),
        ("alpha%2fb", "Alpha/Beta ä"),
    ],
)
def test_names(client: Client, path: str, full: str) -> None:
    """Names are URL-encoded, a slash too, and may be shortened."""
    assert client.get(f"/api/v1/projects/{path}").document["project"]["name"] == full


def test_names_that_are_none(client: Client) -> None:
    """No such project is 404, several are 409, what is no text is 400."""
    missing = client.get("/api/v1/projects/nobody")
    assert (missing.status, missing.reason) == (404, "NotFound")
    assert "there are: Alpha" in missing.document["detail"]
    several = client.get("/api/v1/projects/al")
    assert (several.status, several.reason) == (409, "Ambiguous")
    assert client.get("/api/v1/projects/%ff").reason == "NameInvalid"
    assert client.get("/api/v1/projects/%20").status == 404


def test_status(world: World, client: Client) -> None:
    """The controller's health is the report without its projects, and the loop's own word."""
    world.stages = {"observe": "tmux hangs"}
    world.is_healthy = False
    answer = client.get("/api/v1/status").document
    whole = report_document(REPORT)
    del whole["projects"]
    assert answer == {
        **whole,
        "healthy": False,
        "ready": True,
        "faults": {"observe": "tmux hangs"},
    }


def test_plan(world: World, client: Client) -> None:
    """The plan is what the next tick would do; its errors are an object."""
    answer = client.get("/api/v1/plan").document
    assert answer["actions"][0]["reason"] == "NoSlot"
    assert answer["errors"] == {"read": "no list"}
    assert world.orders == [("plan",)]


def test_events(world: World, client: Client) -> None:
    """Events: the newest, the oldest first, behind a place, of a project."""
    world.happens(entry(1), entry(2, ""), entry(3, "Gamma"), entry(4, "Gamma"))

    def seqs(query: str) -> list[int]:
        return [e["seq"] for e in client.get(f"/api/v1/events{query}").document["events"]]

    assert seqs("") == [1, 2, 3, 4]
    assert seqs("?after=2") == [3, 4]
    assert seqs("?last=2") == [3, 4]
    assert seqs("?project=Gamma&last=1") == [4]
    assert seqs("?project=") == [2]
    assert seqs(f"?after={2**63 - 1}") == []


@pytest.mark.parametrize(
    "query",
    [
        "after=-1", "after=x", "after=1&after=2", "after=", "after=%D9%A1",
        "after=9223372036854775808", "last=0", "last=1001", "last=1_0", "last=1.0",
        "project=a&project=b", "lsat=5",
    ],
)  # fmt: skip
def test_queries_that_are_none(client: Client, query: str) -> None:
    """A parameter that cannot be understood is refused with what is allowed."""
    answer = client.get(f"/api/v1/events?{query}")
    assert (answer.status, answer.reason) == (400, "QueryInvalid")


def test_an_unknown_parameter_tells_the_known_ones(client: Client) -> None:
    """A typo does not silently show everything."""
    assert (
        "there are: status, reason, agent"
        in client.get("/api/v1/projects?state=x").document["detail"]
    )
    assert "there are none here" in client.get("/api/v1/plan?x=1").document["detail"]


@pytest.mark.parametrize("path", ["projects", "status"])
def test_before_the_first_tick(world: World, client: Client, path: str) -> None:
    """Without a report there is nothing to tell yet: 503, and when to ask again."""
    world.known = None
    answer = client.get(f"/api/v1/{path}")
    assert (answer.status, answer.reason) == (503, "NotReady")
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (TransientError("StoreUnavailable", "the disk"), 503),
        (TransientError("LoopBusy", "no time"), 504),
        (TransientError("Defect", "a defect"), 500),
        (TerminalError("SourceInvalid", "no header"), 422),
        (ZeroDivisionError("secret"), 500),
    ],
)
def test_failures(world: World, client: Client, failure: Exception, status: int) -> None:
    """What fails is a problem with its reason; a defect tells nobody how it looks inside."""
    world.failure = failure
    answer = client.get("/api/v1/plan")
    assert answer.status == status
    assert answer.reason == getattr(failure, "reason", "Defect")
    assert b"secret" not in answer.body
    assert b"Traceback" not in answer.body


def test_texts_that_utf_8_cannot_carry(world: World, client: Client) -> None:
    """Half of a pair in a name makes no answer fail."""
    world.happens(entry(1, message="a\ud800b"))
    assert client.get("/api/v1/events").document["events"][0]["message"] == "a?b"


def test_a_long_list(world: World, client: Client) -> None:
    """A thousand projects are one answer."""
    many = tuple(ALPHA for _ in range(1000))
    world.known = type(REPORT)(NOW, REPORT.source, many)
    answer = client.get("/api/v1/projects")
    assert len(answer.document["projects"]) == 1000
    assert json.loads(answer.body)["projects"][999]["name"] == "Alpha"
