"""Sweeps that are asked for: where the runs' processes are elsewhere, who is there does them."""

import time
from collections.abc import Collection, Mapping
from pathlib import Path

from controller.runs.files import exists, write_record

SWEEP = "sweep"
"""The file in a run's folder that asks to end what the run left, where that is elsewhere."""
SWEEP_SECONDS = 1.0
"""How long all sweeps that are asked for at once are waited for; who does them looks five times a
second."""


def ask_for_sweeps(folders: Collection[Path]) -> Mapping[Path, OSError]:
    """Ask for sweeps in the runs' folders, and give them a moment: one for all.

    What was asked for before is not waited for: whoever is to do it may be gone for long. A
    record of the end that comes later wakes the loop.

    Returns:
        Folder → why nobody could be asked there.
    """
    faults: dict[Path, OSError] = {}
    asked = []
    for folder in folders:
        if exists(folder / SWEEP):
            continue
        try:
            write_record(folder / SWEEP, b"{}")
        except OSError as error:
            faults[folder] = error
        else:
            asked.append(folder)
    end = time.monotonic() + SWEEP_SECONDS
    while not all(is_told(folder) for folder in asked) and time.monotonic() < end:
        time.sleep(0.02)
    return faults


def is_told(folder: Path) -> bool:
    """Whether a run's folder tells of its end."""
    return exists(folder / "exit.json")
