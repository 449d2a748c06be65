"""Changes of files, in short: the lines that go and those that come."""

from controller.shim.stdlib import TYPE_CHECKING
from controller.shim.streams.ink import DIM, GREEN, LINE, OFF, RED, clean, cut

if TYPE_CHECKING:
    from typing import Any

_MOST = 10
"""Lines of a change that are shown."""
_LOOKED_AT = 65_536
"""Characters of a text that is compared."""
_NAMES = (("old_string", "new_string"), ("oldString", "newString"))
_WHOLE = ("content", "new_source")


def changes_of(given: "dict[str, Any]") -> list[str]:
    """Tell from the arguments of a tool what it is to change.

    Args:
        given: The arguments: old and new texts, a list of such pairs, or a file's whole content.

    Returns:
        Lines, each with its sign; empty where it changes nothing.
    """
    edits = given.get("edits")
    pairs = [given, *(edits[:_MOST] if isinstance(edits, list) else ())]
    lines: list[str] = []
    for pair in pairs:
        for old, new in _NAMES:
            if isinstance(pair, dict) and isinstance(pair.get(new), str):
                lines += _difference(pair.get(old), pair[new])
    for name in _WHOLE:
        if not lines and isinstance(given.get(name), str):
            lines = _signed("+", _lines(given[name]))
    return lines


def changes_in(patch: object) -> list[str]:
    """Take the changed lines out of a unified diff.

    Args:
        patch: Its text; or its hunks, each an object with `lines`.

    Returns:
        Lines, each with its sign.
    """
    lines: list[object] = []
    if isinstance(patch, str):
        lines = [*patch[:_LOOKED_AT].split("\n")]
    elif isinstance(patch, list):
        for hunk in patch[:_MOST]:
            if isinstance(hunk, dict) and isinstance(hunk.get("lines"), list):
                lines += hunk["lines"]
    return [
        line[: 4 * LINE]
        for line in lines
        if isinstance(line, str)
        and line.startswith(("+", "-"))
        and not line.startswith(("+++ ", "--- "))
    ]


def show_changes(lines: list[str]) -> str:
    """Show lines with their signs, in their colours."""
    out = []
    for line in lines[:_MOST]:
        colour = GREEN if line.startswith("+") else RED
        out.append(f"    {colour}{line[:1]} {cut(clean(line[1:], 2 * LINE))}{OFF}\n")
    if len(lines) > _MOST:
        more = lines[_MOST:]
        added = sum(line.startswith("+") for line in more)
        out.append(f"    {DIM}… +{added} −{len(more) - added}{OFF}\n")
    return "".join(out)


def _difference(old: object, new: str) -> list[str]:
    """What two texts do not share at their beginning and end."""
    gone, come = _lines(old) if isinstance(old, str) and old else [], _lines(new) if new else []
    while gone and come and gone[0] == come[0]:
        del gone[0], come[0]
    while gone and come and gone[-1] == come[-1]:
        del gone[-1], come[-1]
    return _signed("-", gone) + _signed("+", come)


def _lines(text: str) -> list[str]:
    return text[:_LOOKED_AT].removesuffix("\n").split("\n")


def _signed(sign: str, lines: list[str]) -> list[str]:
    return [sign + line[: 4 * LINE] for line in lines]
