"""The words of the Status cell, which the user and the controller share."""

import re
from enum import StrEnum


class Status(StrEnum):
    """What a Status cell may say; the controller writes it in exactly this spelling."""

    PENDING = "Pending"
    QUEUED = "Queued"
    IN_PROGRESS = "In Progress"
    WAITING = "Waiting"
    PAUSED = "Paused"
    BLOCKED = "Blocked"
    COMPLETED = "Completed"


_BLANKS = re.compile(r"\s+")
_BY_FOLDED = {_BLANKS.sub("", word).casefold(): word for word in Status}


def fold(text: str) -> str:
    """The text without blanks and case: the form in which words are compared."""
    return _BLANKS.sub("", text).casefold()


def status_of(text: str) -> Status | None:
    """The status that a cell's text means, or None for an empty or an unknown word."""
    return _BY_FOLDED.get(fold(text))
