"""The stream: events as they come, over a real connection."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from controller.core.errors import TransientError
from controller.server import Server, stream
from tests.server.client import API, Client
from tests.server.world import TOKEN, World, entry

PATH = "/api/v1/events/stream"


@dataclass(frozen=True)
class Part:
    """One event of a stream."""

    kind: str
    seq: str
    data: Any


class Follower:
    """Reads a stream's events."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.answer = answer
        self.comments: list[str] = []

    def next(self) -> Part | None:
        """The next event, held against its schema; None at the end."""
        fields: dict[str, str] = {}
        while line := self.answer.readline().decode():
            name, _, value = line.rstrip("\n").partition(": ")
            if name:
                fields[name] = value
            elif value:
                self.comments.append(value)
            elif "data" in fields:
                data = json.loads(fields["data"])
                name = {"event": "Event", "report": "Revision"}[fields["event"]]
                schema = {"$ref": f"#/components/schemas/{name}", "components": API["components"]}
                Draft202012Validator(schema).validate(data)
                return Part(fields["event"], fields.get("id", ""), data)
            else:
                fields = {}
        return None

    def seqs(self) -> list[int]:
        """The events up to the next word on the board."""
        found: list[int] = []
        while (part := self.next()) and part.kind == "event":
            assert part.seq == str(part.data["seq"])
            found.append(part.data["seq"])
        assert part is None or part.seq == ""
        return found


@contextmanager
def following(server: Server, query: str = "", **headers: str) -> Iterator[Follower]:
    """A stream of a server."""
    connection = http.client.HTTPConnection("127.0.0.1", Client.of(server).port, timeout=10)
    try:
        connection.request("GET", f"{PATH}{query}", headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200
        assert answer.getheader("content-type") == "text/event-stream; charset=utf-8"
        yield Follower(answer)
    finally:
        connection.close()


def test_events_as_they_come(world: World, server: Server) -> None:
    """Without a place a stream begins with what comes from now on, within a moment."""
    world.happens(entry(1))
    with following(server) as follower:
        assert follower.seqs() == []
        began = time.monotonic()
        world.happens(entry(2), entry(3, "Gamma", "line\nline \u2028"))
        assert follower.seqs() == [2, 3]
        assert time.monotonic() - began < 2
        world.happens(entry(4))
        assert follower.seqs() == [4]


def test_the_board(world: World, server: Server) -> None:
    """A stream says at its beginning, and whenever the board changed, which revision it is."""
    with following(server) as follower:
        first = follower.next()
        assert first == Part("report", "", {"version": "sidekick/v1", "revision": world.number})
        world.number += 5
        second = follower.next()
        assert second is not None
        assert second.data["revision"] == world.number


@pytest.mark.parametrize(
    ("query", "header", "found"),
    [
        ("?after=0", "", [1, 2, 3]),
        ("?after=2", "", [3]),
        ("", "1", [2, 3]),
        ("?after=0", "2", [3]),
        ("?after=0&project=Gamma", "", [2]),
        ("?after=99", "", []),
    ],
)
def test_behind_a_place(
    world: World, server: Server, query: str, header: str, found: list[int]
) -> None:
    """A client that comes back gets what it missed; its header beats the address's `after`."""
    world.happens(entry(1), entry(2, "Gamma"), entry(3))
    headers = {"Last-Event-ID": header} if header else {}
    with following(server, query, **headers) as follower:
        assert follower.seqs() == found


def test_a_lost_journal(world: World, server: Server) -> None:
    """A place behind the end, of a journal that was set aside, hides nothing that comes."""
    world.happens(entry(1))
    with following(server, **{"Last-Event-ID": "5000"}) as follower:
        assert follower.seqs() == []
        world.happens(entry(2))
        assert follower.seqs() == [2]


def test_what_comes_during_a_look(world: World, server: Server) -> None:
    """What is written while a stream reads is told by its next look."""
    with following(server) as follower:
        assert follower.seqs() == []
        world.meanwhile = [entry(2)]
        world.happens(entry(1))
        assert follower.seqs() == [1]
        assert follower.seqs() == [2]


@pytest.mark.parametrize("place", ["x", "-1", "1.5", "9" * 30])
def test_places_that_are_none(client: Client, place: str) -> None:
    """Who comes back with nonsense is told so."""
    answer = client.get(PATH, **{"Last-Event-ID": place})
    assert (answer.status, answer.reason) == (400, "QueryInvalid")


def test_many_events_at_once(world: World, server: Server) -> None:
    """Nothing is lost, however much a client missed."""
    world.happens(*(entry(seq) for seq in range(1, 5001)))
    with following(server, "?after=0") as follower:
        assert follower.seqs() == list(range(1, 5001))


def test_heartbeats(world: World, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A silent stream says now and then that it is there."""
    monkeypatch.setattr(stream, "HEARTBEAT_SECONDS", 0.05)
    with following(server) as follower:
        assert follower.next() is not None
        assert follower.answer.readline() == b": still here\n"


def test_a_journal_that_cannot_be_read(
    world: World, client: Client, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is 503 at the beginning; later the stream goes on once it can be read again."""
    monkeypatch.setattr(stream, "RETRY_SECONDS", 0.05)
    with following(server) as follower:
        assert follower.seqs() == []
        world.journal_failure = TransientError("StoreUnavailable", "the disk")
        assert client.get(PATH).status == 503
        world.happens(entry(1))
        assert b"cannot be read" in follower.answer.readline()
        world.journal_failure = None
        assert follower.seqs() == [1]


def test_so_many_streams_and_no_more(
    world: World, server: Server, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One too many is refused; one that left makes room."""
    monkeypatch.setattr(stream, "STREAMS", 3)
    with ExitStack() as stack:
        for _ in range(2):
            assert stack.enter_context(following(server)).next()
        with following(server) as third:
            assert third.next()
            answer = client.get(PATH)
            assert (answer.status, answer.reason) == (503, "TooManyStreams")
            assert client.get("/api/v1/status").status == 200
        deadline = time.monotonic() + 5
        while True:  # the server hears of it in its own time
            try:
                with following(server) as fourth:
                    assert fourth.next()
                break
            except AssertionError:
                assert time.monotonic() < deadline


def test_nobody_looks_for_nobody(world: World) -> None:
    """Without a stream the controller is not asked all the time."""
    looks: list[int] = []

    def revision() -> int:
        looks.append(1)
        return 7

    world.revision = revision  # type: ignore[method-assign]
    with world.serving() as server:
        with following(server) as follower:
            assert follower.next()
        deadline = time.monotonic() + 5
        counted = -1
        while counted != len(looks):
            assert time.monotonic() < deadline
            counted = len(looks)
            time.sleep(0.6)


def test_a_client_that_does_not_read(world: World, server: Server) -> None:
    """Events wait in the journal for it, and others get theirs."""
    world.happens(entry(1))
    head = f"GET {PATH}?after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", Client.of(server).port)) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.sendall(head)
        world.happens(*(entry(seq, message="m" * 2000) for seq in range(2, 3000)))
        with following(server) as follower:
            assert follower.seqs() == []
            world.happens(entry(3000))
            assert follower.seqs() == [3000]


def test_two_at_once_see_the_same(world: World, server: Server) -> None:
    """Every stream has every event, whoever else listens."""
    with following(server) as one, following(server, Authorization=f"Bearer {TOKEN}") as other:
        assert one.seqs() == other.seqs() == []

        def write() -> None:
            for seq in range(1, 200):
                world.happens(entry(seq))

        writer = threading.Thread(target=write)
        writer.start()
        for follower in (one, other):
            found: list[int] = []
            while len(found) < 199:
                found += follower.seqs()
            assert found == list(range(1, 200))
        writer.join()
