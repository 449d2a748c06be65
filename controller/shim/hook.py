"""The program that an interactive agent's hooks call: `python -I -S …/hook.py [JSON]`.

It appends the event, from its standard input or its argument, to `stream.jsonl` of the run. It says
nothing and always ends with 0, for whatever happens here must not disturb the agent.
"""

import posix
import sys
from posix import _exit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from controller.shim.folder import RunFolder

_NAME = "stream.jsonl"
_FLAGS = posix.O_WRONLY | posix.O_CREAT | posix.O_APPEND

_LONGEST = 262_144
"""Bytes of an event that is kept as it is; of a longer one the long values are left out."""
_MOST = 8 << 20
"""Bytes that are read at most; an event that is longer is dropped."""
_FILE = 8 << 20
"""Bytes of `stream.jsonl`, after which it becomes `stream.jsonl.1`."""
_VALUE = 4096
_PATIENCE = 2.0
"""Seconds for the agent to say on; it has everything at hand."""


def main() -> None:
    """Keep the event that this program was called for."""
    sys.path.append(__file__.rpartition("/controller/")[0] or "/")
    from controller.redaction import Redactor, secret_values
    from controller.shim.folder import RunFolder

    path = posix.environ.get(b"SIDEKICK_RUN_DIR", b"")
    text = sys.argv[1].encode("utf-8", "replace") if len(sys.argv) > 1 else _read()
    line = Redactor(secret_values(posix.environ)).whole(_line(text))
    folder = RunFolder(path.decode(sys.getfilesystemencoding(), "surrogateescape"))
    if line and folder.exists("spec.json"):
        _append(folder, line)


def _read() -> bytes:
    """Read the standard input to its end, for who writes it shall not find it closed."""
    import select

    poll = select.poll()
    poll.register(0, select.POLLIN)
    content = bytearray()
    while poll.poll(_PATIENCE * 1000):
        part = posix.read(0, 65_536)
        if not part:
            return bytes(content) if len(content) <= _MOST else b""
        if len(content) <= _MOST:
            content += part
    return b""


def _line(text: bytes) -> bytes:
    """Make the line of an event; empty where there is none."""
    import time

    from controller.shim.stdlib import dumps, loads

    event = loads(text.decode())
    if not isinstance(event, dict):
        return b""
    if len(text) > _LONGEST:
        short = {key: value for key, value in event.items() if _is_short(key, value)}
        text = dumps(short).encode()
    # Between the tokens of JSON, and nowhere else, these may stand.
    text = text.strip().replace(b"\n", b" ").replace(b"\r", b" ")
    return b'{"at": %.3f, "event": %b}\n' % (time.time(), text)


def _is_short(key: str, value: object) -> bool:
    if isinstance(value, str):
        return len(key) + len(value) <= _VALUE
    return len(key) <= _VALUE and (value is None or isinstance(value, bool | int | float))


def _append(folder: "RunFolder", line: bytes) -> None:
    """Append by one write, to a plain file that stays within its bound.

    Raises:
        OSError: It cannot be written.
    """
    fd = folder.open(_NAME, _FLAGS)
    if posix.fstat(fd).st_size + len(line) > _FILE:
        fd = _rotate(folder, fd)
    posix.write(fd, line)


def _rotate(folder: "RunFolder", fd: int) -> int:
    """Begin the file anew, unless somebody else has done so or is about to: the lock tells."""
    import fcntl

    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return fd  # a shim's, which keeps it within its bound
    if posix.stat(_NAME, dir_fd=folder.fd).st_ino == posix.fstat(fd).st_ino:
        folder.rename(_NAME, f"{_NAME}.1")
    return folder.open(_NAME, _FLAGS)


if __name__ == "__main__":
    try:
        main()
    finally:
        _exit(0)
