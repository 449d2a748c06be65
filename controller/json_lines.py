"""The log's lines as JSON, for those who collect them."""

import json
import logging
from collections.abc import Callable
from datetime import datetime


class JsonLines(logging.Formatter):
    """An object a line for each record: `at` (ISO 8601), `level`, `logger`, `message`, `error`.

    Args:
        redact: Takes secrets out of a text.
    """

    def __init__(self, redact: Callable[[str], str] = str) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON; its traceback is a text in it."""
        said = {
            "at": datetime.fromtimestamp(record.created).astimezone().isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": self._redact(record.getMessage()),
        }
        if record.exc_info:
            said["error"] = self._redact(self.formatException(record.exc_info))
        return json.dumps(said)
