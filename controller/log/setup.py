"""Where the log goes."""

import logging
import sys
from collections.abc import Callable

from controller.log.forms import LogFormat
from controller.log.lines import has_colours, json_lines, text_lines

_QUIET = ("libtmux", "uvicorn", "urllib3")
"""Libraries that tell of each call; urllib3 with its whole address, tokens included."""


def printer(form: LogFormat, redact: Callable[[str], str] = str) -> logging.Handler:
    """What prints the log: text on standard error, or JSON lines on standard output.

    Args:
        form: The log's form.
        redact: Takes secrets out of a text.
    """
    if form.for_people:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(text_lines(redact, colours=has_colours(sys.stderr)))
    else:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(json_lines(redact))
    return handler


def log_to(*handlers: logging.Handler, level: str = "INFO") -> None:
    """Send all records of this process there, those of the libraries included.

    Args:
        handlers: Each with its formatter.
        level: The least that is logged, as `logging` names it.
    """
    logging.basicConfig(level=level, handlers=handlers, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
