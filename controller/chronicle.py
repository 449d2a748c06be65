"""The chronicle: what happened in a tick becomes events, each told once."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from controller.core.actions import Outcome
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
        done, faults = list(self._done(tick)), self._new_faults(tick)
        noticed = [*tick.events, *news]
        self.tell(noticed)
        for event, outcome in done:
            _log(event, _became(outcome))
        self._count([event for event, _ in done])
        self.tell(faults)
        tick.events = [*self._waiting, *noticed, *(event for event, _ in done), *faults]
        self._waiting = []

    def tell(self, events: Sequence[Event]) -> None:
        """Log and count events."""
        for event in events:
            _log(event, {})
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

    def sum_up(self, tick: Tick, seconds: float) -> None:
        """Log a whole tick in a line, for whoever looks closely."""
        said = {
            "result": "error" if tick.errors else "success",
            "duration_seconds": round(seconds, 6),
            "actions": len(tick.outcomes),
            "writes": tick.wrote,
        }
        log.debug("tick", extra=said)

    def _done(self, tick: Tick) -> Iterator[tuple[Event, Outcome]]:
        """What was done, or failed: an action that is tried again and again is told once."""
        self._forget(tick)
        for outcome in tick.outcomes:
            project, kind = outcome.action.project, type(outcome.action).__name__
            if outcome.ok:
                self._failed.pop((project, kind), None)
                yield Event(tick.now, project, kind, outcome.action.message), outcome
                continue
            fault = outcome.reason, outcome.message
            if self._failed.get((project, kind)) != fault:
                self._failed[project, kind] = fault
                yield Event(tick.now, project, *fault, warning=True), outcome

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


def _became(outcome: Outcome) -> dict[str, object]:
    """What the log says of an action beside its event: which, why, what became of it, how long."""
    return {
        "action": type(outcome.action).__name__,
        "reason": outcome.reason or outcome.action.reason,
        "result": "success" if outcome.ok else "error",
        "duration_seconds": round(outcome.seconds, 6),
    }


def _log(event: Event, more: Mapping[str, object]) -> None:
    level = logging.WARNING if event.warning else logging.INFO
    whose = {"project": event.project} if event.project else {}
    log.log(level, "%s", event.message, extra={**whose, "reason": event.reason, **more})
