"""The planner: the only place that decides.

`plan` is a pure function of what is wanted, what is seen, what is remembered, what is allowed
and the time. On a world that is as it should be, it plans nothing.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from controller.core import verdicts
from controller.core.actions import Action, Plan, Remove, Start, Stop, Wait
from controller.core.attendance import attend
from controller.core.case import Case, open_cases
from controller.core.desired import Desired
from controller.core.events import Event
from controller.core.judgement import (
    VANISHED_PATIENCE,
    judge_absent,
    judge_present,
    watch_vanished,
)
from controller.core.lifecycle import settle
from controller.core.limits import Limits
from controller.core.listener import Heard, listen
from controller.core.memory import Memory
from controller.core.observed import Observed
from controller.core.placement import LEAVING_PATIENCE, place
from controller.core.project import Project
from controller.core.prune import Prune, prune


def plan(
    desired: Desired,
    observed: Observed,
    memory: Memory,
    limits: Limits,
    now: datetime,
    *,
    fresh: bool = True,
) -> Plan:
    """Decide what is to be done.

    Args:
        desired: The newest good read of the list.
        observed: A good observation of this tick.
        memory: What is remembered.
        limits: What is allowed.
        now: The time, with its zone.
        fresh: Whether `desired` was read in this tick; without it no row counts as deleted.
    """
    attendance = attend(desired, memory.projects, observed, now, fresh=fresh)
    events = list(attendance.events)
    stale: set[str] = set()
    spoken: set[str] = set()
    cases = open_cases(attendance.members, observed)
    for case in cases:
        heard, noted = _hear(case, desired.projects.get(case.name), limits, now)
        events += noted
        if heard and heard.stale:
            stale.add(case.name)
        if heard and heard.spoken:
            spoken.add(case.name)
            events.append(_word_event(case, limits, now))
    live = {case.name for case in cases if case.holds}
    members = {case.name: case.member for case in cases}
    pruned = prune(members, live, limits.approved_prune, memory.prune, now)
    if pruned.digest and pruned.digest != memory.prune:
        events.append(_prune_event(pruned, now))
    _judge(cases, desired, pruned, limits, now)
    placed = place(cases, limits, now)
    ends = [action for case in cases for action in case.actions]
    screens = _ended_screens(observed, limits, now, placed)
    times = [pruned.next_due, *(at for case in cases for at in _next_times(case, limits))]
    times += [action.until for action in placed if isinstance(action, Wait)]
    return Plan(
        actions=(*ends, *screens, *placed),
        verdicts={case.name: case.verdict for case in cases if case.verdict},
        memory=Memory({case.name: case.member for case in cases}, pruned.digest),
        stale=frozenset(stale),
        spoken=frozenset(spoken),
        renames=attendance.renames,
        events=tuple(events),
        requeue_at=min((at for at in times if at and at > now), default=None),
    )


def _hear(
    case: Case, project: Project | None, limits: Limits, now: datetime
) -> tuple[Heard | None, tuple[Event, ...]]:
    """Take the run's end and the row's words into the project's memory.

    A word counts after the end of the run that it may be about; but where the row's history is
    unknown, its word tells whether that end is news.
    """
    case.project = project
    if project is None:
        case.member, events = settle(case.name, case.member, case.run, now)
        return None, events
    demo = bool(limits.demo_agent)
    if not case.member.pairs:
        heard = listen(project, case.member, case.run, now, demo=demo)
        case.member, events = settle(case.name, heard.member, case.run, now)
        return heard, (*heard.events, *events)
    settled, events = settle(case.name, case.member, case.run, now)
    heard = listen(project, settled, case.run, now, demo=demo)
    case.member = heard.member
    return heard, (*events, *heard.events)


def _judge(
    cases: Iterable[Case], desired: Desired, pruned: Prune, limits: Limits, now: datetime
) -> None:
    faults = {row.name: row.faults[0] for row in desired.invalid if row.name}
    for case in cases:
        for twin in case.twins:
            if twin.stop is None:
                text = "another session of the same project is newer"
                case.actions.append(Stop(case.name, twin.id, "controller", "Duplicate", text))
        if case.project is not None:
            judge_present(case, limits, now)
        elif case.name in faults:
            case.verdict = verdicts.invalid(faults[case.name])
        else:
            judge_absent(case, pruned.due, pruned.blocked, now)
        watch_vanished(case, now)


def _ended_screens(
    observed: Observed, limits: Limits, now: datetime, actions: Iterable[Action]
) -> tuple[Remove, ...]:
    """Sessions that ended long ago, of whichever project."""
    replaced = {
        session.run
        for action in actions
        if isinstance(action, Start)
        for session in action.replaces
    }
    keep = timedelta(seconds=limits.ended_pane_keeps)
    old = tuple(
        session
        for run_id, session in observed.sessions.items()
        if run_id not in replaced
        and (run := observed.runs.get(run_id))
        and run.result
        and now - run.result.at > keep
    )
    return (Remove(old),) if old else ()


def _next_times(case: Case, limits: Limits) -> Iterator[datetime]:
    """When this project's part of the plan may differ by itself."""
    member = case.member
    if case.run is not None and case.run.stop and case.run.stop.at and case.alive:
        yield case.run.stop.at + LEAVING_PATIENCE
    if case.vanished and member.vanished_at:
        yield member.vanished_at + VANISHED_PATIENCE
    elif member.retry and case.wants:
        yield member.retry.at
    elif member.waiting_since:
        yield member.waiting_since + timedelta(seconds=limits.waiting_keeps_slot)


def _word_event(case: Case, limits: Limits, now: datetime) -> Event:
    status = case.project.status if case.project else None
    word = status.value if status else "an empty cell"
    note = limits.notes.get(case.name, "")
    text = f"the user's word in Status: {word}" + (f" ({note})" if note else "")
    return Event(now, case.name, "UserWord", text)


def _prune_event(pruned: Prune, now: datetime) -> Event:
    names = ", ".join(sorted(pruned.blocked))
    text = f"{len(pruned.blocked)} rows vanished at once ({names}); {verdicts.PRUNE_HELP}"
    return Event(now, "", "PruneBlocked", text, warning=True)
