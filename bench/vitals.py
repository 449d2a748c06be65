"""What a controller takes of the machine, and whether that grows."""

import os
import sqlite3
import statistics
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

MONTH = 259_200
"""Ticks of 10 s in thirty days."""
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Vitals:
    """One look, between two ticks, while nobody else talks to the controller.

    Attributes:
        tick: How many ticks there were.
        resident: MiB of resident memory.
        descriptors: Open ones.
        threads: Of the process.
        watches: inotify's, beside one for each run that has not ended.
        series: Lines of /metrics that are no comments.
        state: MiB of the state folder, its database's log (WAL) included.
        database: MiB of the database and its log.
        events: In the journal.
        projects: In memory.
        remembered: MiB of their memory on disk.
        runs: MiB of the runs' folders.
        folders: How many of them.
    """

    tick: float
    resident: float
    descriptors: float
    threads: float
    watches: float
    series: float
    state: float
    database: float
    events: float
    projects: float
    remembered: float
    runs: float
    folders: float


def look(pid: int, root: Path, exposition: str) -> Vitals:
    """Look at a controller.

    Args:
        pid: Its process.
        root: The folder with its state and its runs.
        exposition: What /metrics shows.

    Raises:
        OSError: It is gone.
        sqlite3.Error: Its database cannot be read.
    """
    proc = Path(f"/proc/{pid}")
    state, runs = root / "state", root / "runs"
    folders = [entry.path for entry in os.scandir(runs) if entry.is_dir()]
    living = sum(not Path(folder, "exit.json").exists() for folder in folders)
    database = sum(_size(path) for path in state.glob("sidekick.db*"))
    with closing(sqlite3.connect(f"file:{state}/sidekick.db?mode=ro", uri=True)) as db:
        (events,) = db.execute("SELECT count(*) FROM events").fetchone()
        query = "SELECT count(*), coalesce(sum(length(memory)), 0) FROM projects"
        projects, remembered = db.execute(query).fetchone()
    return Vitals(
        tick=ticks_of(exposition),
        resident=_resident(proc),
        descriptors=len(os.listdir(proc / "fd")),  # noqa: PTH208 - a count
        threads=len(os.listdir(proc / "task")),  # noqa: PTH208
        watches=_watches(proc) - living,
        series=len(_series(exposition)),
        state=_size(state) / MIB,
        database=database / MIB,
        events=events,
        projects=projects,
        remembered=remembered / MIB,
        runs=_size(runs) / MIB,
        folders=len(folders),
    )


def ticks_of(exposition: str) -> float:
    """Ticks so far, whatever their result."""
    name = "sidekick_reconcile_total{"
    return sum(float(line.rpartition(" ")[2]) for line in _series(exposition) if name in line)


def growth(ticks: Sequence[float], values: Sequence[float]) -> float:
    """By how much a value grows in a month of ticks, by the median of all pairs' slopes.

    So a few outliers, a garbage collection or a client that came in between, do not count
    (Theil-Sen).
    """
    points = list(zip(ticks, values, strict=True))
    slopes = [(b - a) / (t - s) for (s, a), (t, b) in combinations(points, 2) if t > s]
    return statistics.median(slopes) * MONTH if slopes else 0.0


def _series(exposition: str) -> list[str]:
    return [line for line in exposition.splitlines() if line and not line.startswith("#")]


def _resident(proc: Path) -> float:
    lines = (proc / "status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


def _watches(proc: Path) -> int:
    count = 0
    for info in (proc / "fdinfo").iterdir():
        with suppress(OSError):
            count += info.read_text(encoding="ascii").count("inotify wd:")
    return count


def _size(path: Path) -> int:
    """Bytes on the disk of a file, or of all in a folder."""
    total = 0
    with suppress(OSError):  # gone meanwhile
        total = path.lstat().st_blocks * 512
    for folder, _, names in os.walk(path):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(folder, name)).st_blocks * 512  # noqa: PTH118
    return total
