"""Hints: what is valid, and most likely not meant."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

from controller.core.row import KNOWN_COLUMNS
from controller.core.words import fold

_ALIKE = 0.75
"""How alike two names must be, from 0 to 1, for the one to be a slip of the other."""


def columns_meant(columns: Sequence[str]) -> Iterator[str]:
    """Columns of the user's own that look like one of ours which is missing."""
    missing = {fold(name): name for name in KNOWN_COLUMNS if name not in columns}
    for own in columns:
        if own not in KNOWN_COLUMNS:
            for meant in get_close_matches(fold(own), missing, n=1, cutoff=_ALIKE):
                yield f"the column {own!r} is yours, and not read; {missing[meant]} would be"


def projects_meant(configured: Iterable[str], listed: Iterable[str]) -> Iterator[str]:
    """Folders given to projects that are not in the list, as a misspelt name would be."""
    known = set(listed)
    for name in configured:
        if name not in known:
            close = get_close_matches(name, known, n=1, cutoff=_ALIKE)
            meant = f"; {close[0]!r} is" if close else ""
            yield f"projects: {name!r} is no project of the list{meant}"
