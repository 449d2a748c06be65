"""The sweep: end whatever a run left behind, found by the run's id over /proc."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

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
    """Every process of a run: its id in the environment, or the shim on its folder."""
    mark = f"SIDEKICK_RUN_ID={run}".encode()
    argument = os.fsencode(folder)
    found = set()
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            environment = Path(entry.path, "environ").read_bytes().split(b"\0")
            command = Path(entry.path, "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
        except OSError:
            continue
        shim = command[-1] == argument and any(part.endswith(_SHIM) for part in command[:-1])
        if mark in environment or shim:
            found.add(int(entry.name))
    return frozenset(found)


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
