"""The forms of a log, and which one it has where nobody chose."""

import sys
from enum import StrEnum


class LogFormat(StrEnum):
    """The form of the log's lines."""

    AUTO = "auto"
    TEXT = "text"
    JSON = "json"

    @property
    def for_people(self) -> bool:
        """Whether what is printed is text: `auto` looks for a terminal."""
        if self is LogFormat.AUTO:
            return sys.stdout.isatty() or sys.stderr.isatty()
        return self is LogFormat.TEXT
