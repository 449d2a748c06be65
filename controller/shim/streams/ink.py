"""Ink: the colours, and the texts of an agent as a terminal may show them."""

from controller.shim.escapes import rewrite
from controller.shim.stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

BOLD, DIM, RED, GREEN, YELLOW, OFF = (
    *("\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m"),
    "\x1b[m",
)

WORDS = 16_384
"""Characters of what an agent says that are shown: six screens of nothing else."""
LINE = 200
"""Characters of a line that is shown in short."""

_INDENT = "    "
_REORDERING = {code: f"\\u{code:04x}" for code in (*range(0x2028, 0x202F), *range(0x2066, 0x206A))}
"""They show text in another order or on another line than it has (CVE-2021-42574)."""


def clean(text: object, most: int = WORDS) -> str:
    """Take out of a text what a terminal would obey.

    Args:
        text: What stands where a text belongs; anything else is none.
        most: Characters of it that are kept.

    Returns:
        Lines; a note says how much was left out.
    """
    if not isinstance(text, str):
        return ""
    data, _ = rewrite(text[:most].encode("utf-8", "replace"), False, {})
    lines = data.decode("utf-8", "replace").translate(_REORDERING).replace("\b", "").split("\n")
    # What stands before a carriage return was overwritten: a progress bar, most often.
    kept = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)
    return kept if len(text) <= most else f"{kept}… {len(text) - most} more characters"


def brief(text: object, most: int = LINE) -> str:
    """Make one line of a text: its first, and how many follow."""
    if not isinstance(text, str):
        return ""
    text = text.strip()
    first = " ".join(clean(text.partition("\n")[0], most + 1).split())
    if len(first) > most:
        first = f"{first[:most]}…"
    more = text.count("\n")
    return f"{first} … {_more(more)}" if more else first


def said(text: object) -> str:
    """Show what an agent says, with air above."""
    words = clean(text).strip("\n")
    return f"\n{words}\n\n" if words else ""


def faint(text: object) -> str:
    """Show what matters little, on a line of its own."""
    words = brief(text)
    return f"{DIM}· {words}{OFF}\n" if words else ""


def opening(*parts: object) -> str:
    """Show who begins to work, and on what terms."""
    return faint(" · ".join(filter(None, map(brief, parts))))


def warning(text: object) -> str:
    """Show what an agent gets over, on a line of its own."""
    return f"{YELLOW}! {brief(text)}{OFF}\n"


def retry(text: object) -> str:
    """Show that an agent tries once more, on a line of its own."""
    return f"{YELLOW}↻ {brief(text)}{OFF}\n"


def failure(text: object) -> str:
    """Show an error, in a few lines."""
    return some(text, 6, RED, first=f"{RED}✗ ")


def some(text: object, most: int, colour: str = DIM, first: str = "") -> str:
    """Show the first lines of a text, indented.

    Args:
        text: The text.
        most: Lines of it that are shown.
        colour: Their colour.
        first: What stands in the place of the first line's indent and colour.
    """
    if not isinstance(text, str):
        return ""
    text = text.strip("\n")
    lines = clean(text, most * LINE * 2).split("\n")[:most]
    return rows(lines, colour, text.count("\n") + 1 - len(lines), first)


def rows(lines: "Iterable[str]", colour: str, more: int = 0, first: str = "") -> str:
    """Show clean lines, indented, and how many were left out."""
    out = [
        f"{(first if first and not at else _INDENT + colour)}{cut(line)}{OFF}\n"
        for at, line in enumerate(lines)
        if line or at
    ]
    if more > 0 and out:
        out.append(f"{_INDENT}{DIM}… {_more(more)}{OFF}\n")
    return "".join(out)


def cut(line: str) -> str:
    """Shorten a line that is too long to be read."""
    line = line.replace("\n", " ")
    return line if len(line) <= LINE else f"{line[:LINE]}…"


def nested(text: str) -> str:
    """Set apart what a helper of the agent does."""
    return "".join(f"{DIM}│{OFF} {line}\n" for line in text.strip("\n").split("\n") if text)


def _more(count: int) -> str:
    return f"{count} more line{'' if count == 1 else 's'}"
