"""Reasons as labels: words of a vocabulary, never a text, however a run's folder was written."""

import re
from collections.abc import Iterable

OTHER = "Other"
"""Stands for every reason that is no word, and for those beyond the limit."""
LIMIT = 100
"""So many words are taken in beside the known ones. The program itself has about that many for all
purposes, each written in its source; agents of later make and broken folders bring more."""

_WORD = re.compile(r"[A-Z][A-Za-z0-9]{0,39}")


class Reasons:
    """A vocabulary that grows up to a limit, so that the number of series is bounded.

    Args:
        known: Words that always belong to it.
        limit: How many others may.
    """

    def __init__(self, known: Iterable[str] = (), limit: int = LIMIT) -> None:
        self._known = frozenset(known)
        self._others: set[str] = set()
        self._limit = limit

    def __call__(self, reason: str) -> str:
        """The reason, or `OTHER`."""
        if reason in self._known or reason in self._others:
            return reason
        if len(self._others) >= self._limit or not _WORD.fullmatch(reason):
            return OTHER
        self._others.add(reason)
        return reason
