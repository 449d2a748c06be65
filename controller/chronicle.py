"""The chronicle: what happened in a tick becomes events, each told once."""

import logging
from collections.abc import Callable, Iterable

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
        self._waiting: list[Event] = []

    def gather(self, tick: Tick, news: Iterable[Event]) -> None:
        """Gather a tick's events, before they are committed."""
        events = [*tick.events, *news, *_done(tick), *self._new_faults(tick)]
        _log(events)
        self._count(events)
        tick.events = [*self._waiting, *events]
        self._waiting = []

    def conclude(self, tick: Tick, *, committed: bool) -> None:
        """What failed at the end of the tick, and what works again, is told with the next one."""
        late = self._new_faults(tick)
        for stage in [stage for stage in self._faults if stage not in tick.errors]:
            del self._faults[stage]
            late.append(Event(tick.now, "", f"{stage.title()}Recovered", f"{stage} works again"))
        _log(late)
        self._count(late)
        unsaved = [] if committed else tick.events
        self._waiting = [*unsaved, *late][-KEPT:]

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


def _done(tick: Tick) -> list[Event]:
    """What was done, or failed."""
    return [
        Event(tick.now, outcome.action.project, type(outcome.action).__name__,
              outcome.action.message)
        if outcome.ok
        else Event(tick.now, outcome.action.project, outcome.reason, outcome.message, warning=True)
        for outcome in tick.outcomes
    ]  # fmt: skip


def _log(events: Iterable[Event]) -> None:
    for event in events:
        level = logging.WARNING if event.warning else logging.INFO
        log.log(level, "%s %s: %s", event.project or "fleet", event.reason, event.message)
