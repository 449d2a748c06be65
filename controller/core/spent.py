"""What was spent, as values."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent.

    Attributes:
        dollars: As far as agents say, or the settings' prices tell.
        tokens: All of them.
    """

    dollars: float = 0.0
    tokens: int = 0

    def __add__(self, other: "Spent") -> "Spent":
        """Both together."""
        return Spent(self.dollars + other.dollars, self.tokens + other.tokens)


NOTHING_SPENT = Spent()


@dataclass(frozen=True, slots=True)
class Day:
    """What one agent spent on one day.

    Attributes:
        date: Which, as the controller's clock has it.
        spent: By runs that ended on it.
    """

    date: date
    spent: Spent
