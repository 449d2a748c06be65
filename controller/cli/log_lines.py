"""The log's lines as text: one for each record, whatever it holds."""

import logging
from collections.abc import Callable
from copy import copy

from controller.cli.columns import clean


class Lines(logging.Formatter):
    """A line of log for each record, whatever its texts hold.

    Names and messages come from rows and agents: none of them can begin another line that passes
    for ours, and none can reach a terminal with what it obeys. A traceback stands indented below.

    Args:
        form: The line's form, as `logging` has it.
        times: The form of its time; None for the usual one.
        redact: Takes secrets out of it.
    """

    def __init__(
        self, form: str, times: str | None = None, redact: Callable[[str], str] = str
    ) -> None:
        super().__init__(form, times)
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """The record's line, and its traceback."""
        first = copy(record)
        first.exc_info = first.exc_text = first.stack_info = None
        texts = [clean(super().format(first))]
        if record.exc_info:
            texts.append(self.formatException(record.exc_info))
        if record.stack_info:
            texts.append(self.formatStack(record.stack_info))
        below = (line for text in texts[1:] for line in text.splitlines())
        whole = "\n".join((texts[0], *(f"    {clean(line.expandtabs(4))}" for line in below)))
        return self._redact(whole)
