"""Holds: agents that start nothing for a while, whichever project wants them.

A limit that is used up, or a login that is refused, is no fault of a row: every row of the agent
would fail alike. So the agent rests, its rows wait or fall through to the next agent of their
route, and at the end they come back one by one, the most important first.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from controller.core.backoff import HOLD, due
from controller.core.case import Case
from controller.core.events import Event
from controller.core.facts import Trouble
from controller.core.lifecycle import by_our_clock
from controller.core.limits import Limits
from controller.core.memory import Hold
from controller.core.observed import Ending, Run

STAGGER = timedelta(seconds=10)
"""Between two starts of an agent whose hold is just over: the first shows whether it really is."""
LONGEST = timedelta(days=8)
"""No limit lasts longer than a week; a time further ahead was misread."""
MISSING = frozenset({"ProgramMissing", "ProgramNotExecutable"})
"""Faults of the machine, not of a row, by which another agent of the route is the better one."""
_BY_CREDENTIALS = frozenset({Trouble.AUTH.value, Trouble.CREDIT.value})
"""What other credentials end. That somebody paid shows only when the same ones are tried again."""
_AFTER = timedelta(seconds=1)
"""Services round their reset to seconds."""


@dataclass(frozen=True, slots=True)
class Holds:
    """The agents' holds in one tick.

    Attributes:
        active: Agent → its hold; it starts nothing.
        kept: What is to be remembered: those, and those that are just over.
        events: What changed.
    """

    active: Mapping[str, Hold]
    kept: Mapping[str, Hold]
    events: tuple[Event, ...] = ()


def hold(
    settled: Iterable[Case],
    known: Mapping[str, Hold],
    runs: Mapping[str, Run],
    limits: Limits,
    now: datetime,
) -> Holds:
    """Begin and end holds.

    Args:
        settled: Projects whose newest run's end is taken into account in this tick.
        known: The holds of the tick before.
        runs: All runs that are known, to see whether an agent works again.
        limits: The agents' credentials, and whom a person released.
        now: The time.
    """
    kept: dict[str, Hold] = {}
    events: list[Event] = []
    for agent, before in known.items():
        if agent not in limits.agents or _works_again(agent, before, runs):
            continue
        if why := _ended(agent, before, limits):
            events.append(Event(now, "", "AgentReleased", f"{agent}: {why}"))
        else:
            kept[agent] = _in_step(before, now)
    for case in settled:
        run = case.run
        if run is None or run.result is None:
            continue
        new = _held(run, kept.get(run.agent) or known.get(run.agent), limits, now)
        if new is not None:
            if kept.get(run.agent) != new and new.reason not in MISSING:
                events.append(_told(run.agent, new, now))
            kept[run.agent] = new
    active = {agent: item for agent, item in kept.items() if not over(item, now)}
    return Holds(active, kept if kept != known else known, tuple(events))


def over(item: Hold, now: datetime) -> bool:
    """Whether a hold's time has come; it is remembered until the agent was seen to work."""
    return item.until is not None and item.until <= now


def next_start(agent: str, item: Hold, runs: Iterable[Run], now: datetime) -> datetime | None:
    """When an agent whose hold is over may start another run; None for at once."""
    assert item.until is not None
    newest = max(
        (
            run.created_at
            for run in runs
            if run.agent == agent and item.until <= run.created_at <= now
        ),
        default=None,
    )
    at = newest + STAGGER if newest else None
    return at if at and at > now else None


def message(agent: str, item: Hold) -> str:
    """Why a row waits for an agent, and for how long."""
    if item.until is not None and item.reason == Trouble.CREDIT.value:
        when = (
            f"pay, or give it another key; it is tried again at {_clock(item.until)}, "
            f"at once with: sidekick release {agent}"
        )
    elif item.until is not None and item.reason in MISSING:
        when = f"it is tried again by {_clock(item.until)}, at once with: sidekick release {agent}"
    elif item.until is not None:
        when = f"until {_clock(item.until)}, then it goes on by itself"
    elif item.reason == Trouble.AUTH.value:
        when = f"mend its credentials, or try again with: sidekick release {agent}"
    else:
        when = f"mend that, then: sidekick release {agent}"
    text = item.message.rstrip(". ")
    return f"{agent}: {text}; {when}" if text else f"{agent}: {when}"


def _in_step(item: Hold, now: datetime) -> Hold:
    """The same hold; where the clock was put back, with an end that is not further away."""
    if item.until is None or (at := due(item.until, now, item.wait)) == item.until:
        return item
    return replace(item, until=at)


def _works_again(agent: str, item: Hold, runs: Mapping[str, Run]) -> bool:
    """Whether a run that began after the hold did got further than to its trouble.

    Such a run there is after the hold's end, and before it where a row has no other agent and
    tries a missing program by itself.
    """
    later = (
        run
        for run in runs.values()
        if run.agent == agent
        and (run.created_at > item.since or (item.until and run.created_at >= item.until))
    )
    if item.reason in MISSING:
        return any(run.started_at is not None for run in later)
    return any(
        run.facts.trouble is None and (run.facts.ok or run.facts.steps > 0 or _went_well(run))
        for run in later
    )


def _went_well(run: Run) -> bool:
    return run.result is not None and run.result.ending in {Ending.COMPLETED, Ending.WAITING}


def _ended(agent: str, item: Hold, limits: Limits) -> str:
    released = limits.released.get(agent)
    if released is not None and released >= item.since:
        return "a person released it"
    now = limits.agents[agent].credentials
    if item.credentials and now != item.credentials:
        return "its credentials changed"
    return ""


def _held(run: Run, before: Hold | None, limits: Limits, now: datetime) -> Hold | None:
    """The hold that a run's end asks for."""
    assert run.result is not None
    result = by_our_clock(run, run.result, now)
    attempt = _attempt(run, before)
    if result.ending is Ending.FAULT and result.reason in MISSING:
        wait = HOLD.delay(attempt, run.agent)
        at = result.at + timedelta(seconds=wait)
        return Hold(result.reason, result.message, result.at, at, wait, attempt)
    if result.ending is not Ending.HELD:
        return None
    mark = ""
    if result.reason in _BY_CREDENTIALS:
        known = limits.agents.get(run.agent)
        # What the run signed in with may differ from what is there by now; the next run tells.
        mark = known.credentials if known else ""
    if result.reason == Trouble.AUTH.value:
        return Hold(result.reason, result.message, result.at, None, 0.0, attempt, mark)
    until = result.until
    if until is None or not result.at < until <= now + LONGEST:
        wait = HOLD.delay(attempt, run.agent)
        until = result.at + timedelta(seconds=wait)
    else:
        until += _AFTER
        wait = (until - result.at).total_seconds()
    return Hold(result.reason, result.message, result.at, until, wait, attempt, mark)


def _attempt(run: Run, before: Hold | None) -> int:
    """How often the agent was tried in vain: several runs that meet one trouble tried it once."""
    if before is None:
        return 1
    again = before.until is None or run.created_at >= before.until
    return before.attempt + 1 if again else before.attempt


def _told(agent: str, item: Hold, now: datetime) -> Event:
    return Event(now, "", "AgentHeld", message(agent, item), warning=True)


def _clock(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S %Z").strip()
