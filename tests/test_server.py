"""The server: real requests over loopback."""

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.parser import text_string_to_metric_families

from controller.core.errors import TerminalError
from controller.server import Server, ServerUnavailable


class World:
    """What the server shows."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        Gauge("sidekick_test", "A test.", registry=self.registry).set(42)
        self.healthy = True
        self.ready = True

    def server(self, host: str = "127.0.0.1", port: int = 0) -> Server:
        """A server that shows it."""
        return Server(host, port, self.registry, lambda: self.healthy, lambda: self.ready, dict)


@pytest.fixture
def world() -> World:
    """A world in which all is well."""
    return World()


@pytest.fixture
def port(world: World) -> Iterator[int]:
    """The port of a running server."""
    server = world.server()
    server.start()
    yield int(server.url.rpartition(":")[2])
    server.close()


def ask(
    port: int, path: str, method: str = "GET", address: str = "127.0.0.1", **headers: str
) -> tuple[int, str]:
    """Status and body of a request."""
    connection = http.client.HTTPConnection(address, port, timeout=5)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_health(world: World, port: int) -> None:
    """/healthz says at each request whether the loop makes progress."""
    for _ in range(2):
        world.healthy = True
        assert ask(port, "/healthz") == (200, '{"status":"ok","faults":{}}')
        world.healthy = False
        assert ask(port, "/healthz") == (503, '{"status":"the loop makes no progress","faults":{}}')


def test_readiness(world: World, port: int) -> None:
    """/readyz says whether list and sessions were seen, whatever the health."""
    world.healthy = False
    assert ask(port, "/readyz") == (200, '{"status":"ready"}')
    world.ready = False
    status, body = ask(port, "/readyz")
    assert status == 503
    assert "was not read" in body


def test_metrics(port: int) -> None:
    """/metrics is the exposition that Prometheus reads, with its type."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/metrics", headers={"Accept": "application/openmetrics-text"})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    assert answer.status == 200
    assert (answer.getheader("content-type") or "").startswith("text/plain; version=")
    (family,) = text_string_to_metric_families(body)
    assert (family.name, family.samples[0].value) == ("sidekick_test", 42)


@pytest.mark.parametrize("path", ["/", "/metricsx", "/metrics/../x", "/api", "/%2e%2e/etc/passwd"])
def test_unknown_path(port: int, path: str) -> None:
    """Any other path is 404."""
    assert ask(port, path)[0] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_is_changed(port: int, method: str) -> None:
    """There is nothing to change here."""
    assert ask(port, "/healthz", method)[0] == 405


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:9600", "127.0.0.1.evil.example", "10.0.0.1", "x@localhost", ""],
)
@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz", "/nothing"])
def test_wrong_host(port: int, host: str, path: str) -> None:
    """A name that is not ours is refused, so that no web page reads us through its own name."""
    assert ask(port, path, Host=host)[0] == 400


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "localhost:1234", "[::1]:9600"])
def test_right_host(port: int, host: str) -> None:
    """The names of loopback are ours, with any port, as behind a tunnel."""
    assert ask(port, "/healthz", Host=host)[0] == 200


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
        port = int(server.url.rpartition(":")[2])
        assert ask(port, "/healthz", address="::1")[0] == 200
    finally:
        server.close()


def test_any_free_port(world: World) -> None:
    """Port 0 is any free one; the URL tells which."""
    servers = [world.server(), world.server()]
    assert len({server.url for server in servers}) == 2
    for server in servers:
        server.start()
        assert ask(int(server.url.rpartition(":")[2]), "/healthz")[0] == 200
        server.close()


def test_port_in_use(world: World, port: int) -> None:
    """A port that somebody listens on is refused with where to change it."""
    with pytest.raises(ServerUnavailable) as caught:
        world.server(port=port)
    assert caught.value.reason == "PortUnavailable"
    assert isinstance(caught.value, TerminalError)
    assert (
        f"cannot listen on 127.0.0.1:{port}: Address already in use; "
        "set server.port in config.yaml, or SIDEKICK_SERVER_PORT"
    ) == caught.value.message


def test_the_same_port_at_once_again(world: World) -> None:
    """A server that ended leaves its port to the next, though connections were open."""
    first = world.server()
    first.start()
    port = int(first.url.rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/healthz")
    connection.getresponse().read()
    first.close()
    second = world.server(port=port)
    second.start()
    assert ask(port, "/healthz")[0] == 200
    second.close()
    connection.close()


def half_a_request(port: int) -> socket.socket:
    """A client that never ends its request."""
    client = socket.create_connection(("127.0.0.1", port), timeout=5)
    client.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n")
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


@pytest.mark.parametrize("client", [half_a_request, idle, kept_alive])
def test_close_with_a_slow_client(world: World, client: Callable[[int], socket.socket]) -> None:
    """Ending waits for no client."""
    server = world.server()
    server.start()
    port = int(server.url.rpartition(":")[2])
    with client(port):
        assert ask(port, "/healthz")[0] == 200
        began = time.monotonic()
        server.close()
        assert time.monotonic() - began < 3
        assert "server" not in {thread.name for thread in threading.enumerate()}


def test_close_while_it_answers(world: World) -> None:
    """Ending does not wait for an answer that takes its time."""
    asked, go = threading.Event(), threading.Event()

    def slow() -> bool:
        asked.set()
        return go.wait(20)

    server = Server("127.0.0.1", 0, world.registry, slow, lambda: True, dict)
    server.start()
    client = idle(int(server.url.rpartition(":")[2]))
    client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert asked.wait(10)
    began = time.monotonic()
    server.close()
    assert time.monotonic() - began < 4
    go.set()
    client.close()


def test_close_before_the_start(world: World) -> None:
    """A server that never started can be closed, and gives its port back; twice is no fault."""
    server = world.server()
    server.close()
    server.close()
    port = int(server.url.rpartition(":")[2])
    again = world.server(port=port)
    again.close()


def test_many_at_once(world: World, port: int) -> None:
    """Some scrapers at once are all answered."""
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(ask(port, "/metrics")[0])) for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert answers == [200] * 20
