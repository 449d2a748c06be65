"""The log's file: what a full disk does not take is lost there, and said where people look."""

import logging
import sys
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from controller.files import append_to

_BYTES = 10_485_760
_FILES = 3


class LogFile(RotatingFileHandler):
    """A rotated file, for its owner alone. A fault of the disk is told once, and its lines counted.

    Args:
        path: The file; its folder must be there.
        other: Where else the log goes, to tell of the fault.

    Raises:
        OSError: It cannot be made.
    """

    def __init__(self, path: Path, other: logging.Handler) -> None:
        super().__init__(path, maxBytes=_BYTES, backupCount=_FILES, encoding="utf-8")
        self._other = other
        self._lost = 0
        self._failed = False

    def _open(self) -> TextIOWrapper:
        return append_to(Path(self.baseFilename))

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        self._failed = False
        super().emit(record)
        if self._failed or not self._lost:
            return
        lost, self._lost = self._lost, 0
        text = f"the log in {self.baseFilename} goes on; about {lost} lines are missing in it"
        note = self._note(text)
        super().emit(note)
        self._other.handle(note)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the parent's name
        """Take note of a line that could not be written; a line of ours is a defect."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
            return
        if self.stream is not None and self.stream.closed:
            self.stream = None  # its rotation failed half-way: the next line opens it anew
        self._failed = True
        self._lost += 1
        if self._lost == 1:
            text = f"{self.baseFilename} cannot be written: {error.strerror}; the log is here alone"
            self._other.handle(self._note(text))

    @staticmethod
    def _note(text: str) -> logging.LogRecord:
        return logging.LogRecord(__name__, logging.WARNING, __file__, 0, text, None, None)
