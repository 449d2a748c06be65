"""Housekeeping: what is done after every tick, and decides nothing."""

from collections.abc import Callable
from datetime import datetime

from controller.fleet import Fleet
from controller.reconciler import Tick
from controller.runs.folders import RunFolders
from controller.runs.retention import prune
from controller.settings.model import RetentionSection
from controller.wakes import Wakes

PRUNE_SECONDS = 3600.0


class Housekeeping:
    """Watches the runs that live, clears old ones away at times, forgets a used approval.

    Args:
        retention: How much of what is over is kept.
        runs: The runs' folders.
        fleet: Words about the whole fleet.
        wakes: Where the loop waits.
        after: Told of every tick at the end.
    """

    def __init__(
        self,
        retention: RetentionSection,
        runs: RunFolders,
        fleet: Fleet,
        wakes: Wakes,
        after: Callable[[Tick], None],
    ) -> None:
        self._retention = retention
        self._runs = runs
        self._fleet = fleet
        self._wakes = wakes
        self._after = after
        self._pruned: datetime | None = None

    def after(self, tick: Tick) -> None:
        """What follows a tick."""
        self._wakes.keep_runs(frozenset(self._runs.root / run for run in self._runs.unfinished()))
        if tick.plan is not None:
            if not tick.plan.memory.prune and self._fleet.approved_prune():
                self._fleet.forget_approval()
            self._prune(tick.now, {m.run for m in tick.plan.memory.projects.values()})
        self._after(tick)

    def _prune(self, now: datetime, newest: set[str]) -> None:
        if self._pruned and (now - self._pruned).total_seconds() < PRUNE_SECONDS:
            return
        kept = {*self._runs.unfinished(), *newest}
        prune(self._runs.root, kept, now, self._retention.days, self._retention.bytes)
        self._pruned = now
