"""The chronicle: what happened in a tick becomes events, each told once."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence

from controller.core.events import Event
from controller.tick import Tick

log = logging.getLogger(__name__)

KEPT = 1000
"""Events that wait for a store that cannot be written; the oldest go first."""


class Chronicle:
    """Knows what was told already.

    Args:
        count: Given every event once.
    """

    def __init__(self, count: Callable[[Iterable[Event]], None]) -> None:
        self._count = count
        self._faults: dict[str, str] = {}
        self._failed: dict[tuple[str, str], tuple[str, str]] = {}
        self._waiting: list[Event] = []

    def gather(self, tick: Tick, news: Iterable[Event]) -> None:
        """Gather a tick's events, before they are committed."""
        events = [*tick.events, *news, *self._done(tick), *self._new_faults(tick)]
        self.tell(events)
        tick.events = [*self._waiting, *events]
        self._waiting = []

    def tell(self, events: Sequence[Event]) -> None:
        """Log and count events."""
        _log(events)
        self._count(events)

    def conclude(self, tick: Tick, *, committed: bool) -> None:
        """What failed at the end of the tick, and what works again, is told with the next one."""
        late = self._new_faults(tick)
        failing = {*tick.errors, *(["act"] if self._failed else [])}
        for stage in [stage for stage in self._faults if stage not in failing]:
            del self._faults[stage]
            late.append(Event(tick.now, "", f"{stage.title()}Recovered", f"{stage} works again"))
        self.tell(late)
        unsaved = [] if committed else tick.events
        self._waiting = [*unsaved, *late][-KEPT:]

    def _done(self, tick: Tick) -> Iterator[Event]:
        """What was done, or failed: an action that is tried again and again is told once."""
        self._forget(tick)
        for outcome in tick.outcomes:
            project, kind = outcome.action.project, type(outcome.action).__name__
            if outcome.ok:
                self._failed.pop((project, kind), None)
                yield Event(tick.now, project, kind, outcome.action.message)
                continue
            fault = outcome.reason, outcome.message
            if self._failed.get((project, kind)) != fault:
                self._failed[project, kind] = fault
                yield Event(tick.now, project, *fault, warning=True)

    def _forget(self, tick: Tick) -> None:
        """Forget the failures of actions that nobody wants any more, or waits to try again."""
        if tick.plan is None:
            return
        tried = {(o.action.project, type(o.action).__name__) for o in tick.outcomes}
        members = tick.plan.memory.projects
        for project, kind in self._failed.keys() - tried:
            if not (project in members and members[project].retry):
                del self._failed[project, kind]

    def _new_faults(self, tick: Tick) -> list[Event]:
        told = {outcome.message for outcome in tick.outcomes}
        came = {
            stage: message
            for stage, message in tick.errors.items()
            if self._faults.get(stage) != message
        }
        self._faults |= came
        return [
            Event(tick.now, "", f"{stage.title()}Failed", f"{stage} failed: {message}", True)
            for stage, message in came.items()
            if message not in told
        ]


def _log(events: Iterable[Event]) -> None:
    for event in events:
        level = logging.WARNING if event.warning else logging.INFO
        log.log(level, "%s %s: %s", event.project or "fleet", event.reason, event.message)
