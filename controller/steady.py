"""Steadiness: since when the clock has gone on evenly, so that a silence can be measured by it."""

import time
from collections.abc import Callable
from datetime import datetime

JUMP_SECONDS = 30.0
"""A clock that is set right by its time service moves by less."""


class Steady:
    """Tells jumps of the clock, and sleeps of the machine, from time that went by.

    Args:
        passed: Seconds of a clock that nobody sets, and that rests while the machine sleeps.
    """

    def __init__(self, passed: Callable[[], float] = time.monotonic) -> None:
        self._passed = passed
        self._since: datetime | None = None
        self._at: tuple[float, float] = (0.0, 0.0)

    def since(self, now: datetime) -> datetime:
        """Since when the time has gone by evenly: this process's first look at the earliest."""
        here = (now.timestamp(), self._passed())
        drift = abs((here[0] - self._at[0]) - (here[1] - self._at[1]))
        if self._since is None or drift > JUMP_SECONDS:
            self._since = now
            self._at = here
        elif here[1] - self._at[1] > JUMP_SECONDS:
            self._at = here  # small steps of a time service do not add up to a jump
        return self._since
