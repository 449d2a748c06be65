"""Names as people type them: whole, or just enough of them."""

from collections.abc import Iterable

from controller.core.errors import NotFound
from controller.core.words import fold

COMMAND_VARIABLE = "SIDEKICK_COMMAND"
"""Holds how people call the command here, where that is not `sidekick`."""
START_VARIABLE = "SIDEKICK_START"
"""Holds how people start the controller here, where that is not the command's `run`."""
STOP_VARIABLE = "SIDEKICK_STOP"
"""Holds how people end the controller here, where that is not a signal to its process."""
SHOWN = 10
"""So many names are told where none fits."""
_LONGEST = 200
"""Characters of a name that are told; a valid one has no more."""


def pick(name: str, names: Iterable[str]) -> str:
    """The project meant by a name: exact, or the only one that begins so.

    Case, blanks and hyphens do not count. A name with characters that are not printable may be
    typed as it is shown.

    Raises:
        NotFound: None does, or several do.
    """
    known = list(names)
    if name in known:
        return name
    spelled = [full for full in known if not full.isprintable() and _shown(full) == name]
    if len(spelled) == 1:
        return spelled[0]
    wanted = _plain(name)
    same = [full for full in known if _plain(full) == wanted]
    matches = same or [full for full in known if wanted and _plain(full).startswith(wanted)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise NotFound("Ambiguous", f"{_quoted(name)} may be {_told(matches)}")
    raise NotFound("NotFound", f"no project {_quoted(name)}; there are: {_told(known) or 'none'}")


def as_argument(name: str) -> str:
    """The name as a word for a shell, behind `--` where it would pass for an option."""
    import shlex  # a quick look has no use for it

    return f"-- {shlex.quote(name)}" if name.startswith("-") else shlex.quote(name)


def _told(names: list[str]) -> str:
    shown = ", ".join(_shown(name) for name in names[:SHOWN])
    return shown + f" and {len(names) - SHOWN} more" * (len(names) > SHOWN)


def _shown(name: str) -> str:
    from controller.core.faults import shorten  # dataclasses, which a quick look does without

    return shorten(name, _LONGEST)


def _quoted(name: str) -> str:
    return f"'{_shown(name)}'"


def _plain(name: str) -> str:
    return fold(name.replace("-", " "))
