"""The server's life: where it listens, how it begins, how it ends."""

import socket
import threading
import time
from collections.abc import Callable

import pytest

from controller.core.errors import TerminalError
from controller.server import Server, ServerUnavailable
from tests.server.client import Client
from tests.server.world import TOKEN, World


def port_of(server: Server) -> int:
    """Where it listens."""
    return int(server.url.rpartition(":")[2])


def test_it_listens_on_loopback_only(world: World) -> None:
    """The server's address is the one that it was given."""
    server = world.server()
    assert server._socket.getsockname()[0] == "127.0.0.1"
    server.close()


def test_version_6(world: World) -> None:
    """It works on ::1, with a URL that can be asked."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")
    server = world.server("::1")
    server.start()
    try:
        assert server.url.startswith("http://[::1]:")
        assert Client.of(server).ask("GET", "/api/v1/status", address="::1").status == 200
    finally:
        server.close()


def test_any_free_port(world: World) -> None:
    """Port 0 is any free one; the URL tells which."""
    servers = [world.server(), world.server()]
    assert len({server.url for server in servers}) == 2
    for server in servers:
        server.start()
        assert Client.of(server).get("/api/v1/status").status == 200
        server.close()


def test_port_in_use(world: World, server: Server) -> None:
    """A port that somebody listens on is refused with where to change it."""
    with pytest.raises(ServerUnavailable) as caught:
        world.server(port=port_of(server))
    assert caught.value.reason == "PortUnavailable"
    assert isinstance(caught.value, TerminalError)
    assert (
        f"cannot listen on 127.0.0.1:{port_of(server)}: Address already in use; "
        "set server.port in config.yaml, or SIDEKICK_SERVER_PORT"
    ) == caught.value.message


def test_the_same_port_at_once_again(world: World) -> None:
    """A server that ended leaves its port to the next, though connections were open."""
    first = world.server()
    first.start()
    port = port_of(first)
    with kept_alive(port):
        first.close()
        second = world.server(port=port)
        second.start()
        assert Client.of(second).get("/api/v1/status").status == 200
        second.close()


def half_a_request(port: int) -> socket.socket:
    """A client that never ends its request."""
    client = socket.create_connection(("127.0.0.1", port), timeout=5)
    client.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n")
    return client


def half_a_body(port: int) -> socket.socket:
    """A client that never ends its body."""
    client = half_an_order(port)
    client.sendall(b"Content-Length: 5\r\n\r\n{")
    return client


def half_an_order(port: int) -> socket.socket:
    """A client that has the token."""
    client = socket.create_connection(("127.0.0.1", port), timeout=5)
    head = (
        f"POST /api/v1/reconcile HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
    )
    client.sendall(head.encode())
    return client


def idle(port: int) -> socket.socket:
    """A client that says nothing."""
    return socket.create_connection(("127.0.0.1", port), timeout=5)


def kept_alive(port: int) -> socket.socket:
    """A client that was answered and stays."""
    client = half_a_request(port)
    client.sendall(b"\r\n")
    assert client.recv(4096).startswith(b"HTTP/1.1 200")
    return client


def all_of(client: socket.socket) -> bytes:
    """What a client gets until the server ends the connection."""
    received = b""
    while part := client.recv(4096):
        received += part
    return received


def stream(port: int) -> socket.socket:
    """A client that follows the events."""
    client = socket.create_connection(("127.0.0.1", port), timeout=5)
    client.sendall(b"GET /api/v1/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert client.recv(4096).startswith(b"HTTP/1.1 200")
    return client


CLIENTS = (half_a_request, half_a_body, idle, kept_alive, stream)


@pytest.mark.parametrize("client", CLIENTS)
def test_close_with_a_slow_client(
    world: World, client: Callable[[int], socket.socket], caplog: pytest.LogCaptureFixture
) -> None:
    """Ending waits for no client, and is nothing to complain of."""
    server = world.server()
    server.start()
    with client(port_of(server)):
        assert Client.of(server).get("/api/v1/status").status == 200
        began = time.monotonic()
        server.close()
        assert time.monotonic() - began < 2
        assert not server._thread.is_alive()
    assert caplog.records == []


def test_streams_end_well(world: World) -> None:
    """A stream's last chunk is an empty one, so a client knows that nothing is missing."""
    server = world.server()
    server.start()
    with stream(port_of(server)) as client:
        server.close()
        received = all_of(client)
    assert received.endswith(b"0\r\n\r\n")


def test_close_while_an_order_waits(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """An order under way is told that the controller ends, and keeps nobody waiting."""
    world.gate.clear()
    server = world.server()
    server.start()
    with half_an_order(port_of(server)) as client:
        client.sendall(b"\r\n")
        assert world.waiting.wait(10)
        began = time.monotonic()
        server.close()
        assert time.monotonic() - began < 2
        answer = all_of(client)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"ShuttingDown" in answer
    world.gate.set()
    assert caplog.records == []


def test_close_before_the_start(world: World) -> None:
    """A server that never started can be closed, and gives its port back; twice is no fault."""
    server = world.server()
    server.close()
    server.close()
    again = world.server(port=port_of(server))
    again.close()


def test_nothing_is_left_behind(world: World) -> None:
    """A closed server leaves no thread that lives on its own."""
    before = set(threading.enumerate())
    with world.serving() as server:
        assert Client.of(server).get("/api/v1/status").status == 200
    deadline = time.monotonic() + 5
    while set(threading.enumerate()) - before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert set(threading.enumerate()) - before == set()
