"""Files that were taken out of the list's place, watched until nobody can write into them.

A program that opened the list before its replacement writes into the old file. So that one keeps a
name beside the list, which tells by two hashes what it held and what replaced it; nothing else
needs to be remembered, and whoever comes after a kill can go on. It is removed when it is proven
to hold nothing of the user's: the content that was replaced, with a read lease that says that
nobody has it open to write, or our own. All else is a *late edit*.
"""

import hashlib
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex

from controller.leases import Lease, take
from controller.sources.file_read import quiet_needed

_SETTLE_S = 0.5  # an open() that is under way, of a process that the scheduler forgot for a while
_PARTING_S = 0.1  # the same, where a command ends
_UNLEASED_S = 10.0  # where nobody can tell whether a program still has it open
_QUIET_S = 0.5  # between two writes of one save, and longer where `file_read` has it so
_MOST = 16  # files that are watched for their last moments; those that are open stay beyond
_GLIMPSE_S = 2.0  # from a program's read of the list to its save
_SCAN_S = 60.0
_DRAFT_S = 60.0
_NAME = re.compile(r"[0-9a-f]{8}-([0-9a-f]{16})-([0-9a-f]{16})(?:[0-9a-f]{4})?")


@dataclass(frozen=True, slots=True)
class Late:
    """What somebody wrote into a file that was out of its place already.

    Attributes:
        path: That file.
        content: What it holds now, whole.
        base: What it held when it was replaced; None where only a killed process knew.
        ours: Hash of what took its place.
    """

    path: Path
    content: bytes
    base: bytes | None
    ours: str


@dataclass(frozen=True, slots=True)
class Hidden:
    """A save of the user's that was out of the list's place for a moment.

    Attributes:
        base: What the list held before.
        save: The save.
        shown: Our own version, which the list held for that moment.
        until: When whoever read that has saved what came of it (monotonic seconds).
    """

    base: bytes
    save: bytes
    shown: bytes
    until: float


@dataclass(slots=True)
class _Entry:
    path: Path
    base_hash: str
    ours: str
    base: bytes | None = None
    since: float = field(default_factory=time.monotonic)
    seen: bytes = b""
    seen_at: float = 0.0


class Retired:
    """The retired files of one list.

    Args:
        path: The list; symbolic links are followed anew each time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries: dict[Path, _Entry] = {}
        self._hidden: list[Hidden] = []
        self._scanned: float | None = None

    def hide(self, base: bytes, save: bytes, shown: bytes) -> None:
        """Remember a save that was out of the list's place for a moment."""
        self._hidden.append(Hidden(base, save, shown, time.monotonic() + _GLIMPSE_S))

    def hidden(self) -> Sequence[Hidden]:
        """The saves that somebody may not have seen who has not saved yet."""
        now = time.monotonic()
        self._hidden = [one for one in self._hidden if one.until > now][-_MOST:]
        return tuple(self._hidden)

    def found(self, hidden: Hidden) -> None:
        """It is in the list again; nobody else is looked for."""
        self._hidden.remove(hidden)

    def keep(self, path: Path, base: bytes) -> None:
        """Watch a file that was, or may have been, in the list's place.

        Args:
            path: Its name, one that `ready_name` made.
            base: What it held there.
        """
        entry = _entry(path)
        assert entry is not None, "the name was made here"
        entry.base = base
        self._entries[path] = entry

    def late(self, *, parting: bool = False) -> Iterator[Late]:
        """Look at every retired file; remove what holds nothing of the user's.

        Args:
            parting: Look once more, before the process ends.
        """
        now = time.monotonic()
        if self._scanned is None or now - self._scanned > _SCAN_S:
            self._scanned = now
            self._scan()
        if parting and self._entries:
            time.sleep(_PARTING_S)
        for entry in list(self._entries.values()):
            try:
                found = self._look(entry, _PARTING_S if parting else _SETTLE_S)
            except FileNotFoundError:
                del self._entries[entry.path]
                continue
            except OSError:
                continue
            if found is not None:
                yield found

    def forget(self, late: Late) -> None:
        """A late edit is in the list, or kept elsewhere: only what is written next is news."""
        entry = self._entries.pop(late.path)
        path = _named(self._path.resolve(), hash_of(late.content), entry.ours)
        with suppress(OSError):
            self.keep(late.path.replace(path), late.content)

    def set_aside(self, late: Late) -> Path:
        """Give a late edit a name for good; nothing of ours looks at it again."""
        del self._entries[late.path]
        target = self._path.resolve()
        return late.path.replace(target.with_name(f"{target.name}.late-{hash_of(late.content)}"))

    def _look(self, entry: _Entry, settle: float) -> Late | None:
        now = time.monotonic()
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
        with os.fdopen(os.open(entry.path, flags), "rb") as file:
            lease = take(file.fileno())
            content = file.read()
            if content != entry.seen:
                entry.seen, entry.seen_at = content, now
            patience = _UNLEASED_S if lease is Lease.NONE else settle
            settled = now - entry.since >= patience or len(self._entries) > _MOST
            if hash_of(content) in (entry.base_hash, entry.ours) or not content:
                # Empty, it is in the midst of a save, or holds nothing that could be lost.
                if lease is not Lease.BUSY and settled:
                    entry.path.unlink()
                    del self._entries[entry.path]
                return None
        quiet = max(_QUIET_S, quiet_needed(lease, content))
        if lease is Lease.GRANTED or now - entry.seen_at >= quiet:
            return Late(entry.path, content, entry.base, entry.ours)
        return None

    def _scan(self) -> None:
        """Find what a killed process left beside the list."""
        with suppress(OSError, RuntimeError):  # RuntimeError: links in a circle
            target = self._path.resolve()
            for path in target.parent.iterdir():
                if not path.name.startswith(_prefix(target)) or path in self._entries:
                    continue
                entry = _entry(path)
                with suppress(OSError):
                    if entry is not None:
                        self._entries[path] = entry
                    elif _age(path) > _DRAFT_S:
                        path.unlink()


def hash_of(content: bytes) -> str:
    """A content's hash, as names have it."""
    return hashlib.sha256(content).hexdigest()[:16]


def draft_name(target: Path) -> Path:
    """A new name for a file that is being written; nobody else ever puts anything there."""
    return target.with_name(f"{_prefix(target)}new-{token_hex(8)}")


def ready_name(target: Path, base: bytes, data: bytes) -> Path:
    """A new name for a file that holds `data`, whole, and may replace `base` from now on."""
    return _named(target, hash_of(base), hash_of(data))


def _named(target: Path, base_hash: str, ours: str) -> Path:
    return target.with_name(f"{_prefix(target)}{token_hex(4)}-{base_hash}-{ours}")


def _entry(path: Path) -> _Entry | None:
    match = _NAME.fullmatch(path.name.rpartition(".sidekick-")[2])
    return _Entry(path, match[1], match[2]) if match else None


def _prefix(target: Path) -> str:
    return f".{target.name}.sidekick-"


def _age(path: Path) -> float:
    return time.time() - path.lstat().st_mtime
