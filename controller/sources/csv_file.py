"""The list as a CSV file that people edit with whatever they like."""

from collections.abc import Sequence
from pathlib import Path

from controller.sources.base import Edit, Snapshot, SourceUnavailable, Written
from controller.sources.csv_encoding import check_encoding
from controller.sources.csv_table import CsvTable, parse, revision_of
from controller.sources.edits import settle
from controller.sources.file_read import FileContent, Stamp, read_whole
from controller.sources.file_write import replace_if_unchanged, sweep_stale_temporaries
from controller.sources.header import REQUIRED_COLUMNS

_TRIES = 5
_CLOCK_GRAIN_S = 2.0  # the coarsest clock of a file system (FAT)


class CsvFile:
    """A CSV file as a source.

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
    ) -> None:
        self.name = str(path)
        self.watched: Path | None = path
        self._path = path
        self._encoding = check_encoding(encoding)
        self._required = tuple(required)
        self._table: CsvTable | None = None
        self._stamp: Stamp | None = None
        sweep_stale_temporaries(path)

    def read(self) -> Snapshot:
        """Read the file, whole or not at all; see `Source.read`.

        Equal content gives the same Snapshot object.
        """
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
            if replace_if_unchanged(self._path, table.data, data):
                return Written(revision_of(data), settled.applied, settled.conflicts)
        raise SourceUnavailable(
            "FileBusy",
            f"{self.name} changed {_TRIES} times while it was about to be written; nothing was "
            "written. It is tried again.",
        )

    def close(self) -> None:
        """Nothing is held between two calls."""

    def _fresh(self) -> CsvTable:
        content = read_whole(self._path)
        if self._table is None or self._table.data != content.data:
            self._table = parse(
                content.data, encoding=self._encoding, required=self._required, name=self.name
            )
        self._stamp = self._trusted(content)
        return self._table

    def _trusted(self, content: FileContent) -> Stamp | None:
        # Two saves within one grain of the clock can leave the same stamp, so that one taken
        # right after a save proves nothing later (git calls such an entry racy).
        return content.stamp if content.stamp.age() > _CLOCK_GRAIN_S else None

    def _stat(self) -> Stamp | None:
        try:
            return Stamp.of(self._path.stat())
        except OSError:
            return None
