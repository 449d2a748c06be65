"""The header of a list: which column is which."""

from collections.abc import Sequence

from controller.core.row import (
    AGENT,
    ALIASES,
    KNOWN_COLUMNS,
    LAST_UPDATE,
    NEXT_ACTION,
    PRIORITY,
    PROJECT,
    STATUS,
)
from controller.sources.base import SourceInvalid
from controller.sources.limits import MAX_COLUMNS

REQUIRED_COLUMNS = (PROJECT, PRIORITY, STATUS, AGENT, LAST_UPDATE, NEXT_ACTION)

_SHOWN_CHARACTERS = 40
"""So much of a column's name stands in a message."""
_LISTED_COLUMNS = 12
"""So many columns do."""


_UNSEEN = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060"))
"""Marks without width, as a file glued to another or a web page leaves them before a name."""


def _folded(name: str) -> str:
    return " ".join(name.translate(_UNSEEN).split()).casefold()


_KNOWN = {_folded(name): name for name in KNOWN_COLUMNS}
_KNOWN |= {_folded(alias): name for alias, name in ALIASES.items()}


def resolve_header(
    names: Sequence[str], *, required: Sequence[str], name: str, line: int = 1
) -> tuple[str, ...]:
    """The columns that a header's cells name.

    Known columns are found whatever their case and blanks; all others keep their own name, and
    a cell without one is called by its place, so that trailing commas do no harm. Beyond the most
    columns that are read, such cells are none.

    Args:
        names: The header's cells.
        required: The columns without which the list is none.
        name: What messages call the list.
        line: The line on which the header begins.

    Raises:
        SourceInvalid: A column is there twice, a required one is missing (Project, a row's
            identity, always is required), or there are too many.
    """
    columns: dict[str, int] = {}
    for place, text in enumerate(_within(names, name, line), start=1):
        own = text.strip() or f"(column {place})"
        column = _KNOWN.get(_folded(own), own)
        if column in columns:
            raise SourceInvalid(
                "DuplicateColumn",
                f"{name}, line {line}: the column {_shown(column)} is there twice (cells "
                f"{columns[column]} and {place} of the header). Rename or delete one.",
                line=line,
                column=column,
            )
        columns[column] = place
    missing = [column for column in dict.fromkeys((PROJECT, *required)) if column not in columns]
    if missing and not any(text.strip() for text in names):
        raise SourceInvalid(
            "MissingColumn",
            f"{name}, line {line} is blank, and the header is to stand there. Delete the lines "
            f"above it, or write it: {', '.join(required)}",
            line=line,
            column=missing[0],
        )
    if missing:
        raise SourceInvalid(
            "MissingColumn",
            f"{name}, line {line}: the header has no column {_listed(missing)}; it has "
            f"{_listed(list(columns))}. Add what is missing; the order does not matter.",
            line=line,
            column=missing[0],
        )
    return tuple(columns)


def _within(names: Sequence[str], name: str, line: int) -> Sequence[str]:
    """The header's cells without blank ones beyond the most that are read."""
    count = len(names)
    while count > MAX_COLUMNS and not names[count - 1].strip():
        count -= 1
    if count > MAX_COLUMNS:
        raise SourceInvalid(
            "TooManyColumns",
            f"{name}, line {line}: the header has {count:,} columns, and at most {MAX_COLUMNS} are "
            "read. Delete those that the list does not need.",
            line=line,
        )
    return names[:count]


def _shown(name: str) -> str:
    return repr(name if len(name) <= _SHOWN_CHARACTERS else name[: _SHOWN_CHARACTERS - 1] + "…")


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(_shown(name) for name in names[:_LISTED_COLUMNS])
    more = len(names) - _LISTED_COLUMNS
    return f"{shown} and {more} more" if more > 0 else shown
