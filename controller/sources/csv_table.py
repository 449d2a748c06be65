"""One content of a CSV file: its rows, and what stands where. Pure: bytes in, bytes out."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from controller.core.row import Row
from controller.sources.base import Snapshot, SourceInvalid, SourceUnavailable
from controller.sources.csv_encoding import Encoding, decode
from controller.sources.csv_text import Record, edit, stored, tokenize
from controller.sources.header import resolve_header


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
            changes: (index of the row in the snapshot, column) → new value.

        Raises:
            SourceInvalid: The file cannot be edited without changing other bytes.
        """
        if self.encoding.encode(self.text) != self.data:
            raise SourceInvalid(
                "LossyEncoding",
                f"{self.name}: its bytes are not what {self.encoding.codec} would write, so that "
                "it cannot be edited safely. Save it as UTF-8.",
            )
        places = {column: place for place, column in enumerate(self.snapshot.columns)}
        spans = {(index, places[column]): text for (index, column), text in changes.items()}
        return self.encoding.encode(edit(self.text, self.records, spans))


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
        SourceUnavailable: The file is empty, as it is for a moment while an editor saves it.
        SourceInvalid: It is no list: the encoding, the CSV or the header is at fault.
    """
    text, used = decode(data, encoding, name=name)
    _check_delimiter(text, name)
    records = [
        record
        for record in tokenize(text, name=name)
        if any(value and not value.isspace() for value in record.values)
    ]
    if not records:
        raise SourceUnavailable(
            "EmptyFile",
            f"{name} is empty. If no program is saving it just now, restore it, or write the "
            f"header as its first line: {','.join(required)}",
        )
    header, *body = records
    columns = resolve_header(header.values, required=required, name=name, line=header.line)
    rows = tuple(_row(record, columns) for record in body)
    return CsvTable(name, data, text, used, Snapshot(revision_of(data), columns, rows), body)


def _row(record: Record, columns: Sequence[str]) -> Row:
    values = record.values
    cells = dict(zip(columns, values, strict=False))
    if len(values) < len(columns):
        cells |= dict.fromkeys(columns[len(values) :], "")
    extra = list(values[len(columns) :])
    while extra and not extra[-1].strip():
        extra.pop()  # spreadsheets like to end lines with commas; that says nothing
    return Row(record.line, cells, tuple(extra))


def _check_delimiter(text: str, name: str) -> None:
    first = text.lstrip("\r\n").partition("\n")[0]
    for delimiter, word in ((";", "semicolons"), ("\t", "tabs")):
        if delimiter in first and "," not in first:
            raise SourceInvalid(
                "WrongDelimiter",
                f"{name}, line 1: the columns are separated by {word}. Save the file as CSV with "
                "commas (in LibreOffice: Save As, Edit filter settings, Field delimiter).",
                line=1,
            )
