"""Orders: what a person may change, with the token, and what the controller answers."""

import json

import pytest

from controller.core.errors import NotFound, TerminalError, TransientError
from tests.server.client import Client
from tests.server.world import World


def test_reconcile(world: World, client: Client) -> None:
    """A tick is made now; the answer tells what it did."""
    answer = client.post("/api/v1/reconcile")
    assert answer.document["actions"][0] == {
        "action": "Start", "project": "Alpha", "reason": "Wanted", "message": "begins",
        "until": None,
        "failed": False,
    }  # fmt: skip
    assert world.orders == [("reconcile",)]


@pytest.mark.parametrize("order", ["pause", "resume", "restart"])
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (None, ""),
        ({}, ""),
        ({"message": "später 🙂"}, "später 🙂"),
        ({"message": "m" * 500}, "m" * 500),
    ],
)
def test_orders_about_a_project(
    world: World, client: Client, order: str, body: object, message: str
) -> None:
    """The name may be shortened, the message left out; the answer has the full name."""
    answer = client.post(f"/api/v1/projects/gam/{order}", body)
    assert answer.document == {"version": "sidekick/v1", "project": "Gamma"}
    assert world.orders == [(order, "Gamma", message)]


def test_a_name_with_a_slash(world: World, client: Client) -> None:
    """An encoded slash is a part of the name."""
    client.post("/api/v1/projects/Alpha%2FBeta%20%C3%A4/pause")
    assert world.orders == [("pause", "Alpha/Beta ä", "")]


def test_the_fleet(world: World, client: Client) -> None:
    """The fleet rests, and goes on."""
    suspended = client.post("/api/v1/fleet/suspend", {"message": "night"}).document
    assert suspended["suspended"] is True
    resumed = client.post("/api/v1/fleet/resume").document
    assert (resumed["suspended"], resumed["rested"]) == (False, True)
    assert world.orders == [("suspend", "night"), ("resume_fleet",)]


def test_a_mass_stop(world: World, client: Client) -> None:
    """The plan that waits is approved by its digest, and by no other."""
    world.blocks("abc")
    other = client.post("/api/v1/prune/approve", {"plan": "abd"})
    assert (other.status, other.reason, other.document["plan"]) == (409, "PlanChanged", "abc")
    assert client.post("/api/v1/prune/approve", {"plan": "abc"}).document["plan"] == "abc"


def test_no_mass_stop(world: World, client: Client) -> None:
    """Where nothing waits there is nothing to approve; the digest is required."""
    nothing = client.post("/api/v1/prune/approve", {"plan": "abc"})
    assert (nothing.status, nothing.reason, nothing.document["plan"]) == (409, "NothingBlocked", "")
    world.known = None
    assert client.post("/api/v1/prune/approve", {"plan": "abc"}).status == 409
    world.orders.clear()
    bodies: tuple[object, ...] = (None, {})
    for body in bodies:
        missing = client.post("/api/v1/prune/approve", body)
        assert (missing.status, missing.reason) == (400, "BodyInvalid")
    assert world.orders == []


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (NotFound("Completed", "it is completed"), 409),
        (NotFound("DuplicateProject", "two rows"), 409),
        (NotFound("NotWaiting", "it waits for nobody"), 409),
        (NotFound("NotFound", "no such row"), 404),
        (TransientError("ListBusy", "it changes"), 503),
        (TransientError("LoopBusy", "no time"), 504),
        (TerminalError("SourceInvalid", "no header"), 422),
        (RuntimeError("secret"), 500),
    ],
)
def test_refused_orders(world: World, client: Client, failure: Exception, status: int) -> None:
    """An order that cannot be done says why, in the status too."""
    world.failure = failure
    assert client.post("/api/v1/projects/gamma/resume").status == status


@pytest.mark.parametrize("path", ["projects/nobody/pause", "projects/nobody/restart"])
def test_no_such_project(client: Client, path: str) -> None:
    """A name that nobody has is 404."""
    assert client.post(f"/api/v1/{path}").status == 404


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"[]", b'"x"', b"null", b"\xff\xfe", b"\xef\xbb\xbf{}", b"{} {}", b"{}garbage",
        b'{"message": 1}', b'{"message": null}', b'{"message": ["x"]}', b'{"massage": "x"}',
        b'{"message": "a\\u0000b"}', b'{"message": "a\\nb"}', b'{"message": "\\ud800"}',
        b'{"message": "' + 501 * b"m" + b'"}', b"[" * 60_000, b'{"a":' * 10_000,
        b'{"message": ' + 5000 * b"9" + b"}",
    ],
)  # fmt: skip
def test_bodies_that_are_none(world: World, client: Client, body: bytes) -> None:
    """Garbage is 400, and orders nothing."""
    answer = client.post("/api/v1/projects/gamma/pause", body)
    assert (answer.status, answer.reason) == (400, "BodyInvalid")
    assert world.orders == []


def test_bodies_where_none_is_wanted(world: World, client: Client) -> None:
    """An order without fields takes an empty object, and no field."""
    assert client.post("/api/v1/reconcile", {}).status == 200
    assert "there are: none" in client.post("/api/v1/reconcile", {"x": 1}).document["detail"]


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 200),
        ("Application/JSON; charset=utf-8", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/jsonx", 415),
        ("", 415),
    ],
)
def test_types(client: Client, kind: str, status: int) -> None:
    """A body is JSON: what a web form can send is refused."""
    headers = {"Content-Type": kind}
    assert client.post("/api/v1/fleet/suspend", {"message": "x"}, **headers).status == status


def test_packed_bodies(client: Client) -> None:
    """Nothing is unpacked."""
    packed = {"Content-Encoding": "gzip"}
    assert client.post("/api/v1/fleet/suspend", {"message": "x"}, **packed).status == 415


def test_the_longest_body(world: World, client: Client) -> None:
    """64 KiB are read, a byte more is not."""
    whole = json.dumps({"message": "x"}).encode()
    longest = whole + b" " * (64 * 1024 - len(whole))
    assert client.post("/api/v1/fleet/suspend", longest).status == 200
    answer = client.post("/api/v1/fleet/suspend", longest + b" ")
    assert (answer.status, answer.reason) == (413, "BodyTooLong")
    assert len(world.orders) == 1
