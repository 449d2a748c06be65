"""One content of a CSV file: its rows, and what stands where. Pure: bytes in, bytes out."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from controller.core.row import Row, Shape
from controller.sources.base import Snapshot, SourceEmpty, SourceInvalid
from controller.sources.csv_encoding import Encoding, decode
from controller.sources.csv_faults import DELIMITER, HEADER_CUT, ROWS, csv_fault
from controller.sources.csv_kinds import foreign
from controller.sources.csv_text import Record, edit, lines_of, stored, tokenize
from controller.sources.header import resolve_header
from controller.sources.limits import MAX_ROWS

_FIRST_LINE = re.compile(r"[^\r\n]+")
_QUOTED = re.compile(r'"[^"]*"?')
_MOST_RECORDS = 10 * MAX_ROWS
"""Blank ones that are not skipped at once (`"",""`) included."""
_LINE_ENDS = ("\n", "\r")
_DELIMITERS = ((";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars"))


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A CSV file's content, read and ready to be edited.

    Attributes:
        name: What messages call the list.
        data: The whole file.
        text: The same as text, without a byte order mark.
        encoding: How the text became bytes.
        snapshot: What the source gives to its reader.
        records: The record of each row of the snapshot, in the same order.
    """

    name: str
    data: bytes
    text: str
    encoding: Encoding
    snapshot: Snapshot
    records: Sequence[Record]

    def stored(self, value: str) -> str:
        """What a cell says once `value` was written to it."""
        return stored(self.encoding.storable(value))

    def edited(self, changes: Mapping[tuple[int, str], str]) -> bytes:
        """The file's bytes with some cells replaced.

        Args:
            changes: (index of the row in the snapshot, column) → new value, as `stored` gives it.

        Raises:
            SourceInvalid: The file cannot be edited without changing other bytes.
        """
        self._check_lossless()
        places = {column: place for place, column in enumerate(self.snapshot.columns)}
        spans = {(index, places[column]): text for (index, column), text in changes.items()}
        return self.encoding.encode(edit(self.text, self.records, spans))

    def extended(self, columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> bytes:
        """The file's bytes with further columns in the header, and further rows at the end.

        Args:
            columns: Names that the header lacks.
            rows: Column → text.

        Raises:
            SourceInvalid: The file cannot be edited without changing other bytes.
        """
        self._check_lossless()
        header = next(
            record
            for record in tokenize(self.text, name=self.name, blanks=False)
            if any(value.strip() for value in record.values)
        )
        known = (*self.snapshot.columns, *columns)
        names = {
            (0, place): self.encoding.storable(name)
            for place, name in enumerate(known)
            if name in columns
        }
        text = edit(self.text, [header], names)
        lines = [[self.stored(row.get(column, "")) for column in known] for row in rows]
        return self.encoding.encode(text + lines_of(text, lines))

    def _check_lossless(self) -> None:
        if not self._lossless():
            raise SourceInvalid(
                "LossyEncoding",
                f"{self.name}: its bytes are not what {self.encoding.codec} would write, so that "
                "it cannot be edited safely. Save it as UTF-8.",
            )

    def _lossless(self) -> bool:
        """Whether what was not edited would be the same bytes again."""
        try:
            return self.encoding.encode(self.text) == self.data
        except UnicodeEncodeError:  # some encodings read more than they write
            return False


def revision_of(data: bytes) -> str:
    """The revision of a file's content."""
    return hashlib.sha256(data).hexdigest()


def parse(data: bytes, *, encoding: str, required: Sequence[str], name: str) -> CsvTable:
    """Read a file's content.

    Args:
        data: The whole file.
        encoding: A name that `check_encoding` gave.
        required: The columns without which the list is none.
        name: What messages call the list.

    Raises:
        SourceEmpty: It holds nothing, as it does for a moment while an editor saves it.
        SourceInvalid: It is no list: the encoding, the CSV or the header is at fault.
    """
    try:
        return _parse(data, encoding, required, name)
    except SourceInvalid as error:
        raise foreign(data, name) or error from None


def _parse(data: bytes, encoding: str, required: Sequence[str], name: str) -> CsvTable:
    text, used = decode(data, encoding, name=name)
    _check_delimiter(text, name)
    records, last = _records(text, name)
    if not records:
        raise SourceEmpty(
            "EmptyFile",
            f"{name} is empty. If no program is saving it just now, restore it, or write the "
            f"header as its first line: {','.join(required)}",
        )
    header, *body = records
    columns = resolve_header(header.values, required=required, name=name, line=header.line)
    rows = [_row(record, columns) for record in body]
    if last is records[-1] and not text.endswith(_LINE_ENDS):
        if not body:
            raise csv_fault(HEADER_CUT, name, header.line)
        if len(last.values) < _named(header):
            rows[-1] = replace(rows[-1], shape=Shape.CUT)
    places = [place for place, row in enumerate(rows) if not row.idle]
    snapshot = Snapshot(revision_of(data), columns, tuple(rows[place] for place in places))
    return CsvTable(name, data, text, used, snapshot, [body[place] for place in places])


def _records(text: str, name: str) -> tuple[list[Record], Record | None]:
    """The records that are not blank, and the last one of the text, blank or not."""
    records: list[Record] = []
    last = None
    for count, record in enumerate(tokenize(text, name=name, blanks=False)):
        last = record
        if any(value and not value.isspace() for value in record.values):
            records.append(record)
        if len(records) > 1 + MAX_ROWS or count > _MOST_RECORDS:
            raise csv_fault(ROWS, name, record.line)
    return records, last


def _row(record: Record, columns: Sequence[str]) -> Row:
    values = record.values
    cells = dict(zip(columns, values, strict=False))
    if len(values) < len(columns):
        cells |= dict.fromkeys(columns[len(values) :], "")
    extra = list(values[len(columns) :])
    shape = Shape.WIDE if extra else Shape.EVEN
    while extra and not extra[-1].strip():
        extra.pop()  # spreadsheets like to end lines with commas; that says nothing
    return Row(record.line, cells, tuple(extra), shape)


def _named(header: Record) -> int:
    """How many cells a row has at least: up to the header's last cell with a name."""
    return max(place for place, cell in enumerate(header.values, start=1) if cell.strip())


def _check_delimiter(text: str, name: str) -> None:
    found = _FIRST_LINE.search(text)
    first = _QUOTED.sub("", found.group()) if found else ""
    if "," in first:
        return
    for delimiter, word in _DELIMITERS:
        if delimiter in first:
            raise csv_fault(DELIMITER, name, 1, word=word)
