"""`describe`: everything about one project, from real folders and a real journal."""

import json
from datetime import date, timedelta

import pytest
import yaml

from controller.core.events import Event
from controller.core.observed import Words
from controller.runs.folders import RunFolders
from controller.runs.meta import Meta
from controller.runs.spec import Spec
from tests.cli.desk import NOW, Desk, a_project

SPEC = Spec(("sh",), "/tmp", "headless", None, 1.0, 1000, 1)
QUIET = {"status": "Paused", "reason": "UserPaused", "alive": False, "agent_running": ""}


def a_run(desk: Desk, project: str, *, days: int, demo: bool = False, **end: object) -> str:
    """Make a run's folder, as it is some days after its start; returns its id."""
    runs = RunFolders(desk.root / "runs")
    runs.load()
    at = NOW - timedelta(days=days)
    meta = Meta(
        project, project.lower(), "claude", "/work/one", Words("x"), at, "c0ffee", demo=demo
    )
    run = runs.new_id(at)
    folder = runs.create(run, SPEC, meta, "Do it", {})
    (folder / "started.json").write_text(json.dumps({"version": 1, "at": at.timestamp()}))
    (folder / "output.log").write_text("first\n\x1b[32mgreen\x1b[0m\nlast\n")
    if end:
        record = {
            "version": 1, "cause": "exit", "started_at": at.timestamp(),
            "ended_at": (at + timedelta(seconds=75)).timestamp(), **end,
        }  # fmt: skip
        (folder / "exit.json").write_text(json.dumps(record))
    return run


def test_all_that_is_known(desk: Desk) -> None:
    """The row, conditions, plan, runs, conversation, seat, events with counts, output."""
    a_run(desk, "One", days=6, cause="exit", status=3, tail=["boom"])
    a_run(desk, "Other", days=5, status=0)
    a_run(desk, "One", days=4, status=0)
    run = a_run(desk, "One", days=3, demo=True)
    events = [Event(NOW, "One", "Crashed", "it fell", warning=True)] * 3
    desk.keep(
        a_project("One", run=run, folder="/work/one", conversation="c0ffee", session="one",
                  deadline=date(2026, 1, 2), overdue=True, agent_running="demo"),
        a_project("Other"), events=[*events, Event(NOW, "Other", "Not", "asked for")],
    )  # fmt: skip
    code, out, err = desk.sidekick("describe", "one")
    assert code == 0
    assert "no controller runs" in err
    lines = [line.split() for line in out.splitlines()]
    for words in (
        ["Name:", "One"], ["Status:", "In", "Progress"], ["Agent:", "demo", "(claude)"],
        ["Deadline:", "2026-01-02", "overdue"], ["Conversation:", "c0ffee"],
        ["Folder:", "/work/one"], ["Attach:", "sidekick", "attach", "One"],
        ["Row:", "desired/priorities.csv:2"],
        ["Accepted", "True", "Running"], ["Ready", "True", "Running"],
        ["Stalled", "False", "Running"],
        ["3d", "demo", "(claude)"], ["4d", "claude", "75s", "Completed", "0"],
        ["6d", "claude", "75s", "Crashed", "3", "Crashed", "exit", "status", "3:", "boom"],
        ["first"], ["green"], ["last"],
    ):  # fmt: skip
        assert any(line[: len(words)] == words for line in lines), words
    assert any(line[1:3] == ["x3", "Crashed"] for line in lines)
    assert "asked for" not in out
    assert "\x1b" not in out


def test_the_same_as_a_document(desk: Desk) -> None:
    """JSON and YAML say it in the form of the API."""
    run = a_run(desk, "One", days=4, status=0)
    desk.keep(a_project("One", run=run, **QUIET))
    document = json.loads(desk.sidekick("describe", "One", "-o", "json")[1])
    assert document == yaml.safe_load(desk.sidekick("describe", "One", "-o", "yaml")[1])
    assert document["version"] == "sidekick/v1"
    assert document["project"]["name"] == "One"
    assert document["runs"][0]["ending"] == "Completed"
    assert document["tail"] == ["first", "green", "last"]
    assert (document["plan"], document["events"]) == ([], [])


def test_little_is_known(desk: Desk) -> None:
    """A row that never ran and is not valid says so, without empty labels."""
    desk.keep(a_project("One", status="", reason="InvalidRow", message="Priority", agent="",
                        agent_running="", accepted=False, session="", priority=None, alive=False,
                        started_at=None, since=None, next_action=""))  # fmt: skip
    code, out, _ = desk.sidekick("describe", "One")
    assert code == 0
    assert "Runs: none" in out
    assert "Events: none" in out
    assert "Output: none" in out
    assert "Plan: nothing is to be done" in out
    facts = out[: out.index("Conditions")].splitlines()
    assert all(line.partition(":")[2].strip() for line in facts if line)
    assert "Attach" not in out
    assert "Session" not in out


def test_what_is_next(desk: Desk) -> None:
    """What the next tick would do for it, and for no other."""
    desk.lab.settle_in("One,1,Pending,,,x,,,,", "Other,1,Pending,,,x,,,,", slots=1)
    desk.keep(a_project("One", **QUIET), a_project("Other", **QUIET))
    for name, words in (("One", ["Start", "Wanted"]), ("Other", ["Wait", "Capacity"])):
        lines = desk.sidekick("describe", name)[1].splitlines()
        assert lines[lines.index("Plan:") + 2].split()[:2] == words
        assert lines[lines.index("Plan:") + 3] == ""


def test_a_plan_that_cannot_be_told(desk: Desk) -> None:
    """A list that cannot be read hides nothing that is known."""
    desk.keep(a_project("One"))
    desk.lab.list.unlink()
    code, out, err = desk.sidekick("describe", "One")
    assert code == 0
    assert "Plan: it cannot be told" in out
    assert "read: " in err


@pytest.mark.parametrize("name", ["Zebra", "O"])
def test_no_such_project(desk: Desk, name: str) -> None:
    """The answer is no, with the names that there are."""
    desk.keep(a_project("One"), a_project("Other"))
    code, out, err = desk.sidekick("describe", name)
    assert (code, out) == (1, "")
    assert "One, Other" in err
