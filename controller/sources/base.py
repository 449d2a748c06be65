"""What a source is: a list of rows that can be read whole and edited row by row."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from controller.core.errors import TerminalError, TransientError
from controller.core.row import Row


class SourceUnavailable(TransientError):
    """The list could not be reached or read just now; the last good rows stand."""


class SourceEmpty(SourceUnavailable):
    """The list held nothing at all: it is being saved, or was lost."""


class SourceInvalid(TerminalError):
    """The list was read and is no list: it must be edited.

    Attributes:
        line: The line of the fault, counted from 1, or None where the whole list is meant.
        column: The name of the column at fault, or None.
    """

    def __init__(
        self, reason: str, message: str, *, line: int | None = None, column: str | None = None
    ) -> None:
        super().__init__(reason, message)
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One whole read of the list.

    Attributes:
        revision: Equal for equal content, and only then; opaque.
        columns: The header's names in the list's order, aliases resolved.
        rows: Every row that is not idle, in the list's order.
    """

    revision: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """A wish to write some cells of one row.

    The row is found again by its Project cell (by all its cells where several rows share the
    name, or it is blank). The edit is applied only where the cells to be written, Status and
    Last Update still hold what `row` holds; the row's other cells may have changed, and stay.

    Attributes:
        row: The row as it was read.
        cells: Column → new text; columns that the list lacks are left out silently.
        order: Whether it is a person's word, given by command. A list that is far away lets edits
            wait: this one then goes before what the controller would write into the row.
    """

    row: Row
    cells: Mapping[str, str]
    order: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """What became of some edits.

    Attributes:
        revision: The revision of the list after the write.
        applied: The edits that the list now holds (those that it held already included).
        conflicts: The edits that found their row gone, moved beyond recognition or changed.
    """

    revision: str
    applied: tuple[Edit, ...] = ()
    conflicts: tuple[Edit, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Notice:
    """What a source did by itself, for the user to know.

    Attributes:
        reason: CamelCase.
        message: For a person.
        warning: Whether a person should care.
    """

    reason: str
    message: str
    warning: bool = False


class Source(Protocol):
    """A list of rows.

    Attributes:
        kind: The word for it in `priority_source.type`.
        name: How a person calls it: a path, a sheet's title.
        watched: The file whose folder tells of changes, or None where only polling does.
    """

    kind: str
    name: str
    watched: Path | None

    def read(self) -> Snapshot:
        """Read the list, whole or not at all.

        Raises:
            SourceUnavailable: It could not be reached; look again.
            SourceInvalid: It must be edited first.
        """
        ...

    def write(self, edits: Sequence[Edit]) -> Written:
        """Apply each edit whose row is still as it was read; all others become conflicts.

        Raises:
            SourceUnavailable: Nothing was written.
            SourceInvalid: The list turned invalid since it was read; nothing was written.
        """
        ...

    def stored(self, text: str) -> str:
        """What a cell says once a text was written to it, in the list as it was read last.

        Raises:
            SourceUnavailable, SourceInvalid: It was not read well yet, and cannot be.
        """
        ...

    def listen(self, wake: Callable[[], None]) -> None:
        """Serve a loop from here on, which waits for nobody.

        A list that is far away is then read and written by a thread of its own: `read` gives what
        was read last, `write` leaves the edits to that thread and names none as applied; `wake`
        is called when there is news. A file is as near as ever.
        """
        ...

    def last_read(self) -> datetime | None:
        """When the list was really read; None where that is done with each `read`."""
        ...

    def refusal(self) -> str:
        """Why nothing can be written into the list for now; empty where it can be tried."""
        ...

    def holder(self) -> str:
        """Who works on the list just now, so that a write should wait; empty for nobody.

        The wait is bounded: whoever works on it longer is not named any more, until something
        was written. A write does not ask for it.
        """
        ...

    def notices(self) -> Sequence[Notice]:
        """What happened since it was last asked."""
        ...

    def close(self) -> None:
        """Give back what the source holds (locks, connections)."""
        ...
