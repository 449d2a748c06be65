"""Refusals: wrong tokens, told to the log so that nobody can fill it."""

import logging
import time

log = logging.getLogger(__name__)

SECONDS = 60.0
"""Between two lines; those who try meanwhile are counted."""


class Refusals:
    """Counts wrong tokens."""

    def __init__(self) -> None:
        self._untold = 0
        self._told_at: float | None = None

    def add(self, client: str) -> None:
        """Somebody showed a wrong token.

        Args:
            client: Their address.
        """
        self._untold += 1
        now = time.monotonic()
        if self._told_at is not None and now - self._told_at < SECONDS:
            return
        log.warning("%d with a wrong token were refused, the newest from %s", self._untold, client)
        self._told_at = now
        self._untold = 0
