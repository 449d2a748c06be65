"""CSV text as records of cells that know where they stand, and edits of single cells.

Python's csv module reads values and forgets their places, so that a file can only be written
anew: another quoting, other line ends, a user's diff full of noise. Here each cell keeps its
span; an edit replaces spans and leaves every other character alone. What a cell means (strict
dialect, doubled quotes) is the csv module's own rule.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from controller.sources.base import SourceInvalid
from controller.sources.csv_faults import AFTER_QUOTE, CELLS, CONFLICT, NUL, UNCLOSED, csv_fault
from controller.sources.limits import MAX_CELLS

# A quoted cell, or a run of bare ones, and what ends it. One match for a whole run makes it fast.
# The repetitions are bounded, for each one takes memory while the match lasts: a longer run is
# matched in pieces, a cell with more quotes in `_past_quoted`.
# No possessive quantifiers: CPython before 3.11.5 gets them wrong in repeated groups, and without
# them it is linear as well, since what a part gives back can never match another way.
_RUN = re.compile(
    r'(?:"([^"]*(?:""[^"]*){0,999})"|((?!")[^,\r\n]*(?:,(?!")[^,\r\n]*){0,999}))(,|\r\n|\n|\r|\Z)'
)
_INSIDE = re.compile(r'[^"]*(?:""[^"]*){0,999}')
_ENDING = re.compile(r",|\r\n|\n|\r|\Z")
_EMPTY_LINES = re.compile(r"[\r\n]+")
_BLANK_LINES = re.compile(r"[, \t\r\n]*[\r\n]")
_NEEDS_QUOTES = re.compile(r'[,"\r\n]')
_CONFLICT_MARKERS = ("<<<<<<< ", "||||||| ", "=======", ">>>>>>> ")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Those of OWASP's page on CSV injection; spreadsheets set to Japanese take the wide ones."""


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


def tokenize(text: str, *, name: str, blanks: bool = True) -> Iterator[Record]:
    """The records of CSV text, one after the other; empty lines are skipped.

    Args:
        text: The whole text, line ends as they are in the file.
        name: What messages call the list.
        blanks: False to skip lines of bare blank cells too, of which spreadsheets can leave a
            million at the end.

    Raises:
        SourceInvalid: The text is no CSV, with the line and what to do.
    """
    if "\0" in text:
        before = text[: text.index("\0")]
        place = len(before) - max(before.rfind("\n"), before.rfind("\r"))
        raise csv_fault(NUL, name, 1 + count_line_ends(before), place=place)
    return _records(text, name, _EMPTY_LINES if blanks else _BLANK_LINES)


def _records(text: str, name: str, nothing: re.Pattern[str]) -> Iterator[Record]:
    match, skip = _RUN.match, nothing.match
    position, line, size = 0, 1, len(text)
    while position < size:
        if (skipped := skip(text, position)) is not None:
            position = skipped.end()
            line += count_line_ends(skipped.group())
            continue
        if text.startswith(_CONFLICT_MARKERS, position):
            raise csv_fault(CONFLICT, name, line)
        start, following, ending = position, line + 1, ","
        values: list[str] = []
        while ending == ",":
            if (found := match(text, position)) is not None:
                quoted, bare, ending = found.groups()
                position = found.end()
            else:
                begins = position
                quoted, ending, position = _long_quoted(text, position)
                if position < 0:
                    raise _broken(text, begins, name, following - 1, len(values) + 1)
            if quoted is None:
                values += bare.split(",")
            else:
                values.append(quoted.replace('""', '"'))
                following += count_line_ends(quoted)
            if len(values) > MAX_CELLS:
                raise csv_fault(CELLS, name, line)
        yield Record(line, start, tuple(values))
        line = following


def _past_quoted(text: str, position: int) -> int:
    """The index past the closing quote of the cell that begins here; -1 where none closes it."""
    position += 1
    while (found := _INSIDE.match(text, position)) is not None:
        position = found.end()
        if not text.startswith('""', position):
            break
    return position + 1 if position < len(text) else -1


def _long_quoted(text: str, position: int) -> tuple[str, str, int]:
    """A quoted cell however long: its inside, what ends it, the index past that; -1 for broken."""
    end = _past_quoted(text, position)
    ending = _ENDING.match(text, end) if end > 0 else None
    if ending is None:
        return "", "", -1
    return text[position + 1 : end - 1], ending.group(), ending.end()


def _broken(text: str, position: int, name: str, line: int, cell: int) -> SourceInvalid:
    """What is wrong with the quoted cell that begins here."""
    end = _past_quoted(text, position)
    if end < 0:
        return csv_fault(UNCLOSED, name, line, cell=cell)
    last = line + count_line_ends(text[position:end])
    return csv_fault(AFTER_QUOTE, name, line, cell=cell, end=last)


def cells_of(text: str, record: Record) -> list[Cell]:
    """The cells of a record with their places; only what is edited needs them."""
    cells: list[Cell] = []
    position, ending = record.start, ","
    while ending == ",":
        start = position
        if (found := _RUN.match(text, start)) is not None:
            quoted, bare, ending = found.groups()
            position = found.end()
        else:
            quoted, ending, position = _long_quoted(text, start)
        if quoted is None:
            for value in bare.split(","):
                cells.append(Cell(start, start + len(value), False, value))
                start += len(value) + 1
        else:
            end = position - len(ending)
            cells.append(Cell(start, end, True, quoted.replace('""', '"')))
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


def lines_of(text: str, rows: Sequence[Sequence[str]]) -> str:
    """Rows as lines to stand behind a text, with its line ends."""
    end = "\r\n" if "\r\n" in text else "\n"
    first = "" if not text or text.endswith(("\n", "\r")) else end
    return first + "".join(
        ",".join(_spell(value, alone=len(row) == 1) for value in row) + end for row in rows
    )


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
