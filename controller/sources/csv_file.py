"""The list as a CSV file that people edit with whatever they like."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from controller.sources.backups import Backups
from controller.sources.base import (
    Edit,
    Notice,
    Snapshot,
    SourceInvalid,
    SourceUnavailable,
    Written,
)
from controller.sources.csv_encoding import check_encoding
from controller.sources.csv_table import CsvTable, parse, revision_of
from controller.sources.editors import EditorWait
from controller.sources.edits import settle
from controller.sources.file_read import FileContent, Stamp, read_whole
from controller.sources.file_write import replace_if_unchanged
from controller.sources.header import REQUIRED_COLUMNS
from controller.sources.late_edits import LateEdits
from controller.sources.retired import Retired

_TRIES = 5
_CLOCK_GRAIN_S = 2.0  # the coarsest clock of a file system (FAT)


class CsvFile:
    """A CSV file as a source.

    Args:
        path: The file.
        encoding: Its encoding, as a person says it.
        required: The columns without which it is no list.
        backups: Keeps what the user saved and we replace; None for nowhere.
        editor_wait: Seconds that `holder` names an editor that has the file open.

    Attributes:
        kind: "csv".
        name: The path as the user gave it.
        watched: The same path.
    """

    kind = "csv"

    def __init__(
        self,
        path: Path,
        *,
        encoding: str = "utf-8",
        required: Sequence[str] = REQUIRED_COLUMNS,
        backups: Backups | None = None,
        editor_wait: float = 0.0,
    ) -> None:
        self.name = str(path)
        self.watched: Path | None = path
        self._path = path
        self._encoding = check_encoding(encoding)
        self._required = tuple(required)
        self._backups = backups
        self._wait = EditorWait(path, editor_wait)
        self._retired = Retired(path)
        self._late = LateEdits(path, self._retired, self._parse, backups)
        self._table: CsvTable | None = None
        self._refused: tuple[bytes, SourceInvalid] | None = None
        self._stamp: Stamp | None = None

    def read(self) -> Snapshot:
        """Read the file, whole or not at all; see `Source.read`.

        Equal content gives the same Snapshot object.
        """
        self._late.restore()
        if self._table is not None and self._stamp is not None and self._stamp == self._stat():
            return self._table.snapshot
        return self._fresh().snapshot

    def write(self, edits: Sequence[Edit]) -> Written:
        """Replace the cells of each edit that still fits, and no other byte; see `Source.write`."""
        for _ in range(_TRIES):
            table = self._fresh()
            settled = settle(table.snapshot, edits, stored=table.stored)
            if not settled.changes:
                return Written(table.snapshot.revision, settled.applied, settled.conflicts)
            data = table.edited(settled.changes)
            if self._replace(table, data):
                return Written(revision_of(data), settled.applied, settled.conflicts)
        raise self._busy()

    def extend(self, columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
        """Add columns behind the last one, and rows below the others; see `Growing.extend`."""
        for _ in range(_TRIES):
            table = self._fresh()
            if self._replace(table, table.extended(columns, rows)):
                return
        raise self._busy()

    def stored(self, text: str) -> str:
        """What a cell says once a text was written to it; see `Source.stored`."""
        return (self._table or self._fresh()).stored(text)

    def listen(self, wake: Callable[[], None]) -> None:
        """The file is read and written at once; see `Source.listen`."""

    def last_read(self) -> datetime | None:
        """With each `read`; see `Source.last_read`."""
        return None

    def refusal(self) -> str:
        """A write tells by itself; see `Source.refusal`."""
        return ""

    def holder(self) -> str:
        """The editor that has the file open, for a while; see `Source.holder`."""
        return self._wait.holder()

    def notices(self) -> Sequence[Notice]:
        """What became of late edits; see `Source.notices`."""
        return self._late.notices()

    def close(self) -> None:
        """See to it that nothing is left beside the file."""
        self._late.restore(parting=True)

    def _replace(self, table: CsvTable, data: bytes) -> bool:
        """Put new content in the file's place; False where the user saved it meanwhile."""
        if self._backups is not None:
            self._backups.replacing(table.data, data)
        names = self._names()
        if not replace_if_unchanged(self._path, table.data, data, self._retired):
            return False
        self._wait.over()
        self._late.parted(names)
        return True

    def _busy(self) -> SourceUnavailable:
        return SourceUnavailable(
            "FileBusy",
            f"{self.name} changed {_TRIES} times while it was about to be written; nothing was "
            "written. It is tried again.",
        )

    def _fresh(self) -> CsvTable:
        content = read_whole(self._path)
        if self._table is None or self._table.data != content.data:
            self._table = self._parse(content.data)
        self._stamp = self._trusted(content)
        return self._table

    def _parse(self, data: bytes) -> CsvTable:
        """The content's table; what was refused before is refused at once."""
        if self._refused is not None and self._refused[0] == data:
            raise self._refused[1].with_traceback(None)
        try:
            return parse(data, encoding=self._encoding, required=self._required, name=self.name)
        except SourceInvalid as error:
            self._refused = (data, error)
            raise

    def _names(self) -> int:
        try:
            return self._path.stat().st_nlink
        except OSError:
            return 1

    def _trusted(self, content: FileContent) -> Stamp | None:
        # Two saves within one grain of the clock can leave the same stamp, so that one taken
        # right after a save proves nothing later (git calls such an entry racy).
        return content.stamp if content.stamp.age() > _CLOCK_GRAIN_S else None

    def _stat(self) -> Stamp | None:
        try:
            return Stamp.of(self._path.stat())
        except OSError:
            return None
