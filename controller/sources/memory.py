"""A list in memory: the twin of the real sources for tests of what is built on them."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from controller.core.errors import SidekickError
from controller.core.row import KNOWN_COLUMNS, PROJECT, Row
from controller.sources.base import Edit, Notice, Snapshot, Written
from controller.sources.edits import settle
from controller.sources.header import REQUIRED_COLUMNS, resolve_header


class MemorySource:
    """A list that tests edit as a user would and break as the world does.

    Attributes:
        kind: "memory".
        name: What messages call it.
        watched: None; there is no file.
        failure: While set, reads and writes raise it.
        before_write: Called once within the next write, after the writer has made up its mind
            and before anything is written: the place for an edit that races.
        editor: Who works on the list, so that writes should wait.
        reads: How often the list was read.
        writes: How often it was changed by `write`.
    """

    kind = "memory"

    def __init__(
        self,
        rows: Iterable[Mapping[str, str]] = (),
        *,
        columns: Sequence[str] = KNOWN_COLUMNS,
        required: Sequence[str] = REQUIRED_COLUMNS,
        name: str = "memory",
    ) -> None:
        self.name = name
        self.watched: Path | None = None
        self.failure: SidekickError | None = None
        self.before_write: Callable[[], None] | None = None
        self.editor = ""
        self.reads = 0
        self.writes = 0
        self._required = tuple(required)
        self._snapshot: Snapshot | None = None
        self.save(rows, columns=columns)

    def save(
        self, rows: Iterable[Mapping[str, str]], *, columns: Sequence[str] | None = None
    ) -> None:
        """Replace the whole list, as an editor does; columns stay unless given."""
        if columns is not None:
            self._columns = list(columns)
        self._rows = [{column: row.get(column, "") for column in self._columns} for row in rows]

    def append(self, row: Mapping[str, str]) -> None:
        """Add a row at the end."""
        self.save([*self._rows, row])

    def change(self, project: str, cells: Mapping[str, str]) -> None:
        """Type some cells of every row of a project."""
        self.save(
            [
                {**row, **cells} if row.get(PROJECT, "").strip() == project else row
                for row in self._rows
            ]
        )

    def remove(self, project: str) -> None:
        """Delete every row of a project."""
        self.save([row for row in self._rows if row.get(PROJECT, "").strip() != project])

    def read(self) -> Snapshot:
        """The list as it is; see `Source.read`. Equal content gives the same Snapshot object."""
        self.reads += 1
        return self._fresh()

    def write(self, edits: Sequence[Edit]) -> Written:
        """Apply the edits that still fit; see `Source.write`."""
        self._fresh()
        if self.before_write is not None:
            race, self.before_write = self.before_write, None
            race()
        snapshot = self._fresh()
        settled = settle(snapshot, edits)
        lines = [row.line for row in snapshot.rows]
        for (index, column), text in settled.changes.items():
            self._rows[lines[index] - 2][self._header[column]] = text
        self.writes += bool(settled.changes)
        return Written(self._fresh().revision, settled.applied, settled.conflicts)

    def stored(self, text: str) -> str:
        """Every text as it is; see `Source.stored`."""
        return text

    def listen(self, wake: Callable[[], None]) -> None:
        """It is read and written at once; see `Source.listen`."""

    def last_read(self) -> datetime | None:
        """With each `read`; see `Source.last_read`."""
        return None

    def refusal(self) -> str:
        """It can be written; see `Source.refusal`."""
        return ""

    def holder(self) -> str:
        """Who works on the list; see `Source.holder`."""
        return self.editor

    def notices(self) -> Sequence[Notice]:
        """Nothing happens by itself."""
        return ()

    def close(self) -> None:
        """Nothing is held."""

    def _fresh(self) -> Snapshot:
        if self.failure is not None:
            raise self.failure
        columns = resolve_header(self._columns, required=self._required, name=self.name)
        self._header = dict(zip(columns, self._columns, strict=True))
        lines = (
            Row(line, dict(zip(columns, cells.values(), strict=True)))
            for line, cells in enumerate(self._rows, start=2)
        )
        rows = tuple(row for row in lines if not row.idle)
        content = repr((columns, [(row.line, *row.cells.values()) for row in rows]))
        revision = hashlib.sha256(content.encode()).hexdigest()
        if self._snapshot is None or self._snapshot.revision != revision:
            self._snapshot = Snapshot(revision, columns, rows)
        return self._snapshot
