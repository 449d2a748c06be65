"""Writes that are verified: Sheets has no compare-and-swap, and rows move while we write.

Each write's answer holds the lines as they are right after it. Where a line is another row's, that
row was soiled: the tab is read again, the row gets its own cells back where they still hold ours,
and the edits are settled anew. Where an answer is lost, the same is done with the next read.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from controller.sources.base import Edit
from controller.sources.edits import Settled, settle
from controller.sources.google_sheets_client import Line, SheetClient
from controller.sources.google_sheets_debts import Debt
from controller.sources.google_sheets_faults import SheetFault
from controller.sources.google_sheets_repairs import Repairs, has_arrived, repaired, repairs_of
from controller.sources.google_sheets_table import Identity, SheetTable, parse_values

TRIES = 8
_MOST_TEXT = 50_000
"""Characters that a cell can hold."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """What came of one read and the write after it.

    Attributes:
        table: The tab as it is.
        settled: What became of the edits.
    """

    table: SheetTable
    settled: Settled


class SheetWriter:
    """Reads one tab and writes edits into it.

    Args:
        client: The calls.
        required: The columns without which the list is none.
        name: What messages call the list.
        debts: Those of a writer before this one.
        keep: Told all debts before a write, and whenever there are fewer.
    """

    def __init__(
        self,
        client: SheetClient,
        required: Sequence[str],
        name: str,
        debts: Sequence[Debt],
        keep: Callable[[Sequence[Debt]], None],
    ) -> None:
        self.debts = list(debts)
        self._keep = keep
        self._client = client
        self._required = required
        self._name = name

    def read(self) -> SheetTable:
        """Read the tab.

        Raises:
            SheetFault: It could not be read.
            SourceEmpty, SourceInvalid: It is no list.
        """
        return parse_values(self._client.read(), required=self._required, name=self._name)

    def write(self, edits: Sequence[Edit]) -> Cycle:
        """Read the tab, apply each edit that fits, and give soiled rows their own cells back.

        Raises:
            SheetFault: It failed. What may have been soiled is remembered.
            SourceEmpty, SourceInvalid: It is no list.
        """
        for _ in range(TRIES):
            table = self.read()
            self._look_for(table)
            repairs = repairs_of(table, self.debts)
            clean = repaired(table, repairs)
            settled = settle(clean.snapshot, edits, stored=stored)
            lines = _lines(table, settled, repairs)
            if not lines:
                self._settled(table)
                return Cycle(table, settled)
            debt = Debt.of(clean, lines, time.time())
            self.debts.append(debt)
            self._keep(self.debts)
            try:
                answer = self._client.write([line for _, line in lines], len(table.header))
            except SheetFault as fault:
                if fault.refused:
                    self.debts.remove(debt)
                    self._keep(self.debts)
                raise
            self.debts[self.debts.index(debt)] = replace(debt, at=0.0)
            after = _verified(table, lines, *answer)
            # A soiled row may be blank but for what we wrote, as others are: only a look tells.
            if after is not None and not repairs:
                self._settled(after)
                return Cycle(after, settled)
        text = f"the rows of {self._name} moved {TRIES} times while they were written; it goes on"
        raise SheetFault("SheetBusy", text)

    def disown(self) -> None:
        """Another writer keeps the debts from here on."""
        self._keep = _unkept

    def _look_for(self, table: SheetTable) -> None:
        """The first read after a write that was not answered tells whether it may still arrive."""
        for index, debt in enumerate(self.debts):
            if debt.at and not debt.late and has_arrived(table, debt):
                self.debts[index] = replace(debt, at=0.0)

    def _settled(self, table: SheetTable) -> None:
        """All rows are in order; what was never answered may still arrive."""
        if self.debts:
            now = time.time()
            left = [debt.lingering(table, now) for debt in self.debts]
            self.debts[:] = [debt for debt in left if debt is not None]
            self._keep(self.debts)


def _unkept(_debts: Sequence[Debt]) -> None:
    """Nobody keeps them."""


def stored(text: str) -> str:
    """What a cell says once a text was written to it."""
    return text.replace("\0", "")[:_MOST_TEXT]


def _lines(table: SheetTable, settled: Settled, repairs: Repairs) -> list[tuple[Identity, Line]]:
    """What is to be written, each with the row that it is meant for."""
    rows = {row.line: row for row in table.snapshot.rows}
    texts = {line: dict(cells) for line, cells in repairs.items()}
    for (index, column), text in settled.changes.items():
        line = table.snapshot.rows[index].line
        place = table.snapshot.columns.index(column) + 1
        texts.setdefault(line, {})[place] = text
    return [
        (table.identity(rows[line].cells), Line(line, cells))
        for line, cells in sorted(texts.items())
    ]


def _verified(
    table: SheetTable,
    lines: Sequence[tuple[Identity, Line]],
    header: Sequence[object] | None,
    found: Sequence[Sequence[object]],
) -> SheetTable | None:
    """The table after a write; None where it met other rows or columns than it was meant for."""
    if header is not None and [str(cell) for cell in header] != list(table.header):
        return None
    after = [table.cells(values) for values in found]
    for (identity, _), cells in zip(lines, after, strict=True):
        if table.identity(cells) != identity:
            return None
    return table.written(
        {line.number: cells for (_, line), cells in zip(lines, after, strict=True)}
    )
