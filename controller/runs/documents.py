"""Documents: the small JSON files of a run's folder, which may say anything."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from controller.files import read_some
from controller.runs.files import NoPlainFileError, open_plain

FILE_LIMIT = 1_048_576
"""No record that a session writes is larger; more of it is not read."""
EARLIEST, LATEST = 0.0, 32_503_680_000.0
"""Seconds since the epoch that a record can mean: from 1970 to 3000. With times at the end of the
calendar no later one could be computed."""


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
