"""The forms of the mock's log: as uvicorn has it, or a JSON object a line on standard output."""

import sys
from typing import Any

from structlog.processors import JSONRenderer, TimeStamper, format_exc_info
from structlog.stdlib import ProcessorFormatter, add_log_level, add_logger_name
from uvicorn.config import LOGGING_CONFIG


def _json_lines() -> ProcessorFormatter:
    """`timestamp` (RFC 3339), `level`, `event`, `logger`; `exception` as a text."""
    return ProcessorFormatter(
        processors=(
            TimeStamper("iso", utc=True), add_log_level, add_logger_name, format_exc_info,
            ProcessorFormatter.remove_processors_meta, JSONRenderer(),
        )
    )  # fmt: skip


_OUT = {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stdout"}
FORMS: dict[str, dict[str, Any]] = {
    "text": LOGGING_CONFIG,
    "json": {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": _json_lines}},
        "handlers": {"out": _OUT},
        "root": {"handlers": ["out"], "level": "INFO"},
    },
}
"""Name of the form → configuration of `logging`."""


def form(asked: str) -> dict[str, Any]:
    """The configuration of a form; of `auto`, text at a terminal and JSON elsewhere."""
    if asked == "auto":
        asked = "text" if sys.stdout.isatty() or sys.stderr.isatty() else "json"
    return FORMS[asked]
