"""The forms of the mock's log: as uvicorn has it, or a JSON object a line on standard output."""

import json
import logging
from datetime import datetime
from typing import Any

from uvicorn.config import LOGGING_CONFIG


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        said = {
            "at": datetime.fromtimestamp(record.created).astimezone().isoformat(),
            "level": record.levelname,
            "message": record.getMessage(),
        }
        if record.exc_info:
            said["error"] = self.formatException(record.exc_info)
        return json.dumps(said)


_OUT = {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stdout"}
FORMS: dict[str, dict[str, Any]] = {
    "text": LOGGING_CONFIG,
    "json": {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": _JsonLines}},
        "handlers": {"out": _OUT},
        "root": {"handlers": ["out"], "level": "INFO"},
    },
}
"""Name of the form → configuration of `logging`."""
