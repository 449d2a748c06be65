"""Looks at every tree of a lab's runs, by means that the product does not use."""

import json
import os
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tests.e2e.lab import Lab

_MARKS = (b"tree:", b"SIDEKICK_RUN_ID=")
_PAUSE = 0.005


class Tree(NamedTuple):
    """A living process of a run: it shows the run as its name, or in its environment."""

    run: str
    pid: int
    ticks: int


def trees(lab: Lab) -> set[Tree]:
    """Every living process that names a run of the lab."""
    runs = {file.parent.name for file in (lab.root / "runs").glob("*-*/meta.json")}
    found = set()
    for pid in _pids():
        with suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0", 1)[:1]
            words += Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            named = {word.removeprefix(mark).decode() for word in words for mark in _MARKS
                     if word.startswith(mark)}  # fmt: skip
            if (run := next(iter(named & runs), "")) and (ticks := _ticks(pid)):
                found.add(Tree(run, pid, ticks))
    return found


def shims(lab: Lab) -> Mapping[str, list[int]]:
    """Run id → the living processes of its shim, the oldest first."""
    found: dict[str, list[int]] = defaultdict(list)
    prefix = os.fsencode(lab.root / "runs") + b"/"
    for pid in sorted(_pids()):
        with suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
            if words[-1].startswith(prefix) and words[-2].endswith(b"/shim/__main__.py"):
                found[words[-1].removeprefix(prefix).decode()].append(pid)
    return found


class Watchman:
    """Looks at all trees again and again: at most one of a project may live at any instant."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.looks = 0
        self.overlaps: list[str] = []

    def __enter__(self) -> "Watchman":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            self._look()
            self.looks += 1
            time.sleep(_PAUSE)

    def _look(self) -> None:
        projects: dict[str, dict[str, list[Tree]]] = defaultdict(lambda: defaultdict(list))
        for tree in trees(self._lab):
            projects[project_of(self._lab, tree.run)][tree.run].append(tree)
        for project, runs in projects.items():
            # A look takes a while: only who is still there after it was there with the others.
            still = [run for run, found in runs.items() if any(map(_is_there, found))]
            if len(still) > 1:
                self.overlaps.append(f"{project}: {sorted(still)}")


def project_of(lab: Lab, run: str) -> str:
    """The project of a run; empty while its notes are being written."""
    try:
        meta = json.loads((lab.root / "runs" / run / "meta.json").read_text())
    except ValueError:
        return ""
    return str(meta["project"])


def clear(lab: Lab) -> None:
    """End whatever is left, so that no failure of a test outlives it."""
    while found := trees(lab):
        for tree in found:
            with suppress(ProcessLookupError):
                os.kill(tree.pid, signal.SIGKILL)
        time.sleep(0.01)


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def _ticks(pid: int) -> int:
    """When a process began, in clock ticks since the boot; 0 where it is gone or a zombie."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        return 0 if fields[0] in "ZX" else int(fields[19])
    return 0


def _is_there(tree: Tree) -> bool:
    return _ticks(tree.pid) == tree.ticks
