"""Housekeeping: what is done after every tick, and decides nothing."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from controller.core.errors import SidekickError
from controller.core.intent import Intent
from controller.fleet import Fleet
from controller.runs.folders import RunFolders
from controller.runs.retention import prune
from controller.settings.model import RetentionSection
from controller.tick import Tick
from controller.wakes import Wakes

log = logging.getLogger(__name__)

PRUNE_SECONDS = 3600.0
"""Between the beginnings of two passes over all runs that are over."""
PRUNE_BUDGET = 0.05
"""Seconds of a tick that such a pass may take: a hundred thousand folders take it half an hour at a
tick of 10 s."""
NOTE_SECONDS = 60.0
"""Within which a note's word is surely read, so that its event has told it."""


class Housekeeping:
    """Watches the runs that live, clears old ones away at times, forgets a used approval.

    And it sees that what stands for this controller in the state folder is there: whoever clears
    that away takes the locks with it, and another controller could begin beside this one.

    Args:
        retention: How much of what is over is kept, asked each time.
        runs: The runs' folders.
        fleet: Words about the whole fleet.
        wakes: Where the loop waits.
        guards: Each makes one thing again that was taken away; called after every tick.
        after: Told of every tick at the end.
    """

    def __init__(
        self,
        retention: Callable[[], RetentionSection],
        runs: RunFolders,
        fleet: Fleet,
        wakes: Wakes,
        guards: Iterable[Callable[[], None]],
        after: Callable[[Tick], None],
    ) -> None:
        self._retention = retention
        self._runs = runs
        self._fleet = fleet
        self._wakes = wakes
        self._guards = guards
        self._faults: frozenset[str] = frozenset()
        self._after = after
        self._pass: Iterator[bool] = iter(())
        self._pruned: tuple[datetime, RetentionSection] | None = None
        self._kept: set[str] = set()
        self._watched: tuple[str, ...] | None = None

    def after(self, tick: Tick) -> None:
        """What follows a tick."""
        self._guard()
        unfinished = self._runs.unfinished()
        if unfinished != self._watched:
            self._wakes.keep_runs(frozenset(self._runs.root / run for run in unfinished))
            self._watched = unfinished
        if tick.plan is not None:
            if not tick.plan.memory.prune and self._fleet.approved_prune():
                self._fleet.forget_approval()
            if tick.plan.renames:
                self._fleet.rename(tick.plan.renames)
            self._forget_notes(tick)
            self._forget_answers(tick)
            self._prune(tick.now, {m.run for m in tick.plan.memory.projects.values()})
        self._after(tick)

    def _guard(self) -> None:
        """What cannot be made again is tried in every tick, and told once."""
        faults = set()
        for guard in self._guards:
            try:
                guard()
            except SidekickError as error:
                faults.add(error.message)
        for message in faults - self._faults:
            log.warning("%s", message)
        self._faults = frozenset(faults)

    def _forget_notes(self, tick: Tick) -> None:
        """A note on a word is kept while that word stands, as long as the project rests."""
        if tick.plan is None or not (notes := self._fleet.notes()):
            return
        if self._fleet.note_age(tick.now) < NOTE_SECONDS:
            return
        members = tick.plan.memory.projects
        over = {
            name: text
            for name, text in notes.items()
            if name not in members or members[name].intent is not Intent.PAUSE
        }
        if over:
            self._fleet.forget_notes(over)

    def _forget_answers(self, tick: Tick) -> None:
        """An answer is kept until the agent has got it, or its work is completed."""
        if tick.plan is None or not (given := self._fleet.answers()):
            return
        members = tick.plan.memory.projects
        got = {
            name: answer
            for name, answer in given.items()
            if name in members and members[name].answered == answer.id
        }
        if got:
            self._fleet.forget_answers(got)

    def _prune(self, now: datetime, newest: set[str]) -> None:
        """Go on with a pass over all runs, or begin one; a tick spends but a moment on it."""
        self._kept.clear()
        self._kept.update(self._runs.unfinished(), newest)
        retention = self._retention()
        if self._due(now, retention):
            days, limit = retention.days, retention.bytes
            self._pass = prune(self._runs.root, self._kept, now, days, limit)
            self._pruned = now, retention
            self._fleet.clear_away(now)
        deadline = time.monotonic() + PRUNE_BUDGET
        while time.monotonic() < deadline:
            if next(self._pass, None) is None:
                return

    def _due(self, now: datetime, retention: RetentionSection) -> bool:
        """Whether a pass begins: at times, and where other limits count now."""
        if self._pruned is None:
            return True
        began, limits = self._pruned
        return limits != retention or not 0 <= (now - began).total_seconds() < PRUNE_SECONDS
