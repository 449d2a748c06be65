"""A1 notation, as Sheets v4 takes it: 'Tab'!A1:ZZ, Tab!B2:C2, Tab."""

import re
from dataclasses import dataclass

_AREA = re.compile(r"([A-Z]+)(\d*)(?::([A-Z]*)(\d*))?")
_TAB = re.compile(r"(?:'((?:[^']|'')*)'|([^'!]+))(?:!(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Area:
    """A range of one tab; rows and columns are counted from 0, the ends are exclusive."""

    tab: str
    top: int = 0
    left: int = 0
    bottom: int | None = None
    right: int | None = None

    @classmethod
    def parse(cls, text: str) -> "Area | None":
        """What the text means; None where Google could not parse it."""
        found = _TAB.fullmatch(text)
        if found is None:
            return None
        tab = found[1].replace("''", "'") if found[1] is not None else found[2]
        if found[3] is None:
            return cls(tab)
        area = _AREA.fullmatch(found[3])
        if area is None:
            return None
        left, top = number(area[1]), int(area[2] or 1) - 1
        if area[3] is None:
            return cls(tab, top, left, top + 1, left + 1)
        right = number(area[3]) + 1 if area[3] else None
        return cls(tab, top, left, int(area[4]) if area[4] else None, right)


def number(letters: str) -> int:
    """A column's number from its letters, from 0."""
    total = 0
    for letter in letters:
        total = 26 * total + ord(letter) - 64
    return total - 1
