"""Google's quotas: reads and writes of a minute, each by itself."""

import time
from collections.abc import Callable

LIMIT = 60
"""Requests of a user in a minute; the project's own 300 are never reached by one controller."""


class Quota:
    """Counts one kind of request in the minute that runs.

    Args:
        limit: As the attribute.
        clock: Seconds.

    Attributes:
        limit: How many are allowed.
        most: The most that one minute had.
    """

    def __init__(self, limit: int = LIMIT, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.limit = limit
        self.most = 0
        self._minute = 0
        self._count = 0

    def take(self) -> bool:
        """Count one; whether it is within the limit."""
        minute = int(self._clock() // 60)
        if minute != self._minute:
            self._minute, self._count = minute, 0
        self._count += 1
        self.most = max(self.most, self._count)
        return self._count <= self.limit
