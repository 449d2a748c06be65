"""Documents: the small JSON files of a run's folder, which may say anything."""

import json
import re
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from controller.core.calendar import EARLIEST, LATEST
from controller.files import read_some
from controller.runs.files import NoPlainFileError, open_plain

_Word = TypeVar("_Word", bound=StrEnum)

FILE_LIMIT = 1_048_576
"""No record that a session writes is larger; more of it is not read."""
_REASON = re.compile(r"[A-Z][A-Za-z0-9]{0,59}")


def read_object(path: Path) -> dict[str, Any] | None:
    """A small JSON object, or None where there is none or it is broken."""
    try:
        return read_known(path)
    except OSError:
        return None


def read_known(path: Path) -> dict[str, Any] | None:
    """A small JSON object, or None where it is broken or no plain file.

    Raises:
        OSError: It cannot be read.
    """
    try:
        with open_plain(path) as file:
            return parse(read_some(file, FILE_LIMIT))
    except NoPlainFileError:
        return None


def parse(content: bytes) -> dict[str, Any] | None:
    """A JSON object, or None for anything else."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def moment(seconds: object) -> datetime | None:
    """Seconds since the epoch as a time in the local zone; None for what no record can mean."""
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        return None
    if not EARLIEST <= seconds <= LATEST:
        return None
    return datetime.fromtimestamp(seconds).astimezone()


def one_of(value: object, words: type[_Word]) -> _Word | None:
    """One of some words; None for anything else."""
    return words(value) if isinstance(value, str) and value in set(words) else None


def as_reason(value: object) -> str:
    """A CamelCase word, or nothing: programs, tables and labels take it as it is."""
    return value if isinstance(value, str) and _REASON.fullmatch(value) else ""


def as_text(value: object) -> str:
    """A text that can be written; JSON may hold halves of characters."""
    if not isinstance(value, str):
        return ""
    return value[:4096].encode("utf-8", "replace").decode()


def as_line(value: object) -> str:
    """A line that does nothing to a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in as_text(value))[:200]


def as_count(value: object, most: int) -> int | None:
    """A whole number from 0 to `most`: no process has another status, no signal another number."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and isinstance(value, int) and 0 <= value <= most else None
