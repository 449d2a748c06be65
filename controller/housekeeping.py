"""Housekeeping: what is done after every tick, and decides nothing."""

from collections.abc import Callable
from datetime import datetime

from controller.core.intent import Intent
from controller.fleet import Fleet
from controller.runs.folders import RunFolders
from controller.runs.retention import prune
from controller.settings.model import RetentionSection
from controller.tick import Tick
from controller.wakes import Wakes

PRUNE_SECONDS = 3600.0
NOTE_SECONDS = 60.0
"""Within which a note's word is surely read, so that its event has told it."""


class Housekeeping:
    """Watches the runs that live, clears old ones away at times, forgets a used approval.

    Args:
        retention: How much of what is over is kept, asked each time.
        runs: The runs' folders.
        fleet: Words about the whole fleet.
        wakes: Where the loop waits.
        after: Told of every tick at the end.
    """

    def __init__(
        self,
        retention: Callable[[], RetentionSection],
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
        self._watched: tuple[str, ...] | None = None

    def after(self, tick: Tick) -> None:
        """What follows a tick."""
        unfinished = self._runs.unfinished()
        if unfinished != self._watched:
            self._wakes.keep_runs(frozenset(self._runs.root / run for run in unfinished))
            self._watched = unfinished
        if tick.plan is not None:
            if not tick.plan.memory.prune and self._fleet.approved_prune():
                self._fleet.forget_approval()
            self._forget_notes(tick)
            self._prune(tick.now, {m.run for m in tick.plan.memory.projects.values()})
        self._after(tick)

    def _forget_notes(self, tick: Tick) -> None:
        """A note on a word is kept while that word stands, as long as the project rests."""
        if tick.plan is None or not (notes := self._fleet.notes()):
            return
        members = tick.plan.memory.projects
        resting = {
            name for name in notes if name in members and members[name].intent is Intent.PAUSE
        }
        fresh = {name for name in notes if self._fleet.note_age(tick.now) < NOTE_SECONDS}
        if (kept := resting | fresh) != set(notes):
            self._fleet.keep_notes(kept)

    def _prune(self, now: datetime, newest: set[str]) -> None:
        if self._pruned and (now - self._pruned).total_seconds() < PRUNE_SECONDS:
            return
        kept = {*self._runs.unfinished(), *newest}
        retention = self._retention()
        prune(self._runs.root, kept, now, retention.days, retention.bytes)
        self._pruned = now
