"""Marks: what tells at little cost that a run's folder says nothing new.

A look at 500 runs asks for the folder's time of change, which moves with every file that is made
in it, and for the state of its one file that grows. As git does with its index, a time of change
is trusted only once it is older than any clock's grain: before, two changes may have one time.
"""

import os
import stat
import time

GRAIN_NS = 2_000_000_000
"""The coarsest clock of a file system (FAT: 2 s)."""
EVENTS = "events.jsonl"

_NOTHING = (0, 0)


class Mark:
    """What a folder was like when it was read.

    Args:
        folder: Its path; a text, for `Path` takes longer than the calls themselves.
    """

    __slots__ = ("_events", "_folder", "_made", "_said")

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._events = f"{folder}/{EVENTS}"
        self._made = -1
        self._said = _NOTHING

    def take(self) -> bool:
        """Note how the folder is now, before it is read.

        Returns:
            Whether its events differ from the last mark.
        """
        before = self._said
        made = self._changed()
        self._made = made if 0 <= made < time.time_ns() - GRAIN_NS else -1
        self._said = self._size()
        return self._said != before

    def stirred(self) -> bool:
        """Whether the folder may say more than when the mark was taken."""
        made = self._changed()
        if made < 0:
            return False  # it is gone, and what it said stands
        if made != self._made:
            return True
        return self._said != _NOTHING and self._size() != self._said

    def _changed(self) -> int:
        try:
            found = os.lstat(self._folder)
        except OSError:
            return -1
        # A link in its place leads to what no run wrote.
        return found.st_mtime_ns if stat.S_ISDIR(found.st_mode) else -1

    def _size(self) -> tuple[int, int]:
        try:
            found = os.lstat(self._events)
        except OSError:
            return _NOTHING
        return (found.st_mtime_ns, found.st_size)
