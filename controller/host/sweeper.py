"""The sweeper: ends what a dead shim left, for a controller that cannot see it."""

import logging
from pathlib import Path

from controller.core.errors import SidekickError
from controller.runs.asked import SWEEP, is_told
from controller.runs.entry import is_guarded
from controller.runs.files import exists
from controller.runs.folders import RunFolders
from controller.runs.roll import is_run_id

log = logging.getLogger(__name__)


class Sweeper:
    """Looks through the runs' folder, one quick call for each run that has not ended.

    Args:
        root: The folder of all runs.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._runs = RunFolders(root)
        self._ended: set[str] = set()
        self._refused: dict[str, str] = {}

    def load(self) -> None:
        """Make the folder at need, and read what is in it.

        Raises:
            RunsUnavailable: It cannot be read or made.
        """
        self._runs.load()

    def look(self) -> None:
        """Do every sweep that was asked for; one that fails is tried again at the next look."""
        for run in self._unfinished():
            folder = self._root / run
            # A shim that lives ends its run itself, and knows more of it.
            if exists(folder / SWEEP) and not is_guarded(folder):
                self._sweep(run)

    def guarded(self) -> bool:
        """Whether a shim is still to end its run."""
        return any(is_guarded(self._root / run) for run in self._unfinished())

    def _unfinished(self) -> list[str]:
        try:
            names = {path.name for path in self._root.iterdir() if is_run_id(path.name)}
        except OSError as error:
            log.warning("%s: %s", self._root, error.strerror)
            return []
        self._ended &= names
        self._ended |= {name for name in names - self._ended if is_told(self._root / name)}
        return sorted(names - self._ended)

    def _sweep(self, run: str) -> None:
        try:
            self._runs.learn(run)
            ended = self._runs.sweep(run)
        except SidekickError as error:
            if self._refused.get(run) != error.message:
                log.warning("run %s: %s", run, error.message)
            self._refused[run] = error.message
            return
        self._refused.pop(run, None)
        log.info("run %s: its shim died; %d processes that it left were ended", run, ended)
