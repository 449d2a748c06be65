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

REQUIRED_COLUMNS = (PROJECT, PRIORITY, STATUS, AGENT, LAST_UPDATE, NEXT_ACTION)


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


_KNOWN = {_folded(name): name for name in KNOWN_COLUMNS}
_KNOWN |= {_folded(alias): name for alias, name in ALIASES.items()}


def resolve_header(
    names: Sequence[str], *, required: Sequence[str], name: str, line: int = 1
) -> tuple[str, ...]:
    """The columns that a header's cells name.

    Known columns are found whatever their case and blanks; all others keep their own name, and
    a cell without one is called by its place, so that trailing commas do no harm.

    Args:
        names: The header's cells.
        required: The columns without which the list is none.
        name: What messages call the list.
        line: The line on which the header begins.

    Raises:
        SourceInvalid: A column is there twice, or a required one is missing.
    """
    columns: list[str] = []
    for place, text in enumerate(names, start=1):
        own = text.strip() or f"(column {place})"
        column = _KNOWN.get(_folded(own), own)
        if column in columns:
            raise SourceInvalid(
                "DuplicateColumn",
                f"{name}, line {line}: the column {column!r} is there twice (cells "
                f"{columns.index(column) + 1} and {place} of the header). Rename or delete one.",
                line=line,
                column=column,
            )
        columns.append(column)
    missing = [column for column in required if column not in columns]
    if missing:
        raise SourceInvalid(
            "MissingColumn",
            f"{name}, line {line}: the header has no column {_listed(missing)}; it has "
            f"{_listed(columns)}. Add what is missing; the order does not matter.",
            line=line,
            column=missing[0],
        )
    return tuple(columns)


def _listed(names: Sequence[str], most: int = 12) -> str:
    shown = ", ".join(repr(name[:40]) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
