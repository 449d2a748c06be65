"""Names as people type them: whole, or just enough of them."""

from collections.abc import Iterable

from controller.core.errors import NotFound
from controller.core.words import fold

SHOWN = 10
"""So many names are told where none fits."""


def pick(name: str, names: Iterable[str]) -> str:
    """The project meant by a name: exact, or the only one that begins so.

    Case, blanks and hyphens do not count.

    Raises:
        NotFound: None does, or several do.
    """
    known = list(names)
    if name in known:
        return name
    wanted = _plain(name)
    same = [full for full in known if _plain(full) == wanted]
    matches = same or [full for full in known if wanted and _plain(full).startswith(wanted)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise NotFound("Ambiguous", f"{name!r} may be {', '.join(matches)}")
    shown = ", ".join(known[:SHOWN]) + (f" and {len(known) - SHOWN} more" * (len(known) > SHOWN))
    raise NotFound("NotFound", f"no project {name!r}; there are: {shown or 'none'}")


def _plain(name: str) -> str:
    return fold(name.replace("-", " "))
