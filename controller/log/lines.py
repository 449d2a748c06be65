"""Formatters of the standard library's log, whoever's records they are, by structlog."""

import os
from collections.abc import Callable
from typing import TextIO

from structlog.processors import JSONRenderer
from structlog.stdlib import ProcessorFormatter

from controller.log.console import ForPeople
from controller.log.fields import fields


def json_lines(redact: Callable[[str], str] = str) -> ProcessorFormatter:
    """An object a line, in ASCII, with what `fields` tells.

    Args:
        redact: Takes secrets out of a text.
    """
    return ProcessorFormatter(processors=(*fields(redact), JSONRenderer()))


def text_lines(
    redact: Callable[[str], str] = str, *, colours: bool = False, brief: bool = False
) -> ProcessorFormatter:
    """A line for people, and a traceback below it; see `ForPeople`.

    Args:
        redact: Takes secrets out of a text.
        colours: Whether it is for a terminal that shows them.
        brief: For the live table.
    """
    renderer = ForPeople(colours=colours, brief=brief)
    return ProcessorFormatter(processors=(*fields(redact), renderer))


def has_colours(stream: TextIO) -> bool:
    """Whether a stream is a terminal that shows colours, and nobody said no to them."""
    asked_not = os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb"
    return stream.isatty() and not asked_not
