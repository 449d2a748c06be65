"""What a file is that is no CSV, told by how it begins: people rename and download all sorts."""

import re

from controller.sources.base import SourceInvalid

_EXPORT = "Open it there and save it as CSV (UTF-8, with commas)."
_ANEW = "Put the list itself there, as CSV."

_MAGIC = (
    (b"PK\x03\x04", "a ZIP archive", _ANEW),
    (b"PK\x05\x06", "an empty ZIP archive", _ANEW),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a file of an older Excel (.xls)", _EXPORT),
    (b"\x89PNG\r\n\x1a\n", "a picture (PNG)", _ANEW),
    (b"\xff\xd8\xff", "a picture (JPEG)", _ANEW),
    (b"GIF8", "a picture (GIF)", _ANEW),
    (b"%PDF-", "a PDF", _ANEW),
    (b"\x1f\x8b", "compressed (gzip)", "Unpack it first."),
    (b"(\xb5/\xfd", "compressed (zstd)", "Unpack it first."),
    (b"SQLite format 3\0", "an SQLite database", _ANEW),
    (b"\x7fELF", "a program", _ANEW),
)
_SPREADSHEETS = (
    (b"opendocument.spreadsheet", "a LibreOffice file (.ods)"),
    (b"xl/", "an Excel file (.xlsx)"),
    (b"[Content_Types].xml", "an Excel file (.xlsx) or another of Office"),
    (b"Index/", "a Numbers file"),
)
_TEXTS = (
    (
        re.compile(rb"<!doctype html|<html|<head", re.IGNORECASE),
        "a web page (of a login, perhaps)",
        _ANEW,
    ),
    (re.compile(rb"<\?xml"), "XML", _EXPORT),
    (re.compile(rb"\{\\rtf"), "rich text (RTF)", "Save it as plain text."),
    (re.compile(rb"[\[{]"), "JSON", _ANEW),
)
_BLANKS = b"\xef\xbb\xbf \t\r\n"


def foreign(data: bytes, name: str) -> SourceInvalid | None:
    """The error for a file of another kind; None where it begins like none that is known.

    To be asked only of what could not be read as a list.
    """
    for magic, what, mend in _MAGIC:
        if data.startswith(magic):
            if magic == b"PK\x03\x04":
                what, mend = _spreadsheet(data) or (what, mend)
            return _no_csv(name, what, mend)
    start = data[:1024].lstrip(_BLANKS)
    for pattern, what, mend in _TEXTS:
        if pattern.match(start):
            return _no_csv(name, what, mend)
    return None


def _spreadsheet(data: bytes) -> tuple[str, str] | None:
    """What an archive's list of contents says of it; that stands at its start and its end."""
    ends = data[:4096] + data[-65_536:]
    return next(((what, _EXPORT) for part, what in _SPREADSHEETS if part in ends), None)


def _no_csv(name: str, what: str, mend: str) -> SourceInvalid:
    return SourceInvalid("NotCsv", f"{name} is {what}, and no CSV. {mend}")
