"""Seeding an agent's own configuration folder: what a person set there stays."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from controller.agents.base import AgentError
from controller.files import make_folder, read_small, write_whole

_BEGIN, _END = "<!-- from CTO Sidekick -->", "<!-- end of CTO Sidekick -->"
_LOCK = Lock()
"""Several agents of one family may share a folder, and be started at once."""


def fill_in(path: Path, settings: Mapping[str, Any]) -> None:
    """Have a JSON file hold these settings where it holds no others.

    Objects are merged, lists are given what they lack.

    Raises:
        AgentError: It cannot be read or written, or is no JSON object.
    """
    with _LOCK:
        before = _read(path)
        try:
            known = json.loads(before or "{}")
        except (ValueError, RecursionError) as error:
            raise refused(path, f"is no JSON: {error}") from error
        if not isinstance(known, dict):
            raise refused(path, "is no JSON object")
        merged = _merged(known, settings)
        if merged != known or not before:
            _write(path, json.dumps(merged, indent=2, ensure_ascii=False) + "\n")


def seed_folder(path: Path) -> None:
    """Make a folder; one that is there stays as it is.

    Raises:
        AgentError: It cannot be made.
    """
    try:
        make_folder(path)
    except OSError as error:
        raise refused(path, f"cannot be made: {error}") from error


def seed_file(path: Path, content: str) -> None:
    """Make a file of ours hold exactly this; it is written only where it says something else.

    Several starts may seed at once: each writes the same.

    Raises:
        AgentError: It cannot be written.
    """
    with suppress(AgentError):
        if _read(path) == content:
            return
    _write(path, content)


def unseed_file(path: Path) -> None:
    """Take a file of ours away; it may be gone already.

    Raises:
        AgentError: It cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise refused(path, f"cannot be removed: {error}") from error


def teach(path: Path, text: str) -> None:
    """Have a text stand in a file of instructions, between two marks; the rest is a person's.

    Raises:
        AgentError: The file cannot be read or written.
    """
    with _LOCK:
        before = _read(path)
        head, begin, rest = before.partition(_BEGIN)
        _, end, tail = rest.partition(_END)
        if begin and not end:
            tail = rest  # somebody took the second mark away: what follows may be theirs
        block = f"{_BEGIN}\n{text.strip()}\n{_END}" if text.strip() else ""
        if not begin and head.strip() and block:
            head = head.rstrip("\n") + "\n\n"
        after = head + block + (tail if begin else "\n" if block else "")
        if after != before:
            _write(path, after)


def _merged(known: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(known)
    for name, value in settings.items():
        if name not in merged:
            merged[name] = value
        elif isinstance(value, Mapping) and isinstance(merged[name], Mapping):
            merged[name] = _merged(merged[name], value)
        elif isinstance(value, list) and isinstance(merged[name], list):
            merged[name] = [*merged[name], *(each for each in value if each not in merged[name])]
    return merged


def _read(path: Path) -> str:
    try:
        return read_small(path).decode("utf-8-sig")
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise refused(path, f"cannot be read: {error}") from error


def _write(path: Path, text: str) -> None:
    try:
        make_folder(path.parent)
        write_whole(path, text.encode())
    except (OSError, ValueError) as error:
        raise refused(path, f"cannot be written: {error}") from error


def refused(path: Path, why: str) -> AgentError:
    """The error of a file that an agent's home cannot do without."""
    return AgentError("AgentHome", f"{path} {why}; mend it, or move it away")
