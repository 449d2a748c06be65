"""What a line of the log says: structlog's processors, from a record to its fields."""

from collections.abc import Callable
from datetime import datetime

from structlog.processors import format_exc_info
from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_log_level, add_logger_name
from structlog.typing import EventDict, Processor, WrappedLogger

FIELDS = ("project", "action", "reason", "result", "duration_seconds", "actions", "writes")
"""What a record may bring in its `extra`; what a library adds there of its own is left out."""

_OURS = frozenset(("timestamp", "level", "logger", "action", "result"))
"""Words of ours alone: there is no secret in them, and to look for one takes a while."""


def fields(redact: Callable[[str], str]) -> tuple[Processor, ...]:
    """From a record to the fields that are said of it, without secrets.

    `timestamp` (RFC 3339, with the local zone), `level` (in small letters), `event` (the text),
    `logger`; of `FIELDS` those that it brings; `exception` and `stack` as texts.

    Args:
        redact: Takes secrets out of a text.
    """

    def redacted(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
        return {
            key: value
            if key in _OURS or isinstance(value, int | float | None)
            else redact(str(value))
            for key, value in event.items()
        }

    return (
        add_log_level, add_logger_name, ExtraAdder(FIELDS), format_exc_info, _ordered,
        ProcessorFormatter.remove_processors_meta, redacted,
    )  # fmt: skip


def _ordered(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Begin with the time, the record's own: it is the same wherever the record goes to."""
    at = datetime.fromtimestamp(event["_record"].created).astimezone()
    ordered = {
        "timestamp": at.isoformat(timespec="microseconds"),
        **{key: event.pop(key) for key in ("level", "event", "logger")},
        **event,
    }
    if stack := ordered.pop("stack_info", ""):
        ordered["stack"] = stack
    return ordered
