"""A fault in a row: which line, which column, what it says and what is allowed."""

from dataclasses import dataclass

INVALID_ROW = "InvalidRow"
_SHOWN = 60


def shorten(text: str, limit: int = _SHOWN) -> str:
    """The text on one line, at most `limit` characters, control characters spelled out."""
    plain = "".join(char if char.isprintable() else repr(char)[1:-1] for char in text[: limit + 1])
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one row.

    Attributes:
        line: The line of the list, counted from 1.
        column: The column at fault; empty where the whole row is meant.
        value: What the cell says.
        allowed: What it may say, or what to do, for a person.
        reason: CamelCase.
    """

    line: int
    column: str
    value: str
    allowed: str
    reason: str = INVALID_ROW

    @property
    def message(self) -> str:
        """The fault in one sentence, without the list's name and line."""
        if not self.column:
            return self.allowed
        return f'{shorten(self.column)} "{shorten(self.value)}": {self.allowed}'
