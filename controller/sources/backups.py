"""Versions of the list that the user saved and that were replaced, kept as plain files."""

import os
import time
from contextlib import suppress
from pathlib import Path

from controller.files import TEMPORARY, make_folder, read_small, write_whole
from controller.sources.retired import hash_of

_OURS = 16
"""So many of our own writes are known again: several processes may write by turns."""
_STALE_SECONDS = 3600
"""No draft of a process that lives is so old."""


class Backups:
    """The newest versions of one list, each content once.

    Our own writes are none of them. Whoever writes the list notes the content's hash first, in
    `.NAME.ours`: the controller and its commands know each other's writes by that.

    A copy's name is the list's, then the time in UTC, then the content's hash:
    `priorities.csv.20260102T030405.678901Z.0123456789abcdef`. Only its owner may read it.

    Args:
        folder: Where they are kept; made when the first one is.
        name: The list's file name.
        most: How many are kept; 0 for none.
    """

    def __init__(self, folder: Path, name: str, most: int) -> None:
        self._folder = folder
        self._ours = folder / f".{name}.ours"
        self._prefix = f"{name}."
        self._most = most

    def keep(self, content: bytes) -> Path | None:
        """Keep a version, and forget the oldest beyond the number; returns where it is.

        None where none are kept, or the folder cannot be written: no write waits for a backup.
        """
        if self._most <= 0:
            return None
        digest = hash_of(content)
        with suppress(OSError):
            make_folder(self._folder)
            known = self._known()
            same = [path for path in known if path.name.endswith(f".{digest}")]
            if same:
                return same[-1]
            path = self._folder / f"{self._prefix}{_stamp()}.{digest}"
            self._write(path, content)
            for old in [*known, path][: -self._most]:
                old.unlink(missing_ok=True)
            self._clear_away()
            return path
        return None

    def replacing(self, content: bytes, ours: bytes) -> None:
        """Keep a version that is about to be replaced, unless we wrote it.

        Args:
            content: What the list holds.
            ours: What it is to hold.
        """
        if self._most <= 0:
            return
        known = self._written()
        if hash_of(content) not in known:
            self.keep(content)
        digest = hash_of(ours)
        noted = [*(each for each in known if each != digest), digest][-_OURS:]
        with suppress(OSError):
            make_folder(self._folder)
            write_whole(self._ours, "".join(f"{each}\n" for each in noted).encode())

    def _write(self, path: Path, content: bytes) -> None:
        draft = self._folder / f".{self._prefix}{os.getpid()}.new"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        with os.fdopen(os.open(draft, flags, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)

    def _clear_away(self) -> None:
        """Remove the drafts of processes that were killed."""
        for draft in self._folder.glob(TEMPORARY):
            with suppress(OSError):
                if time.time() - draft.lstat().st_mtime > _STALE_SECONDS:
                    draft.unlink()

    def _written(self) -> list[str]:
        """The hashes of our own newest writes, the oldest first."""
        with suppress(OSError, ValueError):
            return read_small(self._ours).decode("ascii").split()
        return []

    def _known(self) -> list[Path]:
        """All versions, the oldest first."""
        return sorted(path for path in self._folder.iterdir() if path.name.startswith(self._prefix))


def _stamp() -> str:
    seconds, rest = divmod(time.time_ns() // 1000, 1_000_000)
    return f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime(seconds))}.{rest:06d}Z"
