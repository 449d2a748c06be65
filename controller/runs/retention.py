"""Retention: folders of ended runs are cleared away when they are old, or too many bytes."""

import os
from collections.abc import Iterator, Set
from datetime import datetime
from pathlib import Path

from controller.runs import records
from controller.runs.files import clear_away, exists, size_of
from controller.runs.roll import is_run_id

HALF_MADE_SECONDS = 60.0
"""So old is a folder without notes when nobody is still making it."""


def prune(root: Path, keep: Set[str], now: datetime, days: float, limit: int) -> Iterator[bool]:
    """Clear away ended runs that began last above the limit, or ended some days ago.

    A step looks at one folder, so that a hundred thousand of them hold nobody up.

    A folder that a death left half-made or half cleared away goes too: it may hold secrets.

    Args:
        root: The runs' folder.
        keep: Ids that are never cleared away: unfinished runs, each known project's newest. It may
            change between two steps.
        now: The time.
        days: Age in days from which a run's folder goes.
        limit: Bytes of all ended runs together.

    Yields:
        Whether a folder was cleared away.
    """
    try:
        # An id begins with the run's time.
        names = sorted(
            entry.name for entry in os.scandir(root) if entry.is_dir(follow_symlinks=False)
        )
    except OSError:
        return
    total = 0
    while names:
        name = names.pop()
        folder = root / name
        end = None if name in keep else records.read_exit(folder)
        if end is None:
            dead = name not in keep and _half_made_for(folder, now) > HALF_MADE_SECONDS
            if dead:
                clear_away(folder)
            yield dead
            continue
        total += size_of(folder)
        old = now.timestamp() - end.ended_at.timestamp() > days * 86_400
        if old or total > limit:
            clear_away(folder)
        yield old or total > limit


def _half_made_for(folder: Path, now: datetime) -> float:
    """Seconds since somebody last worked on a run's folder that is not whole; else 0.

    meta.json is the last file that is made and the first that is cleared away; a process that died
    between making and filling it left it empty. A run that began is one without it, too.
    """
    if not is_run_id(folder.name):
        return 0.0
    try:
        if exists(folder / "started.json") or (folder / "meta.json").lstat().st_size:
            return 0.0
    except FileNotFoundError:
        pass
    except OSError:
        return 0.0  # what cannot be seen is not taken for missing
    try:
        return now.timestamp() - folder.lstat().st_mtime
    except OSError:
        return 0.0
