"""The sweep: end whatever a run left behind, found over /proc.

Its processes bear the run's brand, which they cannot lose, or its id in their environment, for
those of an earlier release. An adopted process is known by the run's record of it as well.
"""

import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from controller.runs.documents import read_object
from controller.runs.processes import brand_of, command_of, environment_of, lives, living, send
from controller.runs.spec import brand

PATIENCE = 5.0
"""Seconds until a process that was killed must be gone."""
_PAUSE = 0.01

_SHIM = (b"controller/shim", b"controller/shim/__main__.py")
"""How the shim is called; a person's editor on the run's folder is none."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What became of a run's processes.

    Attributes:
        ended: Those that were ended.
        alive: Those that would not end.
        elsewhere: The folder whose run they are, where ours is only a copy of it; none was ended.
    """

    ended: frozenset[int] = frozenset()
    alive: frozenset[int] = frozenset()
    elsewhere: Path | None = None


def find(run: str, folder: Path) -> Mapping[int, int]:
    """Every living process of a run: pid → when it began, in clock ticks since the boot.

    Those with its brand or its id, the shim on its folder, its agent's; and all below one of
    these, or in a session that one of them leads, for only who is below it can be.
    """
    mark = f"SIDEKICK_RUN_ID={run}".encode()
    number = brand(run)
    here = dict(living())
    found = {
        pid
        for pid in here
        if brand_of(pid) == number or mark in environment_of(pid) or is_shim(pid, folder)
    }
    found |= _agent_of(folder)
    while (
        more := {pid for pid, process in here.items() if found & {process.parent, process.session}}
        - found
    ):
        found |= more
    return {pid: here[pid].ticks for pid in found & here.keys()}


def is_shim(pid: int, folder: Path) -> bool:
    """Whether a process is a shim on the run's folder, wherever that was when it began."""
    return _shims_folder(pid, folder.name) is not None


def original_of(folder: Path) -> Path | None:
    """The folder that a living shim works on, where the run's folder is a copy of that.

    Whoever copies a project's folder while agents work has their runs twice, and they are the
    first one's. A folder that was moved is no copy: the shim's is not there any more.
    """
    for pid, _ in living():
        other = _shims_folder(pid, folder.name)
        with suppress(OSError):
            if other is not None and not other.samefile(folder):
                return other
    return None


def _shims_folder(pid: int, run: str) -> Path | None:
    """The run's folder as a shim on it was given it; None for any other process."""
    command = command_of(pid)
    if not any(part.endswith(_SHIM) for part in command):
        return None
    paths = (Path(os.fsdecode(part)) for part in command)
    return next((path for path in paths if path.name == run), None)


def _agent_of(folder: Path) -> set[int]:
    """The agent that a run's record names, while it lives."""
    started = read_object(folder / "started.json") or {}
    agent = started.get("pid")
    return {agent} if lives(agent, started.get("start_ticks")) and isinstance(agent, int) else set()


def end_all(run: str, folder: Path) -> Swept:
    """Kill every process of a run.

    All are stopped before the first is killed: a stopped process forks no more, and a child is
    found by its parent as long as that is there. The shims alone are killed at once, for they
    would set each other and the agent going again.
    """
    if original := original_of(folder):
        return Swept(elsewhere=original)
    met: dict[int, int] = {}
    deadline = time.monotonic() + PATIENCE
    while alive := find(run, folder):
        new = {pid: ticks for pid, ticks in alive.items() if met.get(pid) != ticks}
        if time.monotonic() > deadline:
            return Swept(frozenset(met.keys() - alive.keys()), frozenset(alive))
        for pid, ticks in (new or alive).items():
            kill = not new or is_shim(pid, folder)
            with suppress(PermissionError):  # another user's: if it stays, it is named
                send(pid, ticks, signal.SIGKILL if kill else signal.SIGSTOP)
        met |= alive
        if not new:
            time.sleep(_PAUSE)
    return Swept(frozenset(met))
