"""Bytes to text and back, without the loss of a byte."""

import codecs
from dataclasses import dataclass

from controller.core.faults import shorten
from controller.sources.base import SourceInvalid
from controller.sources.csv_text import count_line_ends

_BYTE_ORDER_MARKS = {
    "utf-8": {codecs.BOM_UTF8: "utf-8"},
    "utf-16": {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"},
    "utf-32": {codecs.BOM_UTF32_LE: "utf-32-le", codecs.BOM_UTF32_BE: "utf-32-be"},
}
_LIKELY = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # it begins as utf-16 does
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NO_FILES = frozenset({"idna", "punycode", "raw_unicode_escape", "undefined", "unicode_escape"})
"""What Python calls encodings of text, and nobody saves a file in."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How one file spells its text.

    Attributes:
        codec: Python's word for it, byte order included.
        mark: The byte order mark with which the file begins, or nothing.
    """

    codec: str
    mark: bytes = b""

    def encode(self, text: str) -> bytes:
        """The file's bytes for a text."""
        return self.mark + text.encode(self.codec)

    def storable(self, value: str) -> str:
        """A value as this encoding can hold it, `?` in place of every other character."""
        return value.encode(self.codec, "replace").decode(self.codec)


def check_encoding(encoding: str) -> str:
    """Python's own name for an encoding.

    Raises:
        SourceInvalid: There is no such encoding of text.
    """
    try:
        "".encode(encoding)
        found = codecs.lookup(encoding).name
        if found.replace("-", "_") in _NO_FILES:
            raise LookupError(found)
    except (LookupError, ValueError) as error:
        raise SourceInvalid(
            "UnknownEncoding",
            f"priority_source.csv.encoding: {shorten(encoding)!r} is no text encoding that Python "
            "knows. Use utf-8, or cp1252 for files of older Excel.",
        ) from error
    return "utf-8" if found == "utf-8-sig" else found


def decode(data: bytes, encoding: str, *, name: str) -> tuple[str, Encoding]:
    """The text of a file, without its byte order mark, and how to write it back.

    Args:
        data: The whole file.
        encoding: A name that `check_encoding` gave.
        name: What messages call the list.

    Raises:
        SourceInvalid: The bytes are not in that encoding.
    """
    used = Encoding(encoding)
    for mark, codec in _BYTE_ORDER_MARKS.get(encoding, {}).items():
        if data.startswith(mark):
            used = Encoding(codec, mark)
            break
    body = data[len(used.mark) :]
    try:
        text = body.decode(used.codec)
    except UnicodeDecodeError as error:
        raise _undecodable(body, error, encoding, name) from error
    return text, used


def _undecodable(body: bytes, error: UnicodeDecodeError, encoding: str, name: str) -> SourceInvalid:
    before = body[: error.start].decode(error.encoding, "replace")
    line = 1 + count_line_ends(before)
    place = len(before) - max(before.rfind("\n"), before.rfind("\r"))
    marked = (codec for mark, codec in _LIKELY if body.startswith(mark) and codec != encoding)
    likely = next(marked, "cp1252" if encoding == "utf-8" else "utf-8")
    return SourceInvalid(
        "BadEncoding",
        f"{name}, line {line}: the byte 0x{body[error.start]:02x} is not {encoding}, at character "
        f"{place}. Save the file as {encoding}, or set priority_source.csv.encoding (perhaps "
        f"{likely}).",
        line=line,
    )
