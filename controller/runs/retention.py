"""Retention: folders of ended runs are cleared away when they are old, or too many bytes."""

import os
import shutil
from collections.abc import Set
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from controller.runs import records


@dataclass(frozen=True, slots=True)
class _Ended:
    folder: Path
    age: float
    size: int


def prune(root: Path, keep: Set[str], now: datetime, days: float, limit: int) -> int:
    """Clear away ended runs that are older than some days, then the oldest above the limit.

    Args:
        root: The runs' folder.
        keep: Ids that are never cleared away: unfinished runs, each known project's newest.
        now: The time.
        days: Age in days from which a run's folder goes.
        limit: Bytes of all ended runs together.

    Returns:
        How many folders were cleared away.
    """
    ended = sorted(_ended(root, keep, now), key=lambda run: run.age)
    total, cleared = 0, 0
    for run in ended:
        total += run.size
        if run.age > days * 86_400 or total > limit:
            shutil.rmtree(run.folder, ignore_errors=True)
            cleared += 1
    return cleared


def _ended(root: Path, keep: Set[str], now: datetime) -> list[_Ended]:
    found: list[_Ended] = []
    try:
        entries = list(os.scandir(root))
    except OSError:
        return found
    for entry in entries:
        if entry.name in keep or not entry.is_dir(follow_symlinks=False):
            continue
        folder = Path(entry.path)
        at = _ended_at(folder)
        if at is not None:
            found.append(_Ended(folder, now.timestamp() - at, _size(folder)))
    return found


def _ended_at(folder: Path) -> float | None:
    """When a run ended, seconds since the epoch; one that was never made whole ended then."""
    end = records.read_exit(folder)
    if end is not None:
        return end.ended_at.timestamp()
    try:
        return None if (folder / "meta.json").exists() else folder.stat().st_mtime
    except OSError:
        return None


def _size(folder: Path) -> int:
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # gone meanwhile
                total += os.lstat(Path(path, name)).st_size
    return total
