"""Looks into events that may hold anything: what is not of the kind that is wanted is empty."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from controller.agents.base import Event
from controller.core.calendar import EARLIEST, LATEST
from controller.core.facts import CONVERSATION

SAID = 4000
"""Characters of an agent's newest text that are kept, its last ones."""
BRIEF = 4000
"""Characters of what an agent or its service says of a trouble that are kept, its first ones."""
STEP = 200
"""Characters of a step that are kept, its first ones."""
_TELLING = (
    *("command", "cmd", "file_path", "filePath", "absolute_path", "path", "pattern", "query"),
    *("url", "description", "prompt"),
)
"""Arguments that tell most of a tool's use, the first one that is there."""


def texts(value: object) -> str:
    """A text that can be written, for JSON may hold half characters; empty for anything else."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def brief(value: object) -> str:
    """The beginning of a text: patterns are held against it, and it is kept."""
    return texts(value)[:BRIEF]


def conversation(value: object) -> str:
    """The id of a conversation; empty for what can be none."""
    known = texts(value)
    return known if CONVERSATION.fullmatch(known) else ""


def inner(value: object) -> Event:
    """An object; empty for anything else."""
    return value if isinstance(value, Mapping) else {}


def items(value: object) -> list[Any]:
    """A list; empty for anything else."""
    return value if isinstance(value, list) else []


def count(value: object) -> int:
    """A whole number that is not negative; 0 for anything else."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and isinstance(value, int) and 0 <= value < 2**53 else 0


def number(value: object) -> float | None:
    """A finite number; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -1e15 < value < 1e15 else None


def moment(value: object) -> datetime | None:
    """A time, given in seconds since the epoch; None for anything else."""
    at = number(value)
    if at is None or not EARLIEST < at <= LATEST:
        return None
    return datetime.fromtimestamp(at, UTC)


def step(tool: object, arguments: object) -> str:
    """One use of a tool, for a person: `Bash: pytest -q`."""
    name = texts(tool) or "tool"
    given = inner(arguments)
    told = next((text for key in _TELLING if (text := texts(given.get(key)).strip())), "")
    return f"{name}: {told.splitlines()[0]}"[:STEP] if told else name[:STEP]


def ended_with(text: str) -> str:
    """As much of a text as is kept."""
    return text[-SAID:]


def line(words: str, most: int = 120) -> str:
    """The first line with anything on it, cut."""
    first = next((one.strip() for one in words.splitlines() if one.strip()), "")
    return first if len(first) <= most else f"{first[: most - 1]}…"
