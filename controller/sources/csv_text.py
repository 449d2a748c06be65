"""CSV text as records of cells that know where they stand, and edits of single cells.

Python's csv module reads values and forgets their places, so that a file can only be written
anew: another quoting, other line ends, a user's diff full of noise. Here each cell keeps its
span; an edit replaces spans and leaves every other character alone. What a cell means (strict
dialect, doubled quotes) is the csv module's own rule.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from controller.sources.csv_faults import (
    conflict_marker,
    nul_character,
    text_after_quote,
    unclosed_quote,
)

# A quoted cell, or a run of bare ones, and what ends it. One match for a whole run makes it fast.
# No possessive quantifiers: CPython before 3.11.5 gets them wrong in repeated groups, and without
# them it is linear as well, since what a part gives back can never match another way.
_RUN = re.compile(
    r'(?:"([^"]*(?:""[^"]*)*)"|((?!")[^,\r\n]*(?:,(?!")[^,\r\n]*)*))(,|\r\n|\n|\r|\Z)'
)
_QUOTED = re.compile(r'"[^"]*(?:""[^"]*)*"(?!")')
_NEEDS_QUOTES = re.compile(r'[,"\r\n]')
_CONFLICT_MARKERS = ("<<<<<<< ", "||||||| ", "=======", ">>>>>>> ")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class Cell(NamedTuple):
    """One cell and its place in the text.

    Attributes:
        start: Index of its first character, the opening quote included.
        end: Index past its last character, the closing quote included.
        quoted: Whether it stands in quotes.
        value: What it says, quotes undone.
    """

    start: int
    end: int
    quoted: bool
    value: str


class Record(NamedTuple):
    """One record; it spans several lines where a quoted cell does.

    Attributes:
        line: The line on which it begins, counted from 1.
        start: Index of its first character.
        values: What its cells say, at least one.
    """

    line: int
    start: int
    values: tuple[str, ...]


def tokenize(text: str, *, name: str) -> list[Record]:
    """Split CSV text into its records; blank lines are skipped.

    Args:
        text: The whole text, line ends as they are in the file.
        name: What messages call the list.

    Raises:
        SourceInvalid: The text is no CSV, with the line and what to do.
    """
    if "\0" in text:
        raise nul_character(name, 1 + count_line_ends(text[: text.index("\0")]))
    return list(_records(text, name))


def _records(text: str, name: str) -> Iterator[Record]:
    match = _RUN.match
    position, line, size = 0, 1, len(text)
    while position < size:
        if text.startswith(_CONFLICT_MARKERS, position):
            raise conflict_marker(name, line)
        start, following, ending = position, line + 1, ","
        values: list[str] = []
        while ending == ",":
            found = match(text, position)
            if found is None:
                begins = following - 1
                if (cell := _QUOTED.match(text, position)) is None:
                    raise unclosed_quote(name, begins)
                raise text_after_quote(name, begins, begins + count_line_ends(cell.group()))
            quoted, bare, ending = found.groups()
            position = found.end()
            if quoted is None:
                values += bare.split(",")
            else:
                values.append(quoted.replace('""', '"'))
                following += count_line_ends(quoted)
        if position - len(ending) > start:
            yield Record(line, start, tuple(values))
        line = following


def cells_of(text: str, record: Record) -> list[Cell]:
    """The cells of a record with their places; only what is edited needs them."""
    cells: list[Cell] = []
    position, ending = record.start, ","
    while ending == ",":
        found = _RUN.match(text, position)
        assert found is not None, "the record was tokenized from this text"
        quoted, bare, ending = found.groups()
        end = found.end() - len(ending)
        if quoted is None:
            for value in bare.split(","):
                cells.append(Cell(position, position + len(value), False, value))
                position += len(value) + 1
        else:
            cells.append(Cell(position, end, True, quoted.replace('""', '"')))
        position = found.end()
    return cells


def count_line_ends(text: str) -> int:
    """How many of LF, CR and CRLF, counted as an editor counts them."""
    if "\r" not in text:
        return text.count("\n")
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def stored(value: str) -> str:
    """What a cell says once `value` was written to it.

    A text that a spreadsheet would take for a formula gets a leading apostrophe, and NUL, which
    no CSV can hold, is dropped.
    """
    value = value.replace("\0", "")
    return f"'{value}" if value.startswith(_FORMULA_STARTS) else value


def edit(text: str, records: Sequence[Record], changes: Mapping[tuple[int, int], str]) -> str:
    """Replace some cells and nothing else.

    A cell that says already what it shall say is left as it is spelled. A column beyond a
    record's last cell is reached with empty cells.

    Args:
        text: The text that was tokenized.
        records: What `tokenize` made of it.
        changes: (index of the record, index of the column) → new value.
    """
    wanted: dict[int, dict[int, str]] = {}
    for (index, column), value in sorted(changes.items()):
        wanted.setdefault(index, {})[column] = value
    pieces: list[str] = []
    position = 0
    for index, values in wanted.items():
        cells = cells_of(text, records[index])
        for column, cell in enumerate(cells):
            value = values.get(column, cell.value)
            if cell.value in (value, stored(value)):
                continue
            pieces += (text[position : cell.start], _spell(value, cell.quoted, len(cells) == 1))
            position = cell.end
        beyond = {column for column, value in values.items() if column >= len(cells) and value}
        if beyond:
            pieces.append(text[position : cells[-1].end])
            position = cells[-1].end
            added = (values.get(column, "") for column in range(len(cells), max(beyond) + 1))
            pieces += ("," + _spell(value) for value in added)
    pieces.append(text[position:])
    return "".join(pieces)


def _spell(value: str, quoted: bool = False, alone: bool = False) -> str:
    value = stored(value)
    quote = (
        quoted
        or _NEEDS_QUOTES.search(value)
        or value != value.strip()
        or value.startswith(_CONFLICT_MARKERS)
        or (alone and not value)  # bare, it would be a blank line and no record
    )
    doubled = value.replace('"', '""')
    return f'"{doubled}"' if quote else value
