"""The sources behind one interface, with the user's hand and the world's mishaps."""

import csv
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from controller.sources.base import Edit, Snapshot, Source, SourceUnavailable
from controller.sources.csv_file import CsvFile
from controller.sources.file_write import replace_if_unchanged
from controller.sources.google_sheets import GoogleSheet
from controller.sources.google_sheets_address import SheetAddress
from controller.sources.memory import MemorySource
from controller.sources.retired import Retired
from tests.sheets.accounts import EMAIL, write_key
from tests.sheets.emulator import KEY, Emulator

COLUMNS = (
    *("Project", "Priority", "Status", "Agent", "Last Update", "Next Action"),
    *("Deadline", "GPU", "Model", "Reason", "Owner"),
)


def row(project: str, **cells: str) -> dict[str, str]:
    """A row as a user types it; `next_action` stands for Next Action, and so on."""
    typed = {name.replace("_", " ").title(): text for name, text in cells.items()}
    return {"Project": project, "Priority": "1", "Next Action": f"do {project}", **typed}


def edits_of(snapshot: Snapshot, project: str, **cells: str) -> list[Edit]:
    """The same edit for every row of a project."""
    wanted = {name.replace("_", " ").title(): text for name, text in cells.items()}
    return [Edit(found, wanted) for found in snapshot.rows if found.cell("Project") == project]


def cells_of(snapshot: Snapshot, column: str) -> list[str]:
    """One column of a list, from top to bottom."""
    return [found.cells[column] for found in snapshot.rows]


@contextmanager
def powerless() -> Iterator[None]:
    """Do without root's power to ignore permissions, where we have it."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


class Bench(Protocol):
    """A source and all that can happen to it.

    Attributes:
        source: The source.
        swaps: Whether a write takes effect only where the cells are still as they were read.
    """

    source: Source
    swaps: bool

    def save(self, rows: Iterable[Mapping[str, str]], columns: Sequence[str] = COLUMNS) -> None:
        """The user saves this list."""

    def race(self, edit: Callable[[], None]) -> None:
        """Do this within the next write, just before it takes effect."""

    def vanish(self) -> None:
        """Make the list unreachable."""


class MemoryBench:
    """The in-memory twin."""

    swaps = True

    def __init__(self) -> None:
        self.memory = MemorySource(columns=COLUMNS)
        self.source: Source = self.memory

    def save(self, rows: Iterable[Mapping[str, str]], columns: Sequence[str] = COLUMNS) -> None:
        """The user saves this list."""
        self.memory.failure = None
        self.memory.save(rows, columns=columns)

    def race(self, edit: Callable[[], None]) -> None:
        """Do this within the next write, just before it takes effect."""
        self.memory.before_write = edit

    def vanish(self) -> None:
        """Make the list unreachable."""
        self.memory.failure = SourceUnavailable("Gone", "It is gone; bring it back.")


class CsvBench:
    """A real file."""

    swaps = True

    def __init__(self, path: Path, patch: pytest.MonkeyPatch) -> None:
        self.path = path
        self.source: Source = CsvFile(path)
        self._patch = patch

    def save(self, rows: Iterable[Mapping[str, str]], columns: Sequence[str] = COLUMNS) -> None:
        """The user saves this list."""
        with self.path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows([typed.get(column, "") for column in columns] for typed in rows)

    def race(self, edit: Callable[[], None]) -> None:
        """Do this within the next write, just before it takes effect."""
        name = "controller.sources.csv_file.replace_if_unchanged"

        def race(path: Path, base: bytes, data: bytes, retired: Retired) -> bool:
            self._patch.setattr(name, replace_if_unchanged)
            edit()
            return replace_if_unchanged(path, base, data, retired)

        self._patch.setattr(name, race)

    def vanish(self) -> None:
        """Make the list unreachable."""
        self.path.unlink()


class SheetBench:
    """A sheet at a Google of ours, over real HTTP."""

    swaps = False

    def __init__(self, google: Emulator, folder: Path) -> None:
        self.google = google
        google.book.writers.add(EMAIL)
        google.reads.limit = google.writes.limit = 10_000
        self.source: Source = GoogleSheet(
            SheetAddress(KEY),
            credentials_file=write_key(folder / "key.json", google.url),
            environment={},
            endpoint=google.url,
        )

    def save(self, rows: Iterable[Mapping[str, str]], columns: Sequence[str] = COLUMNS) -> None:
        """The user saves this list."""
        self.google.book.writers.add(EMAIL)
        self.google.tab.save(rows, columns)

    def race(self, edit: Callable[[], None]) -> None:
        """Do this within the next write, just before it takes effect."""

        def race(deed: str) -> None:
            if deed == "write":
                self.google.before = None
                edit()

        self.google.before = race

    def vanish(self) -> None:
        """Make the list unreachable."""
        self.google.book.writers.clear()
