"""Bringing back what somebody saved into a file that was out of the list's place already."""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from controller.core.errors import SidekickError
from controller.sources.backups import Backups
from controller.sources.base import Notice
from controller.sources.csv_merge import merge, overlooks
from controller.sources.csv_table import CsvTable
from controller.sources.file_read import read_whole
from controller.sources.file_write import put_file, replace_if_unchanged
from controller.sources.retired import Hidden, Late, Retired, hash_of

_KEPT_NOTICES = 100


class LateEdits:
    """Watches the retired files of a list.

    Args:
        path: The list.
        retired: Its retired files.
        parse: Reads a content as a list; raises SidekickError where it is none.
        backups: Keeps what is brought back, and what cannot be.
    """

    def __init__(
        self,
        path: Path,
        retired: Retired,
        parse: Callable[[bytes], CsvTable],
        backups: Backups | None,
    ) -> None:
        self._path = path
        self._retired = retired
        self._parse = parse
        self._backups = backups
        self._parted = False
        self._notices: deque[Notice] = deque(maxlen=_KEPT_NOTICES)

    def restore(self, *, parting: bool = False) -> None:
        """Bring every late edit into the list; what cannot be just now is tried again."""
        for late in self._retired.late(parting=parting):
            try:
                self._restore(late)
            except (SidekickError, OSError):
                continue  # that the list cannot be read or written is told by who must do it
        for hidden in self._retired.hidden():
            with suppress(SidekickError):
                self._find(hidden)

    def parted(self, names: int) -> None:
        """Tell once that the list had other names (hard links), which now lead to an old file."""
        if names > 1 and not self._parted:
            self._parted = True
            self._tell(
                "HardLinkParted",
                f"it had {names} names (hard links). A file that is replaced keeps one; the others "
                "hold what it said before, and edits there are not seen. Use a symbolic link",
                warning=True,
            )

    def notices(self) -> Sequence[Notice]:
        """What happened since it was last asked."""
        told = tuple(self._notices)
        self._notices.clear()
        return told

    def _restore(self, late: Late) -> None:
        now = read_whole(self._path).data
        if now == late.content:
            self._retired.forget(late)
            return
        copy = self._backups.keep(late.content) if self._backups else None
        if hash_of(now) == late.ours:
            # Nobody else wrote since: as if it had been saved a moment later.
            if put_file(late.path, self._path, now, late.content, self._retired):
                self._tell("EditRestored", "a save that met a write of the controller's is back")
            return
        merged = self._merged(late, now)
        if merged is not None:
            if merged == now or replace_if_unchanged(self._path, now, merged, self._retired):
                self._retired.forget(late)
                self._tell("EditMerged", "two saves met each other; the list has both")
            return
        place = copy
        if copy is None:
            place = self._retired.set_aside(late)
        else:
            self._retired.forget(late)
        self._tell(
            "EditSetAside",
            f"a save came too late and cannot be merged; it is in {place}: look at it, and copy "
            "from it what the list lacks",
            warning=True,
        )

    def _find(self, hidden: Hidden) -> None:
        """Bring back a save that somebody overlooked, and has saved over."""
        now = read_whole(self._path).data
        if now in (hidden.save, hidden.base):
            return
        base, save, shown, there = (
            self._parse(data) for data in (hidden.base, hidden.save, hidden.shown, now)
        )
        if not overlooks(base, save, shown, there):
            return
        merged = merge(base, save, there)
        if merged is not None and replace_if_unchanged(self._path, now, merged, self._retired):
            self._retired.found(hidden)
            self._tell("EditMerged", "two saves met each other; the list has both")

    def _merged(self, late: Late, now: bytes) -> bytes | None:
        if late.base is None:
            return None
        try:
            return merge(*(self._parse(data) for data in (late.base, late.content, now)))
        except SidekickError:
            return None

    def _tell(self, reason: str, message: str, *, warning: bool = False) -> None:
        self._notices.append(Notice(reason, f"{self._path}: {message}", warning))
