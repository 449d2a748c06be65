"""Hostile requests, byte by byte: wrong names, doubtful framing, other pages, wrong tokens."""

import json
import logging
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest

from controller.server import Server, refusals
from controller.server.access import Access
from tests.server.client import Client
from tests.server.test_lifecycle import port_of
from tests.server.world import TOKEN, World

ORDER = "POST /api/v1/reconcile HTTP/1.1\r\nHost: localhost\r\n"
AUTHORIZED = f"{ORDER}Authorization: Bearer {TOKEN}\r\n"
JSON = "Content-Type: application/json\r\n"
LAST = "Connection: close\r\n"


@dataclass(frozen=True)
class Answers:
    """All that a server sent on a connection, and whether it closed it."""

    raw: bytes
    closed: bool

    @property
    def statuses(self) -> list[int]:
        """The status of each answer."""
        return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3}) ", self.raw)]

    @property
    def reason(self) -> str:
        """The reason of the last problem."""
        return str(json.loads(self.raw.rpartition(b"\r\n\r\n")[2])["reason"])


def send(server: Server, raw: str | bytes) -> Answers:
    """Send bytes as they are, and wait until the server closes the connection."""
    content = raw if isinstance(raw, bytes) else raw.encode("latin-1")
    received, closed = bytearray(), False
    with socket.create_connection(("127.0.0.1", port_of(server)), timeout=5) as client:
        with suppress(ConnectionError):
            client.sendall(content)
        try:
            while part := client.recv(65_536):
                received += part
            closed = True
        except TimeoutError:
            pass
        except ConnectionError:
            closed = True
    return Answers(bytes(received), closed)


@pytest.mark.parametrize(
    "head",
    [
        "GET /metrics HTTP/1.1\r\n",
        "GET /metrics HTTP/1.0\r\n",
        "GET /metrics HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n",
        "GET /metrics HTTP/1.0\r\nHost: localhost\r\nhost: localhost\r\n",
        "GET /metrics HTTP/1.0\r\nHost: evil.example\r\n",
        "GET /metrics HTTP/1.1\r\nHost: localhost.\r\n",
        "GET /metrics HTTP/1.1\r\nHost: EVIL.EXAMPLE:9600\r\n",
        "GET /metrics HTTP/1.1\r\nHost: [::1%25lo]\r\n",
        "GET /metrics HTTP/1.1\r\nHost: [::ffff:10.0.0.1]\r\n",
        "GET /metrics HTTP/1.1\r\nHost: 127.1\r\n",
        "GET /metrics HTTP/1.1\r\nHost: 2130706433\r\n",
        "GET /metrics HTTP/1.1\r\nHost: localhost\t.evil.example\r\n",
        "GET /metrics HTTP/1.1\r\nHost: localhost,evil.example\r\n",
        "GET /metrics HTTP/1.1\r\nHost : localhost\r\n",
        "GET /metrics HTTP/1.1\r\nX-Forwarded-Host: localhost\r\nHost: evil.example\r\n",
    ],
)
def test_names_that_are_not_ours(world: World, server: Server, head: str) -> None:
    """However a request spells a name, one that is not ours is answered by 400 alone."""
    answers = send(server, f"{head}{LAST}\r\n")
    assert answers.statuses == [400]
    assert answers.reason in {"WrongHost", "RequestInvalid"}
    assert b"sidekick_test" not in answers.raw


@pytest.mark.parametrize("target", ["http://evil.example/metrics", "//evil.example/metrics", "*"])
def test_targets_that_are_no_path(server: Server, target: str) -> None:
    """A whole address as the target names nothing of ours, whatever Host says."""
    answers = send(server, f"GET {target} HTTP/1.1\r\nHost: localhost\r\n{LAST}\r\n")
    assert answers.statuses == [404]


def test_connect(server: Server) -> None:
    """We are no proxy."""
    answers = send(server, f"CONNECT localhost:22 HTTP/1.1\r\nHost: localhost\r\n{LAST}\r\n")
    assert answers.statuses[0] in {400, 404, 405}


@pytest.mark.parametrize(
    "body",
    [
        f"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n{JSON}\r\n2\r\n{{}}\r\n0\r\n\r\n",
        f"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n{JSON}\r\n0\r\n\r\n",
        f"Content-Length: 2\r\nContent-Length: 40\r\n{JSON}\r\n{{}}",
        f"Content-Length: 2, 40\r\n{JSON}\r\n{{}}",
        f"Content-Length: +2\r\n{JSON}\r\n{{}}",
        f"Content-Length: 0x2\r\n{JSON}\r\n{{}}",
        f"Transfer-Encoding: gzip, chunked\r\n{JSON}\r\n2\r\n{{}}\r\n0\r\n\r\n",
        f"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n{JSON}\r\n0\r\n\r\n",
        f"Transfer-Encoding: identity\r\n{JSON}\r\n{{}}",
        f"Transfer-Encoding:\x0bchunked\r\n{JSON}\r\n0\r\n\r\n",
        f"Transfer-Encoding : chunked\r\n{JSON}\r\n0\r\n\r\n",
    ],
)
def test_bodies_whose_end_is_doubtful(world: World, server: Server, body: str) -> None:
    """Nothing is done, and nothing behind such a body is taken for a request (smuggling)."""
    smuggled = f"{AUTHORIZED.replace('reconcile', 'fleet/suspend')}\r\n"
    answers = send(server, f"{AUTHORIZED}{body}{smuggled}")
    assert len(answers.statuses) == 1
    assert answers.statuses[0] in {400, 501}
    assert answers.closed
    assert world.orders == []


def test_chunks_in_http_1_0(world: World, server: Server) -> None:
    """HTTP/1.0 knows no chunks: an old proxy would see another body."""
    answers = send(
        server,
        f"{AUTHORIZED.replace('1.1', '1.0')}{JSON}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    )
    assert (answers.statuses, answers.closed) == ([400], True)
    assert world.orders == []


def test_a_length_that_lies(world: World, server: Server) -> None:
    """What is behind the said length is no part of the order, and has to be a request itself."""
    answers = send(server, f"{AUTHORIZED}{JSON}Content-Length: 2\r\n\r\n{{}}, more\r\n\r\n")
    assert (answers.statuses, answers.closed) == ([200, 400], True)
    assert world.orders == [("reconcile",)]


def test_long_heads(server: Server) -> None:
    """Head and address are bounded, in whatever pieces they come, and however many headers."""
    for head in (
        "GET /" + "x" * 2_000_000 + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + "x" * 2_000_000 + "\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\n" + "X: y\r\n" * 500_000 + "\r\n",
    ):
        answers = send(server, head)
        assert answers.statuses in ([], [400])
        assert answers.closed


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "PUT", "DELETE", "PATCH", "BREW", "get"])
@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/api/v1/status", "/api/v1/reconcile"])
def test_other_methods(world: World, server: Server, method: str, path: str) -> None:
    """They do nothing, and never send a request's headers back."""
    answers = send(
        server,
        f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {TOKEN}\r\n{LAST}\r\n",
    )
    assert answers.statuses == [405]
    assert TOKEN.encode() not in answers.raw
    assert world.orders == []


FORMS = [
    "Content-Type: text/plain\r\n", "Content-Type: application/x-www-form-urlencoded\r\n",
    "Content-Type: multipart/form-data; boundary=x\r\n", "", JSON,
    "Content-Type: text/plain; application/json\r\n",
]  # fmt: skip


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:3000"])
def test_forms_of_other_pages(world: World, server: Server, kind: str, origin: str) -> None:
    """A form, or JSON under another name, of another page changes nothing, token or not."""
    for head in (ORDER, AUTHORIZED):
        answers = send(
            server, f"{head}Origin: {origin}\r\n{kind}{LAST}Content-Length: 2\r\n\r\n{{}}"
        )
        assert answers.statuses == [403]
        assert b"access-control" not in answers.raw.lower()
    assert world.orders == []


@pytest.mark.parametrize(
    "page",
    [
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "odd"}, {"Origin": "null"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/api/v1/events/stream", "/api/v1/plan", "/metrics"])
def test_other_pages_take_nobodys_place(
    world: World, client: Client, page: dict[str, str], path: str
) -> None:
    """A page of another origin cannot hold streams open or keep the loop busy by looking."""
    answer = (
        client.get(path, **page) if path != "/metrics" else Client(client.port).get(path, **page)
    )
    assert (answer.status, answer.reason) == (403, "WrongOrigin")
    assert world.orders == []


@pytest.mark.parametrize(
    "page",
    [
        {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate",
         "Sec-Fetch-Dest": "document"},
    ],
)  # fmt: skip
def test_our_own_page_and_links(client: Client, page: dict[str, str]) -> None:
    """Our own page, a typed address and a link are no foreign page."""
    assert client.get("/api/v1/status", **page).status == 200


@pytest.mark.parametrize(
    "path", ["/healthz", "/metrics", "/api/v1/status", "/api/v1/openapi.json", "/nothing", "//x"]
)
def test_headers_of_every_answer(server: Server, path: str) -> None:
    """Nothing is kept, guessed, run, framed or told to another site, errors included."""
    for request in (f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{LAST}\r\n", "GET\r\n\r\n"):
        head = send(server, request).raw.partition(b"\r\n\r\n")[0].decode().lower()
        found = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
        assert found["cache-control"] == "no-store"
        assert found["x-content-type-options"] == "nosniff"
        assert found["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert found["cross-origin-resource-policy"] == "same-origin"
        assert found["referrer-policy"] == "no-referrer"
        assert not {"server", "x-powered-by"} & found.keys()


@pytest.mark.parametrize(
    "shown",
    [
        "Bearer", "Bearer ", "Bearer \t ", "Bearer \xa0", f"Bearer \xa0{TOKEN}", "Bearer \x00",
        f"Bearer {TOKEN}\xe4", f"Bearer {TOKEN} {TOKEN}", f'Bearer "{TOKEN}"', f"Token {TOKEN}",
        f"Bearer {TOKEN}\r\nAuthorization: Bearer x", f"Bearer x\r\nAuthorization: Bearer {TOKEN}",
        f"Basic {TOKEN}", f"x\r\nCookie: token={TOKEN}", f"x\r\nX-Api-Key: {TOKEN}",
    ],
)  # fmt: skip
def test_tokens_that_are_none(world: World, server: Server, shown: str) -> None:
    """Empty, blank, foreign, doubled or elsewhere: none of these is the token."""
    answers = send(server, f"{ORDER}Authorization: {shown}\r\n{LAST}\r\n")
    assert answers.statuses in ([401], [400])
    assert world.orders == []


@pytest.mark.parametrize("query", ["token", "access_token", "authorization", "api_key"])
def test_a_token_in_the_address(world: World, client: Client, query: str) -> None:
    """It would stand in histories and logs of proxies."""
    path = f"/api/v1/reconcile?{query}={TOKEN}"
    assert client.ask("POST", path).status == 401
    answer = client.post(path)
    assert (answer.status, world.orders) == (400, [])
    assert TOKEN not in answer.body.decode()


@pytest.mark.parametrize("token", ["", " ", "short", "x" * 31])
def test_a_server_without_a_token(token: str) -> None:
    """A token that anybody has, or could guess, is none to begin with."""
    with pytest.raises(ValueError, match="32 characters"):
        Access(token, open_reading=True)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What the server logs."""
    with caplog.at_level(logging.INFO):
        yield caplog


def test_wrong_tokens_are_told_within_bounds(log: pytest.LogCaptureFixture) -> None:
    """The first at once, then once a minute with their number; nobody else is held up."""
    world = World()
    with world.serving() as server:
        client = Client.of(server)
        for number in range(50):
            answer = client.post("/api/v1/reconcile", Authorization=f"Bearer guess-{number}")
            assert answer.status == 401
        assert client.post("/api/v1/reconcile").status == 200
    (record,) = log.records
    assert record.getMessage() == "1 with a wrong token were refused, the newest from 127.0.0.1"
    assert "guess" not in log.text


def test_the_next_line_tells_how_many(
    log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that were not told of are counted."""
    seen = refusals.Refusals()
    for _ in range(5):
        seen.add("10.0.0.1")
    monkeypatch.setattr(refusals, "SECONDS", 0.0)
    seen.add("10.0.0.2")
    assert [record.args for record in log.records] == [(1, "10.0.0.1"), (5, "10.0.0.2")]


def test_off_loopback() -> None:
    """A server for a network: its address in a URL is one that answers, and reading is closed."""
    world = World()
    server = world.server("0.0.0.0", open_reading=False)
    server.start()
    try:
        client = Client(port_of(server))
        assert server.url.startswith("http://127.0.0.1:")
        found = {path: client.get(path).status for path in ("/healthz", "/metrics", "/readyz")}
        assert found == {"/healthz": 200, "/metrics": 200, "/readyz": 401}
        world.stages = {"read": "/home/me/list.csv: gone"}
        assert client.get("/healthz").document["faults"] == {}
        shown = client.get("/healthz", Authorization=f"Bearer {TOKEN}").document["faults"]
        assert shown == world.stages
        assert client.get("/api/v1/projects").status == 401
        assert client.get("/api/v1/events/stream").status == 401
        assert client.get("/healthz", Host="10.1.2.3:9600").status == 200
        assert client.get("/healthz", Host="rebound.example").status == 400
    finally:
        server.close()
