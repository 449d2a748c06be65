"""Repairs: what puts right the rows that a write of ours hit in others' stead. Pure."""

from collections.abc import Mapping, Sequence

from controller.core.row import CONTROLLER_COLUMNS, PROJECT, Row
from controller.sources.google_sheets_client import Line
from controller.sources.google_sheets_debts import Debt
from controller.sources.google_sheets_table import Identity, SheetTable

Repairs = Mapping[int, Mapping[int, str]]
"""Line → column → the text that stood there before a write of ours that missed its row."""


def repairs_of(table: SheetTable, debts: Sequence[Debt]) -> Repairs:
    """What must be written so that nothing of the debts is where it does not belong."""
    repairs: dict[int, dict[int, str]] = {}
    truths = [debt.truth for debt in debts]
    present = table.known()
    for debt in reversed(debts):
        # Columns that moved meanwhile make every line one that missed its cells.
        own = dict(debt.lines) if table.header == debt.header else {}
        for row in table.snapshot.rows:
            identity = table.identity(row.cells)
            mine = own.get(identity)
            if mine is not None and _holds(table, row, mine):
                continue
            was = next((truth[identity] for truth in truths if identity in truth), None)
            if was is None and _was_renamed(table, row, debt, own, present):
                continue
            for _, line in debt.lines:
                if line is not mine and _holds(table, row, line):
                    undo = _undo(table, line, was)
                    if undo:
                        repairs.setdefault(row.line, {}).update(undo)
    return repairs


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


def _holds(table: SheetTable, row: Row, line: Line) -> bool:
    """Whether a row holds, cell by cell, what was written into some line."""
    columns = table.snapshot.columns
    return all(
        place <= len(columns) and row.cells[columns[place - 1]] == text
        for place, text in line.texts.items()
    )


def _was_renamed(
    table: SheetTable,
    row: Row,
    debt: Debt,
    own: Mapping[Identity, Line],
    present: Mapping[Identity, Row],
) -> bool:
    """Whether an unknown row is one that we meant, whose name alone changed in that moment."""
    columns = [
        name for name in table.snapshot.columns if name not in (PROJECT, *CONTROLLER_COLUMNS)
    ]
    return any(
        to in debt.truth
        and to not in present
        and _holds(table, row, line)
        and all(row.cells[name] == debt.truth[to].get(name, "") for name in columns)
        for to, line in own.items()
    )


def _undo(table: SheetTable, line: Line, was: Mapping[str, str] | None) -> dict[int, str]:
    """What the row's cells were before; a row that was not there had none of its own."""
    columns = table.snapshot.columns
    before = was or {}
    texts = {place: before.get(columns[place - 1], "") for place in line.texts}
    return {place: text for place, text in texts.items() if text != line.texts[place]}
