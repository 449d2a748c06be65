"""The sweep: end whatever a run left behind, found over /proc.

Its processes bear the run's id in their environment; an adopted one, which was begun before, is
known by the run's record of it.
"""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from controller.runs.records import read_object

PATIENCE = 5.0
"""Seconds until a process that was killed must be gone."""


_SHIM = (b"controller/shim", b"controller/shim/__main__.py")
"""How the shim is called; a person's editor on the run's folder is none."""


@dataclass(frozen=True, slots=True)
class Swept:
    """The processes that were ended, and those that would not end."""

    ended: frozenset[int]
    alive: frozenset[int]


def find(run: str, folder: Path) -> frozenset[int]:
    """Every process of a run: its id in the environment, the shim on its folder, its agent's."""
    mark = f"SIDEKICK_RUN_ID={run}".encode()
    found = _of_the_agent(folder)
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            environment = Path(entry.path, "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if mark in environment or is_shim(int(entry.name), folder):
            found.add(int(entry.name))
    return frozenset(found - {os.getpid()})


def is_shim(pid: int, folder: Path) -> bool:
    """Whether a process is a shim on the run's folder."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    except OSError:
        return False
    return os.fsencode(folder) in command and any(part.endswith(_SHIM) for part in command)


def lives(pid: object, ticks: object) -> bool:
    """Whether the process of this number that began at this time (clock ticks) is here."""
    if not isinstance(pid, int):
        return False
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2].split()
    except OSError:
        return False
    return fields[0] not in b"ZX" and int(fields[19]) == ticks


def _of_the_agent(folder: Path) -> set[int]:
    """The agent that a run's record names, all below it, and all of the session that it leads."""
    started = read_object(folder / "started.json") or {}
    agent, ticks = started.get("pid"), started.get("start_ticks")
    living: dict[int, tuple[int, int]] = {}
    found: set[int] = set()
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            # The second field is the program's name, which may hold spaces and parentheses.
            fields = Path(entry.path, "stat").read_bytes().rpartition(b") ")[2].split()
        except OSError:
            continue
        if fields[0] in b"ZX":
            continue
        pid = int(entry.name)
        living[pid] = (int(fields[1]), int(fields[3]))
        if pid == agent and int(fields[19]) == ticks:
            found.add(pid)
    while found and (more := {pid for pid, kin in living.items() if found & set(kin)} - found):
        found |= more
    return found


def end_all(run: str, folder: Path) -> Swept:
    """Kill every process of a run, again and again until none is left or patience ends."""
    ended: set[int] = set()
    deadline = time.monotonic() + PATIENCE
    while alive := find(run, folder):
        for pid in alive:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            except PermissionError:
                return Swept(frozenset(ended), alive)
        ended |= alive
        if time.monotonic() > deadline:
            return Swept(frozenset(ended - alive), alive)
        time.sleep(0.01)
    return Swept(frozenset(ended), frozenset())
