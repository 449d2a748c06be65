"""Copying one list into another: what would change. Pure: two reads in, a plan out.

A copy adds and changes, and never deletes: which row a deletion would hit is not certain in a sheet
whose rows move, and what is only in the target may be somebody's.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from controller.core.errors import TerminalError
from controller.core.faults import shorten
from controller.core.row import PROJECT, Row
from controller.sources.base import Edit, Snapshot, Source

_NAMELESS = re.compile(r"\(column \d+\)")


class Growing(Source, Protocol):
    """A list that columns and rows can be added to."""

    def extend(self, columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
        """Add columns behind the last one, and rows below the others.

        Args:
            columns: Names that the header lacks.
            rows: Column → text.

        Raises:
            SourceUnavailable, SourceInvalid: It failed; look before it is tried again.
        """
        ...


@dataclass(frozen=True, slots=True)
class Copy:
    """What makes the target say all that the origin says.

    Attributes:
        columns: Those that the target lacks.
        added: The rows that it lacks, column → text.
        changed: The cells that differ, row by row.
        left: Names of the rows that only the target has; they stay.
    """

    columns: tuple[str, ...]
    added: tuple[Mapping[str, str], ...]
    changed: tuple[Edit, ...]
    left: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.columns or self.added or self.changed)


def plan_copy(
    origin: Snapshot, target: Snapshot, names: tuple[str, str], stored: Callable[[str], str] = str
) -> Copy:
    """What a copy would do; cells with outer blanks count as they are.

    Args:
        origin: The list that is copied.
        target: The list that it is copied into; no columns for one that is not there yet.
        names: What messages call the two.
        stored: What a cell of the target says once a text was written to it.

    Raises:
        TerminalError: A row without a name, or two of one name: nobody knows which is which; cells
            of the target where columns are to be added.
    """
    theirs = _by_name(origin, names[0])
    ours = _by_name(target, names[1])
    wanted = [column for column in origin.columns if not _NAMELESS.fullmatch(column)]
    added, changed = [], []
    for name, row in theirs.items():
        cells = {column: stored(row.cells[column]) for column in wanted}
        if name not in ours:
            added.append(cells)
            continue
        known = ours[name]
        differ = {
            column: text for column, text in cells.items() if known.cells.get(column, "") != text
        }
        differ.pop(PROJECT, None)  # outer blanks alone
        if differ:
            changed.append(Edit(known, differ))
    columns = tuple(column for column in wanted if column not in target.columns)
    wide = next((row for row in target.rows if row.extra), None)
    if columns and wide is not None:
        text = f"{names[1]}:{wide.line}: cells stand behind the last column; correct that first"
        raise TerminalError("RowTooWide", text)
    return Copy(
        columns,
        tuple(added),
        tuple(changed),
        tuple(name for name in ours if name not in theirs),
    )


def _by_name(snapshot: Snapshot, name: str) -> dict[str, Row]:
    counts = Counter(row.cell(PROJECT) for row in snapshot.rows)
    for project, count in counts.items():
        if not project or count > 1:
            what = (
                f"{count} rows are called {shorten(project)!r}" if project else "a row is unnamed"
            )
            text = f"{name}: {what}; a copy tells rows by their Project. Correct that first"
            raise TerminalError("RowsAlike", text)
    return {row.cell(PROJECT): row for row in snapshot.rows}
