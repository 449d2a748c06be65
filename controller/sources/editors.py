"""Which editor has a file open, by what it leaves beside the file.

Only a hint: an editor can be closed without saving, and one that was killed leaves its lock for
ever. So a lock counts only while the process that it names lives, or, where that cannot be looked
up (another host, another container), while the lock is younger than a working day.
"""

import os
import re
import socket
import stat
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_UNPROVEN_S = 12 * 3600
_SWAP_HEAD = struct.Struct("<2s22xI40s40s")
"""vim's swap file, and nano's lock: mark, version and times, pid, user, host (vim: memline.c)."""
_EMACS = re.compile(r"(?P<user>.*)@(?P<host>[^@]*?)\.(?P<pid>\d+)(?::\d+)?")
_OFFICE_PROCESSES = frozenset({"soffice.bin", "soffice"})
_SIZE = 4096
_SHOWN = 80


def editor_of(path: Path) -> str:
    """The editor that has a file open, and whose it is; empty where none is known to.

    Args:
        path: The file; the locks of what its symbolic links lead to count as well.
    """
    places = {path, Path(os.path.realpath(path))}
    return next((found for place in sorted(places) for found in _editors(place)), "")


class EditorWait:
    """How long a write waits for an editor that has the file open.

    An editor writes its whole buffer when it saves, so what is written meanwhile is undone for a
    moment, and some editors ask a person which of two versions is right. A short edit is over soon
    enough; a file that is open all day must not hide what goes on.

    Args:
        path: The file.
        most: Seconds that a write waits at most; 0 for none.
    """

    def __init__(self, path: Path, most: float) -> None:
        self._path = path
        self._most = most
        self._since: float | None = None

    def holder(self) -> str:
        """Whom a write waits for now; empty where it need not, or has waited long enough."""
        now = time.monotonic()
        editor = editor_of(self._path) if self._most > 0 else ""
        if not editor:
            self._since = None
            return ""
        if self._since is None:
            self._since = now
        return editor[:_SHOWN] if now - self._since < self._most else ""

    def over(self) -> None:
        """It was written; the next write waits anew."""
        self._since = None


def lock_names(name: str) -> frozenset[str]:
    """What editors leave beside a file of this name while they have it open."""
    return frozenset((f".~lock.{name}#", f".{name}.swp", f".#{name}"))


def _editors(path: Path) -> Iterator[str]:
    for look, place in (
        (_office, path.with_name(f".~lock.{path.name}#")),
        (_vim, path.with_name(f".{path.name}.swp")),
        (_emacs, path.with_name(f".#{path.name}")),
    ):
        with suppress(OSError, ValueError):
            if (found := look(place)) and time.time() - place.lstat().st_mtime < _UNPROVEN_S:
                yield found


def _office(place: Path) -> str:
    fields = _head(place).decode("utf-8", "replace").split(",")
    if len(fields) < 5:
        return ""
    user, host = fields[1] or fields[0], fields[2]
    alive = _any_office() if _here(host) else True
    return f"LibreOffice ({user}@{host})" if alive else ""


def _vim(place: Path) -> str:
    mark, pid, user, host = _SWAP_HEAD.unpack_from(_head(place).ljust(_SWAP_HEAD.size, b"\0"))
    if mark != b"b0" or not pid or not _text(host):
        return ""
    return _of_process("vim or nano", _text(user), _text(host), pid)


def _emacs(place: Path) -> str:
    target = str(place.readlink()) if place.is_symlink() else _text(_head(place))
    found = _EMACS.fullmatch(target)
    if not found:
        return ""
    return _of_process("emacs", found["user"], found["host"], int(found["pid"]))


def _of_process(editor: str, user: str, host: str, pid: int) -> str:
    alive = _lives(pid) if _here(host) else True
    return f"{editor} ({user}@{host}, process {pid})" if alive else ""


def _head(place: Path) -> bytes:
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
    descriptor = os.open(place, flags)
    try:
        regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
        return os.read(descriptor, _SIZE) if regular else b""
    finally:
        os.close(descriptor)


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "replace")


def _here(host: str) -> bool:
    return host.partition(".")[0] == socket.gethostname().partition(".")[0]


def _lives(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def _any_office() -> bool:
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and (entry / "comm").read_text().strip() in _OFFICE_PROCESSES:
                return True
    return False
