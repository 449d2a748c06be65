"""Debts: writes of which nobody knows yet that they met their rows, kept beyond a kill."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controller.files import make_folder, read_small, write_whole
from controller.sources.google_sheets_client import Line
from controller.sources.google_sheets_table import Identity, SheetTable

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
    """

    header: tuple[str, ...]
    truth: Truth
    lines: Sequence[tuple[Identity, Line]]

    @classmethod
    def of(cls, before: SheetTable, lines: Sequence[tuple[Identity, Line]]) -> "Debt":
        """The debt of a write into a table."""
        truth = {identity: row.cells for identity, row in before.known().items()}
        return cls(before.header, truth, lines)


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


def _form(debt: Debt) -> dict[str, Any]:
    return {
        "header": debt.header,
        "truth": [[identity, dict(cells)] for identity, cells in debt.truth.items()],
        "lines": [[to, line.number, dict(line.texts)] for to, line in debt.lines],
    }


def _debt(form: Mapping[str, Any]) -> Debt:
    return Debt(
        tuple(map(str, form["header"])),
        {_identity(words): dict(cells) for words, cells in form["truth"]},
        [
            (_identity(to), Line(int(number), {int(p): str(text) for p, text in texts.items()}))
            for to, number, texts in form["lines"]
        ],
    )


def _identity(words: Sequence[str]) -> Identity:
    return tuple(map(str, words))
