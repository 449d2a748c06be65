"""One exchange with a server: whatever comes back is an answer or an OSError, in time."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from controller.cli.wire import exchange
from tests.cli.desk import Played


@pytest.fixture
def played() -> Iterator[Played]:
    """A server that answers two questions."""
    played = Played({"GET /healthz": (200, {"status": "ok"}), "POST /now": (503, {"detail": "no"})})
    yield played
    played.server.shutdown()
    played.server.server_close()


def test_status_and_body(played: Played) -> None:
    """GET and POST, with and without a token."""
    assert exchange(played.url, "/healthz") == (200, b'{"status": "ok"}')
    assert exchange(played.url, "/now", method="POST", token="t0k") == (503, b'{"detail": "no"}')
    assert exchange(played.url, "/nope")[0] == 404
    assert played.asked == [("GET /healthz", ""), ("POST /now", "Bearer t0k"), ("GET /nope", "")]


def serve(answer: Callable[[socket.socket], None]) -> str:
    """The address of a server that answers one request so."""
    listening = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        with suppress(OSError), listening, listening.accept()[0] as connection:
            connection.settimeout(5)
            connection.recv(65_536)
            answer(connection)

    threading.Thread(target=run, daemon=True).start()
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\r\n\r\n", b"nonsense", b"HTTP/1.1 OK\r\n\r\n", b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nshort", b"HTTP/1.1 2\xb2 OK\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_no_answer(content: bytes) -> None:
    """Another program on the port, or one that died in the middle."""
    with pytest.raises(OSError):  # noqa: PT011 - what all callers catch
        exchange(serve(lambda connection: connection.sendall(content)), "/healthz")


def test_a_server_that_drips_does_not_hold_us_up() -> None:
    """The deadline is for all of it, not for each byte."""

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(100):
            time.sleep(0.05)
            connection.sendall(b"x")

    began = time.monotonic()
    with pytest.raises(OSError, match="timed out"):
        exchange(serve(drip), "/healthz", deadline=0.3)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("url", ["", "http://", "http://127.0.0.1", "127.0.0.1:x", "http://h:"])
def test_what_is_no_address(url: str) -> None:
    """An address that says no port is none."""
    with pytest.raises(OSError, match="no address"):
        exchange(url, "/healthz")


def test_nobody_there() -> None:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(OSError):  # noqa: PT011 - what all callers catch
        exchange(f"http://127.0.0.1:{port}", "/healthz")
