"""Debts: writes of which nobody knows yet that they met their rows, kept beyond a kill."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controller.core.row import LAST_UPDATE
from controller.files import make_folder, read_small, write_whole
from controller.sources.google_sheets_client import Line
from controller.sources.google_sheets_table import Identity, SheetTable

LATEST_S = 180.0
"""After it was begun a write may still arrive: a kernel sends a closed connection's data again for
100 s at least (tcp_orphan_retries), and began to do so within the 30 s that an answer may take."""
_MOST_BYTES = 33_554_432
"""The longest list's: a debt holds every row."""

Truth = Mapping[Identity, Mapping[str, str]]
"""What a row is known by → column → text."""


@dataclass(frozen=True, slots=True)
class Debt:
    """A write of which nobody knows yet that it met its rows.

    Attributes:
        header: The header's cells as they were.
        truth: Every row's cells as they were before, of soiled rows their own: where columns move
            too, a write may hit any of them.
        lines: What was written, each with the row that it was meant for.
        at: When, in seconds since the epoch; 0 once it was answered, or seen to be done.
        late: Whether a read has found all rows in order since: it may still arrive.
    """

    header: tuple[str, ...]
    truth: Truth
    lines: Sequence[tuple[Identity, Line]]
    at: float = 0.0
    late: bool = False

    @classmethod
    def of(
        cls, before: SheetTable, lines: Sequence[tuple[Identity, Line]], at: float = 0.0
    ) -> "Debt":
        """The debt of a write into a table."""
        return cls(before.header, _truth(before), lines, at)

    def lingering(self, now: SheetTable, at: float) -> "Debt | None":
        """What may still come of it, once a read has found all rows in order.

        A request that was never answered may wait in some buffer, and be done when rows have moved.
        Only what makes a row's version is looked out for: by its time it is told from all else.

        Args:
            now: The table with all rows in order.
            at: The time, in seconds since the epoch.
        """
        if not 0 <= at - self.at < LATEST_S:
            return None
        place = self.header.index(LAST_UPDATE) + 1 if LAST_UPDATE in self.header else 0
        lines = [(to, line) for to, line in self.lines if place in line.texts]
        return Debt(self.header, _truth(now), lines, self.at, late=True) if lines else None


class DebtBook:
    """Keeps the debts of one list in a file, from before a write until it is proven.

    Only the controller has one, whose lock sees to it that it is alone: a command beside it would
    take a write that is under way for one that was lost.

    Args:
        path: The file.
        name: Which list; debts of another one are none.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._name = name

    def load(self) -> list[Debt]:
        """Those that were left; none where the file cannot be read."""
        try:
            found = json.loads(read_small(self._path, _MOST_BYTES))
            return [_debt(item) for item in found["debts"]] if found["name"] == self._name else []
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return []

    def keep(self, debts: Sequence[Debt]) -> None:
        """Keep these and no others; what cannot be kept is a risk, and no fault of the write."""
        with suppress(OSError):
            if not debts:
                self._path.unlink(missing_ok=True)
                return
            make_folder(self._path.parent)
            document = {"name": self._name, "debts": [_form(debt) for debt in debts]}
            write_whole(self._path, json.dumps(document).encode())


def _truth(table: SheetTable) -> Truth:
    return {identity: row.cells for identity, row in table.known().items()}


def _form(debt: Debt) -> dict[str, Any]:
    return {
        "header": debt.header,
        "truth": [[identity, dict(cells)] for identity, cells in debt.truth.items()],
        "lines": [[to, line.number, dict(line.texts)] for to, line in debt.lines],
        "at": debt.at,
        "late": debt.late,
    }


def _debt(form: Mapping[str, Any]) -> Debt:
    return Debt(
        tuple(map(str, form["header"])),
        {_identity(words): dict(cells) for words, cells in form["truth"]},
        [
            (_identity(to), Line(int(number), {int(p): str(text) for p, text in texts.items()}))
            for to, number, texts in form["lines"]
        ],
        float(form["at"]),
        bool(form["late"]),
    )


def _identity(words: Sequence[str]) -> Identity:
    return tuple(map(str, words))
