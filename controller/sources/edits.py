"""Which edits still fit the list, and what they change: the same answer for every source."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from controller.core.row import LAST_UPDATE, PROJECT, STATUS
from controller.sources.base import Edit, Snapshot


@dataclass(frozen=True, slots=True)
class Settled:
    """What becomes of some edits.

    Attributes:
        changes: (index of the row, column) → text to write; only what differs.
        applied: The edits that fit, those included that need no change.
        conflicts: The edits whose row is gone or changed.
    """

    changes: Mapping[tuple[int, str], str]
    applied: tuple[Edit, ...]
    conflicts: tuple[Edit, ...]


def settle(
    snapshot: Snapshot, edits: Sequence[Edit], *, stored: Callable[[str], str] = str
) -> Settled:
    """Hold edits against a fresh read; each one sees those before it as done.

    Args:
        snapshot: The list as it is now.
        edits: What shall be written, each with its row as it was read.
        stored: What a cell of this kind of list says once a text was written to it.
    """
    now = _Rows(snapshot, edits)
    touched: dict[tuple[int, str], str] = {}
    applied: list[Edit] = []
    conflicts: list[Edit] = []
    for edit in edits:
        wanted = {
            column: stored(text)
            for column, text in edit.cells.items()
            if column in snapshot.columns
        }
        index = now.find(edit, wanted)
        if index is None or not _fits(now.cells[index], edit, wanted):
            conflicts.append(edit)
            continue
        applied.append(edit)
        now.cells[index] |= wanted
        touched |= {(index, column): text for column, text in wanted.items()}
    changes = {
        (index, column): text
        for (index, column), text in touched.items()
        if snapshot.rows[index].cells[column] != text
    }
    return Settled(changes, tuple(applied), tuple(conflicts))


def _fits(cells: Mapping[str, str], edit: Edit, wanted: Mapping[str, str]) -> bool:
    if all(cells[column] == text for column, text in wanted.items()):
        return True
    guarded = {*wanted, STATUS, LAST_UPDATE}
    return all(cells.get(column, "") == edit.row.cells.get(column, "") for column in guarded)


class _Rows:
    """The rows as they stand while one edit after the other is applied."""

    def __init__(self, snapshot: Snapshot, edits: Sequence[Edit]) -> None:
        self.rows = snapshot.rows
        self.cells = [dict(row.cells) for row in snapshot.rows]
        self.taken: set[int] = set()
        self.by_name: dict[str, list[int]] = {}
        for index, row in enumerate(snapshot.rows):
            self.by_name.setdefault(row.cell(PROJECT), []).append(index)
        # Edits of several rows of one name: they shared it when they were read.
        lines: dict[str, set[int]] = {}
        for edit in edits:
            lines.setdefault(edit.row.cell(PROJECT), set()).add(edit.row.line)
        self.shared = {name for name, places in lines.items() if len(places) > 1}

    def find(self, edit: Edit, wanted: dict[str, str]) -> int | None:
        """The index of the edit's row, or None where it is gone or cannot be told."""
        name = edit.row.cell(PROJECT)
        candidates = self.by_name.get(name, [])
        if name and name not in self.shared and len(candidates) == 1:
            return candidates[0]
        # A name that several rows share, or none has, tells nothing: all cells must. Of rows
        # that are equal in every cell each edit takes another, its own line first.
        before = dict(edit.row.cells)
        same = [
            index
            for index in candidates
            if index not in self.taken
            and self.rows[index].extra == edit.row.extra
            and self.cells[index] in (before, before | wanted)
        ]
        if not same:
            return None
        found = min(
            same,
            key=lambda index: (
                self.cells[index] != before,
                self.rows[index].line != edit.row.line,
            ),
        )
        self.taken.add(found)
        return found
