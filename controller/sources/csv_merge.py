"""Two saves that knew nothing of each other, made one: row by row, cell by cell. Pure."""

from collections.abc import Iterable, Mapping

from controller.core.row import AGENT, CONTROLLER_COLUMNS, LAST_UPDATE, PROJECT, STATUS
from controller.sources.csv_table import CsvTable
from controller.sources.csv_text import Record, cells_of

_VERSION = (STATUS, AGENT, LAST_UPDATE)
"""They say something only together: an old pair of them is known for what it is (a stale save)."""
_CONTROLLERS = frozenset(CONTROLLER_COLUMNS)


def merge(base: CsvTable, late: CsvTable, now: CsvTable) -> bytes | None:
    """What the list holds now, with what a late save changed.

    Rows are told by their Project. A cell that both changed is as the late save has it: it is
    always the user's, and the list's own may be the controller's. A row that the late save
    deleted goes, unless the list's says something new by now; its new rows come last.

    Args:
        base: What both began with.
        late: What was saved into a file that was out of its place.
        now: What the list holds.

    Returns:
        The merged list in the encoding of `now`; None where rows cannot be told apart, the columns
        differ, or the encoding of `now` lacks a character.
    """
    tables = (base, late, now)
    before, saved, there = (_by_name(table) for table in tables)
    if len({table.snapshot.columns for table in tables}) > 1:
        return None
    if before is None or saved is None or there is None:
        return None
    pieces: list[str] = []
    position = 0
    for name, index in there.items():
        if name not in before:
            continue
        record = now.records[index]
        old = base.snapshot.rows[before[name]].cells
        if name in saved:
            new = late.snapshot.rows[saved[name]].cells
            places = [now.snapshot.columns.index(column) for column in _changed(old, new)]
            text = _spliced(now.text, record, late.text, late.records[saved[name]], places)
            pieces += (now.text[position : record.start], text)
            position = _end(now.text, record)
        elif _same_words(old, now.snapshot.rows[index].cells):
            pieces.append(now.text[position : record.start])
            position = _next_line(now.text, _end(now.text, record))
    merged = "".join((*pieces, now.text[position:]))
    for name, index in saved.items():
        if name not in before and name not in there:
            merged = _with_line(merged, _raw(late.text, late.records[index]))
    try:
        return now.encoding.encode(merged)
    except UnicodeEncodeError:
        return None


def overlooks(base: CsvTable, save: CsvTable, shown: CsvTable, now: CsvTable) -> bool:
    """Whether a list was made of `shown` by somebody who had not seen a save.

    It has none of what the save changed, each cell is as it was before; and it has something that
    only `shown` had.

    Args:
        base: What the list held before.
        save: The save.
        shown: Our own version of `base`.
        now: What the list holds.
    """
    before, saved, ours, there = (_cells(table) for table in (base, save, shown, now))
    changed = [place for place in before | saved if before.get(place) != saved.get(place)]
    told = [
        place for place, text in ours.items() if text not in (before.get(place), saved.get(place))
    ]
    return (
        bool(changed)
        and all(there.get(place) == before.get(place) for place in changed)
        and any(there.get(place) == ours[place] for place in told)
    )


def _cells(table: CsvTable) -> dict[tuple[str, str], str]:
    """(project, column) → text."""
    return {
        (row.cell(PROJECT), column): text
        for row in table.snapshot.rows
        for column, text in row.cells.items()
    }


def _by_name(table: CsvTable) -> dict[str, int] | None:
    """Project → index of its row; None where two rows share one, or one has none."""
    names = [row.cell(PROJECT) for row in table.snapshot.rows]
    found = {name: index for index, name in enumerate(names)}
    return None if len(found) < len(names) or "" in found else found


def _changed(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    changed = [column for column, text in new.items() if old[column] != text]
    if set(_VERSION) & set(changed):
        changed += [column for column in _VERSION if column in new and column not in changed]
    return changed


def _same_words(old: Mapping[str, str], new: Mapping[str, str]) -> bool:
    """Whether a row says the same but for what the controller writes by itself."""
    return all(new[column] == text for column, text in old.items() if column not in _CONTROLLERS)


def _spliced(text: str, record: Record, other: str, model: Record, places: Iterable[int]) -> str:
    """A record with some cells as they are spelled in another."""
    spelled = [text[cell.start : cell.end] for cell in cells_of(text, record)]
    theirs = [other[cell.start : cell.end] for cell in cells_of(other, model)]
    for place in places:
        spelled += [""] * (place + 1 - len(spelled))
        spelled[place] = theirs[place] if place < len(theirs) else ""
    return ",".join(spelled)


def _raw(text: str, record: Record) -> str:
    return text[record.start : _end(text, record)]


def _end(text: str, record: Record) -> int:
    return cells_of(text, record)[-1].end


def _next_line(text: str, end: int) -> int:
    return end + (2 if text.startswith("\r\n", end) else 1)


def _with_line(text: str, line: str) -> str:
    ending = "\r\n" if "\r\n" in text else "\n" if "\n" in text else "\r"
    return f"{text}{'' if text.endswith(ending) else ending}{line}{ending}"
