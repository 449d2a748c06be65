"""Claude Code's own memory, `.claude.json`: made ready, so that its terminal asks nothing at first.

In a new home the terminal does not start without an answer to its onboarding, asks whether the
folder is trusted, and whether the key in its environment may be used, with "no" chosen beforehand
(2.1.330). Each Claude that runs reads and writes the file under a lock, a folder beside it; so do
we.
"""

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from controller.agents.config_files import refused
from controller.agents.events import inner, items
from controller.files import make_folder, read_small, write_whole

NAME = ".claude.json"
_KEY_END = 20
"""Characters of a key by which Claude knows it again."""
_STALE = 10.0
"""Seconds after which Claude takes a lock for one that was left behind."""
_PATIENCE = 2.0
"""Seconds that we wait for the lock; it is held for milliseconds."""


def seed_home(home: Path, folder: str, key: str) -> None:
    """Have the home know that it is no new one, that a folder is trusted, and a key may be used.

    All else in the file stays as it is, a key that a person refused too.

    Args:
        home: The agent's configuration folder; made at need.
        folder: Where it will work.
        key: The API key that it will find in its environment; empty for none.

    Raises:
        AgentError: The file cannot be read or written, or is no JSON object.
    """
    path = home / NAME
    try:
        make_folder(home)
        if _seeded(_read(path), folder, key) == _read(path):
            return
        with _locked(path):
            known = _read(path)
            text = json.dumps(_seeded(known, folder, key), indent=2, ensure_ascii=False)
            write_whole(path, text.encode())
    except OSError as error:
        raise refused(path, f"cannot be written: {error.strerror or error}") from error


def _seeded(known: Mapping[str, Any], folder: str, key: str) -> dict[str, Any]:
    projects = dict(inner(known.get("projects")))
    # It goes by where its folder really is.
    for name in {folder, os.path.realpath(folder)}:
        projects[name] = {**inner(projects.get(name)), "hasTrustDialogAccepted": True}
    seeded = {**known, "hasCompletedOnboarding": True, "projects": projects}
    answers = inner(known.get("customApiKeyResponses"))
    approved, rejected = (items(answers.get(name)) for name in ("approved", "rejected"))
    end = key[-_KEY_END:]
    if end and end not in (*approved, *rejected):
        approved = [*approved, end]
        seeded["customApiKeyResponses"] = {**answers, "approved": approved, "rejected": rejected}
    return seeded


def _read(path: Path) -> Mapping[str, Any]:
    try:
        known = json.loads(read_small(path))
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError) as error:
        raise refused(path, f"is no JSON: {error}") from error
    if not isinstance(known, dict):
        raise refused(path, "is no JSON object")
    return known


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock as Claude does: the folder is there while somebody writes."""
    lock = path.with_name(f"{path.name}.lock")
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            lock.mkdir()
            break
        except FileExistsError:
            with suppress(OSError):
                if time.time() - lock.stat().st_mtime > _STALE:
                    lock.rmdir()
                    continue
        if time.monotonic() > end:
            raise refused(path, f"is being written by another; if none runs, remove {lock}")
        time.sleep(0.02)
    try:
        yield
    finally:
        with suppress(OSError):
            lock.rmdir()
