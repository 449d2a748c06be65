"""The curves of waiting: after a crash, after a fault of the surroundings."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Curve:
    """Exponential waiting with a cap and deterministic jitter.

    Attributes:
        first: Seconds to wait after the first failure.
        most: The cap, in seconds.
        jitter: Fraction by which a delay may differ, either way.
    """

    first: float
    most: float
    jitter: float = 0.1

    @property
    def longest(self) -> float:
        """The longest delay that the curve can give, in seconds."""
        return self.most * (1 + self.jitter)

    def delay(self, attempt: int, key: str) -> float:
        """Seconds to wait after failure number `attempt` (from 1).

        The jitter comes from a hash of `key` and `attempt`, so that it is the same after a
        restart of the controller.
        """
        plain = min(self.first * 2.0 ** min(attempt - 1, 60), self.most)
        digest = sha256(f"{key}/{attempt}".encode()).digest()
        share = int.from_bytes(digest[:8], "big") / (2**64 - 1)
        return plain * (1 + self.jitter * (2 * share - 1))


CRASH = Curve(first=10, most=300)
"""kubelet's curve for crashed containers (10 s, doubled, 300 s)."""
FAULT = Curve(first=10, most=300)
"""A missing program or folder is looked at again as often as a crash."""
SERVICE = Curve(first=15, most=600)
"""A service that is overloaded or cannot be reached: the agent itself has tried for a while."""
HOLD = Curve(first=300, most=3600)
"""A limit whose end nobody told."""
NOTICE = Curve(first=1, most=300)
"""A message that did not arrive."""
LOST = Curve(first=1, most=60)
"""Faults of the infrastructure."""


def due(at: datetime, now: datetime, wait: float) -> datetime:
    """A stored time of the next try, never further away than the wait that was meant (seconds).

    A clock that jumped back between writing and reading must not make an endless wait.
    """
    return min(at, now + timedelta(seconds=wait))
