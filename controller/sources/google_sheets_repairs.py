"""Repairs: what puts right the rows that a write of ours hit in others' stead. Pure."""

from collections.abc import Mapping, Sequence

from controller.core.row import CONTROLLER_COLUMNS, PROJECT, Row
from controller.sources.google_sheets_client import Line
from controller.sources.google_sheets_debts import Debt
from controller.sources.google_sheets_table import Identity, SheetTable

Repairs = Mapping[int, Mapping[int, str]]
"""Line → column → the text that stood there before a write of ours that missed its row."""
_Meant = tuple[Line, set[Identity]]
"""What was written, with all the rows that it was meant for."""


def repairs_of(table: SheetTable, debts: Sequence[Debt]) -> Repairs:
    """What must be written so that nothing of the debts is where it does not belong."""
    repairs: dict[int, dict[int, str]] = {}
    truths = [debt.truth for debt in debts]
    present = table.known()
    for debt in reversed(debts):
        # Columns that moved meanwhile make every line one that missed its cells.
        same_columns = table.header == debt.header
        texts = _Texts(table, debt.lines)
        for row in table.snapshot.rows:
            held = texts.held(row)
            if not held:
                continue
            identity = table.identity(row.cells)
            if same_columns and any(identity in meant for _, meant in held):
                continue
            was = next((truth[identity] for truth in truths if identity in truth), None)
            if was is None and debt.late:
                continue  # somebody has just made it, as a copy of another perhaps
            if was is None and same_columns and _was_renamed(table, row, debt, held, present):
                continue
            for line, _ in held:
                undo = _undo(table, line, was)
                if undo:
                    repairs.setdefault(row.line, {}).update(undo)
    return repairs


def has_arrived(table: SheetTable, debt: Debt) -> bool:
    """Whether a write that was not answered was done: some row holds what it did not before."""
    texts = _Texts(table, debt.lines)
    return any(
        _undo(table, line, debt.truth.get(table.identity(row.cells)))
        for row in table.snapshot.rows
        for line, _ in texts.held(row)
    )


class _Texts:
    """Finds what a row holds of a write, without a look at each of its lines.

    A write may have a line for every row of the list, and each row may have been hit by any.
    """

    def __init__(self, table: SheetTable, lines: Sequence[tuple[Identity, Line]]) -> None:
        self._columns = table.snapshot.columns
        self._known: dict[tuple[int, ...], dict[tuple[str, ...], _Meant]] = {}
        for to, line in lines:
            places = tuple(sorted(line.texts))
            if all(place <= len(self._columns) for place in places):
                texts = tuple(line.texts[place] for place in places)
                same = self._known.setdefault(places, {})
                same.setdefault(texts, (line, set()))[1].add(to)

    def held(self, row: Row) -> list[_Meant]:
        """The lines that a row holds, cell by cell."""
        found: list[_Meant] = []
        for places, known in self._known.items():
            texts = tuple(row.cells[self._columns[place - 1]] for place in places)
            if texts in known:
                found.append(known[texts])
        return found


def repaired(table: SheetTable, repairs: Repairs) -> SheetTable:
    """The table as it will be once soiled rows have their own cells back."""
    columns = table.snapshot.columns
    return table.written(
        {
            row.line: {
                **row.cells,
                **{columns[place - 1]: text for place, text in repairs[row.line].items()},
            }
            for row in table.snapshot.rows
            if row.line in repairs
        }
    )


def _was_renamed(
    table: SheetTable,
    row: Row,
    debt: Debt,
    held: Sequence[_Meant],
    present: Mapping[Identity, Row],
) -> bool:
    """Whether an unknown row is one that we meant, whose name alone changed in that moment."""
    others = (PROJECT, *CONTROLLER_COLUMNS)
    columns = [name for name in table.snapshot.columns if name not in others]
    return any(
        to in debt.truth
        and to not in present
        and all(row.cells[name] == debt.truth[to].get(name, "") for name in columns)
        for _, meant in held
        for to in meant
    )


def _undo(table: SheetTable, line: Line, was: Mapping[str, str] | None) -> dict[int, str]:
    """What the row's cells were before; a row that was not there had none of its own."""
    columns = table.snapshot.columns
    before = was or {}
    texts = {place: before.get(columns[place - 1], "") for place in line.texts}
    return {place: text for place, text in texts.items() if text != line.texts[place]}
