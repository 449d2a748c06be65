"""One exchange with the running controller's server, over a socket of the standard library.

`http.client` would do the same, and takes longer to import than a quick look takes as a whole.
The requests are HTTP/1.0, so an answer ends where the connection does, and never comes in chunks.
"""

import socket
import time

DEADLINE = 5.0
"""Seconds for the whole exchange, where the caller sets no other."""
ANSWER_LIMIT = 64_000_000
"""Bytes that an answer may have; a report of 10,000 rows takes about 10 MB."""


def exchange(
    url: str, path: str, *, method: str = "GET", token: str = "", deadline: float = DEADLINE
) -> tuple[int, bytes]:
    """Status and body of an answer.

    Args:
        url: The server's address, `http://HOST:PORT`.
        path: With its leading slash.
        method: GET or POST; the request has no body.
        token: Sent as a bearer token, where there is one.
        deadline: Seconds for all of it.

    Raises:
        OSError: No answer, or none that can be understood, within the deadline.
    """
    until = time.monotonic() + deadline
    host, _, port = url.removeprefix("http://").rpartition(":")
    if not port.isdecimal():
        raise OSError(f"{url!r} is no address")
    lines = [f"{method} {path} HTTP/1.0", f"Host: {host}:{port}", "Accept: application/json"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if method != "GET":
        lines.append("Content-Length: 0")
    request = "\r\n".join((*lines, "", "")).encode("ascii", "replace")
    with socket.create_connection((host.strip("[]"), int(port)), timeout=deadline) as connection:
        connection.sendall(request)
        return _understood(_received(connection, until))


def _received(connection: socket.socket, until: float) -> bytes:
    answer = bytearray()
    while len(answer) <= ANSWER_LIMIT:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        connection.settimeout(left)
        part = connection.recv(65_536)
        if not part:
            return bytes(answer)
        answer += part
    raise OSError("its answer is too long")


def _understood(answer: bytes) -> tuple[int, bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    first, _, headers = head.partition(b"\r\n")
    version, _, rest = first.partition(b" ")
    if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
        raise OSError("its answer is no HTTP")
    for line in headers.splitlines():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length" and value.strip() != str(len(body)).encode():
            raise OSError("its answer was cut off")
    return int(rest[:3]), body
