"""Connections: slow, silent, and too many clients, with real sockets."""

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress

import pytest

from controller.core.report import Report
from controller.server import Server, connection
from tests.server.client import Client
from tests.server.test_lifecycle import half_a_body, half_a_request, idle, port_of
from tests.server.world import ALPHA, NOW, REPORT, TOKEN, World


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deadlines for tests."""
    monkeypatch.setattr(connection, "REQUEST_SECONDS", 0.4)
    monkeypatch.setattr(connection, "TAKE_SECONDS", 0.4)


def ended(client: socket.socket, within: float) -> bool:
    """Whether the server closes a connection in time."""
    client.settimeout(within)
    try:
        while client.recv(65_536):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    return True


@pytest.mark.parametrize("begin", [idle, half_a_request, half_a_body])
def test_silence(
    server: Server, begin: Callable[[int], socket.socket], caplog: pytest.LogCaptureFixture
) -> None:
    """A client that does not end its request is not waited for, and not worth a log's line."""
    with begin(port_of(server)) as client:
        assert ended(client, 5)
    assert Client.of(server).get("/api/v1/status").status == 200
    assert caplog.records == []


def chunked(port: int) -> socket.socket:
    """A client whose body comes in chunks."""
    client = idle(port)
    client.sendall(
        f"POST /api/v1/reconcile HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    )
    return client


@pytest.mark.parametrize(
    ("begin", "drop"), [(half_a_request, b"x"), (chunked, b"1\r\n \r\n"), (idle, b"\r\n")]
)
def test_dripping(server: Server, begin: Callable[[int], socket.socket], drop: bytes) -> None:
    """Nor is one that sends a little now and then: the deadline is the whole request's."""
    with begin(port_of(server)) as client:
        client.settimeout(0.05)
        deadline = time.monotonic() + 5
        with suppress(ConnectionError):
            while True:
                assert time.monotonic() < deadline
                client.sendall(drop)
                with suppress(TimeoutError):
                    if not client.recv(1):
                        break


def test_a_body_in_chunks_is_bounded(server: Server) -> None:
    """A body without a declared length is 413 as soon as it is too long."""
    with chunked(port_of(server)) as client:
        client.settimeout(5)
        with suppress(ConnectionError):
            for _ in range(9):
                client.sendall(b"2000\r\n" + b" " * 8192 + b"\r\n")
        assert client.recv(12) == b"HTTP/1.1 413"


def test_a_declared_length_is_bounded(server: Server, world: World) -> None:
    """A body that says that it is too long is not waited for."""
    with half_an_order_of(port_of(server), 10**12) as client:
        client.settimeout(5)
        assert client.recv(12) == b"HTTP/1.1 413"
        assert ended(client, 5)
    assert world.orders == []


def half_an_order_of(port: int, length: int) -> socket.socket:
    """A client that announces a body."""
    client = idle(port)
    client.sendall(
        f"POST /api/v1/reconcile HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n".encode()
    )
    return client


def test_an_order_may_take_longer(world: World, server: Server) -> None:
    """The deadline is the client's: an answer of ours takes what it takes."""
    world.gate.clear()
    with idle(port_of(server)) as client:
        head = (
            f"POST /api/v1/reconcile HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}"
        )
        client.sendall(f"{head}\r\n\r\n".encode())
        assert world.waiting.wait(5)
        assert not ended(client, 1)
        world.gate.set()
        client.settimeout(5)
        assert client.recv(12) == b"HTTP/1.1 200"


def test_a_stream_may_last(server: Server) -> None:
    """A stream is no slow request."""
    with idle(port_of(server)) as client:
        client.sendall(b"GET /api/v1/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert not ended(client, 1)


def large(world: World) -> None:
    """The next answers are of many megabytes, more than the system's buffers hold."""
    many = tuple([ALPHA] * 10_000)
    world.known = Report(NOW, REPORT.source, many)


def listener(port: int, room: int) -> socket.socket:
    """A client that asked for more than it can take at once."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    client.settimeout(10)
    client.connect(("127.0.0.1", port))
    client.sendall(b"GET /api/v1/projects HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    return client


def test_a_client_that_takes_nothing(world: World, server: Server) -> None:
    """What nobody takes off us is dropped, and its memory with it."""
    large(world)
    with listener(port_of(server), 4096) as client:
        assert client.recv(12) == b"HTTP/1.1 200"
        deadline = time.monotonic() + 10
        while server._server.server_state.connections:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        taken = 0
        with suppress(ConnectionError):
            while part := client.recv(1 << 20):
                taken += len(part)
        assert taken < 8_000_000


@pytest.mark.slow
def test_a_client_that_takes_little(
    world: World, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that takes some now and then gets all, however long it takes."""
    monkeypatch.setattr(connection, "REQUEST_SECONDS", 1.0)
    monkeypatch.setattr(connection, "TAKE_SECONDS", 1.0)
    large(world)
    with listener(port_of(server), 65_536) as client:
        received = bytearray(client.recv(12))
        began = time.monotonic()
        while part := client.recv(1 << 16):
            received += part
            if time.monotonic() - began < 2.4:
                time.sleep(0.03)
        head, _, body = bytes(received).partition(b"\r\n\r\n")
        assert time.monotonic() - began > 2
        assert f"content-length: {len(body)}".encode() in head


def test_idle_crowd(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many idle clients there are, health is told, and the longest silent give way."""
    monkeypatch.setattr(connection, "REQUEST_SECONDS", 60)
    monkeypatch.setattr(connection, "CONNECTIONS", 50)
    with world.serving() as server, ExitStack() as stack:
        begin = (idle, half_a_request, half_a_body)
        crowd = [stack.enter_context(begin[n % 3](port_of(server))) for n in range(150)]
        for _ in range(20):
            assert Client(port_of(server)).get("/healthz").status == 200
        assert ended(crowd[0], 5)
        assert not ended(crowd[-1], 0.1)
        assert len(server._server.server_state.connections) <= 50


def test_sixty_four_idle(world: World) -> None:
    """Some dozens of idle clients take nobody's place."""
    with world.serving() as server, ExitStack() as stack:
        for _ in range(64):
            stack.enter_context(idle(port_of(server)))
        assert Client(port_of(server)).get("/healthz").status == 200


def test_busy_clients_never_give_way(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crowd makes nobody lose the answer that they wait for."""
    monkeypatch.setattr(connection, "REQUEST_SECONDS", 60)
    monkeypatch.setattr(connection, "CONNECTIONS", 5)
    world.gate.clear()
    with world.serving() as server, idle(port_of(server)) as client, ExitStack() as stack:
        head = (
            f"POST /api/v1/reconcile HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}"
        )
        client.sendall(f"{head}\r\n\r\n".encode())
        assert world.waiting.wait(5)
        for _ in range(20):
            stack.enter_context(idle(port_of(server)))
        assert Client(port_of(server)).get("/healthz").status == 200
        world.gate.set()
        client.settimeout(5)
        assert client.recv(12) == b"HTTP/1.1 200"


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET\r\n\r\n",
        b"\x00" * 100 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n", b"GET /x HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 70_000,
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\r\n",
    ],
)  # fmt: skip
def test_garbage(
    server: Server, client: Client, garbage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """What is no HTTP is a problem too, ends its connection, and is not worth a log's line."""
    with idle(port_of(server)) as raw:
        raw.sendall(garbage)
        answer = bytearray()
        with suppress(ConnectionError, TimeoutError):
            while part := raw.recv(65_536):
                answer += part
        assert bytes(answer[9:12]) in {b"400", b"404"}
    assert client.get("/api/v1/status").status == 200
    assert caplog.records == []


def test_garbage_after_an_answer(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """A body that breaks off into garbage, its request refused already, harms nobody."""
    with idle(port_of(server)) as client:
        client.sendall(
            b"POST /api/v1/reconcile HTTP/1.1\r\nHost: localhost\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        client.settimeout(5)
        assert client.recv(12) == b"HTTP/1.1 401"
        client.sendall(b"garbage\r\n" * 100)
        assert ended(client, 5)
    assert caplog.records == []


def test_pipelined_requests(server: Server) -> None:
    """Several requests in one go are answered in their order."""
    with idle(port_of(server)) as client:
        request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        client.sendall(3 * request + request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        received = bytearray()
        client.settimeout(5)
        while part := client.recv(65_536):
            received += part
        assert received.count(b"HTTP/1.1 200") == 4


def test_answers_are_not_held_back(server: Server) -> None:
    """Small answers on a kept connection go out at once, not with the other side's next word."""
    began = time.monotonic()
    with idle(port_of(server)) as client:
        client.settimeout(5)
        for _ in range(50):
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            received = b""
            while not received.endswith(b"}}"):
                received += client.recv(4096)
    assert time.monotonic() - began < 1  # 50 delayed acknowledgements are 2 s
