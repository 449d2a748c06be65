"""The planner: the only place that decides.

`plan` is a pure function of what is wanted, what is seen, what is remembered, what is allowed
and the time. On a world that is as it should be, it plans nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from controller.core import verdicts
from controller.core.actions import Action, Plan, Remove, Start, Stop, Wait
from controller.core.attendance import attend
from controller.core.backoff import LOST
from controller.core.case import Case, open_cases
from controller.core.desired import Desired
from controller.core.events import Event
from controller.core.holds import hold
from controller.core.judgement import judge_absent, judge_present, last_sign
from controller.core.lifecycle import give_up_slot, hear_proposal, learn, measure, settle
from controller.core.limits import Limits
from controller.core.listener import Heard, listen
from controller.core.memory import Memory, ProjectMemory
from controller.core.observed import Observed
from controller.core.placement import LEAVING_PATIENCE, place
from controller.core.project import Project
from controller.core.prune import Prune, prune
from controller.core.rivals import rivals
from controller.core.spending import Purse, bill, count_days, midnight, row_spent
from controller.core.staff import Staff
from controller.core.vanished import (
    lost_since,
    sweep_lost,
    vanished_patience,
    watch_missing,
    watch_over,
    watch_vanished,
)


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
    # On the runs themselves a rename of this tick is noted later.
    cases = open_cases(attendance.members, observed.renamed(attendance.renames))
    for case in cases:
        anew = case.name in attendance.anew
        heard, noted = _hear(case, desired.projects.get(case.name), limits, now, anew=anew)
        events += noted
        if heard and heard.stale:
            stale.add(case.name)
        if heard and heard.spoken:
            spoken.add(case.name)
            events.append(_word_event(case, limits, now))
    words = [project for name, project in desired.projects.items() if name in spoken]
    events += rivals(words, desired, memory.projects, observed.runs.values(), now)
    before = attendance.members
    held = hold(_ended_now(cases, before), memory.holds, observed.runs, limits, now)
    events += held.events
    days = count_days(cases, memory.days, now)
    purse = Purse(cases, days, limits, now)
    staff = Staff(limits, held.kept, observed.runs.values(), purse, now)
    live = {case.name for case in cases if case.holds}
    members = {case.name: case.member for case in cases}
    pruned = prune(members, live, limits.approved_prune, memory.prune, now)
    if pruned.digest and pruned.digest != memory.prune:
        events.append(_prune_event(pruned, now))
    _judge(cases, desired, pruned, limits, staff, now)
    placed = place(cases, limits, staff, now)
    ends = [action for case in cases for action in case.actions]
    screens = _ended_screens(observed, limits, now, placed)
    times = [pruned.next_due, *(at for case in cases for at in _next_times(case, limits, now))]
    times += [action.until for action in placed if isinstance(action, Wait)]
    times += [item.until for item in held.kept.values()]
    times += [midnight(now)] if limits.budgeted else []
    return Plan(
        actions=(*ends, *screens, *placed),
        verdicts={case.name: case.verdict for case in cases if case.verdict},
        memory=Memory({case.name: case.member for case in cases}, pruned.digest, held.kept, days),
        spent={
            case.name: row_spent(case.member, case.run, limits.prices)
            for case in cases
            if case.project is not None
        },
        stale=frozenset(stale),
        spoken=frozenset(spoken),
        renames={**attendance.renames, **_unrenamed(cases)},
        events=tuple(events),
        requeue_at=min((at for at in times if at and at > now), default=None),
    )


def _hear(
    case: Case, project: Project | None, limits: Limits, now: datetime, *, anew: bool
) -> tuple[Heard | None, tuple[Event, ...]]:
    """Take the run's end and the row's words into the project's memory.

    A word counts after the end of the run that it may be about; but where the row's history is
    unknown, its word tells whether that end is news.
    """
    case.project = project
    kept: tuple[Event, ...] = ()
    if case.run is not None:
        case.member, kept = measure(case.name, case.member, case.run, now)
        case.member = learn(case.member, case.run)
        if case.run.result is not None:
            case.member, case.billed = bill(case.member, case.run, limits.prices)
        case.member = hear_proposal(case.member, case.run)
    if project is None:
        case.member, events = settle(case.name, case.member, case.run, now)
        return None, (*kept, *events)
    demo = bool(limits.demo_agent)
    if not case.member.pairs:
        heard = listen(project, case.member, case.run, now, demo=demo)
        case.member, events = settle(case.name, heard.member, case.run, now)
        return heard, (*kept, *heard.events, *events)
    settled, events = settle(case.name, case.member, case.run, now)
    heard = listen(project, settled, case.run, now, demo=demo, anew=anew)
    case.member = heard.member
    return heard, (*kept, *events, *heard.events)


def _judge(
    cases: Iterable[Case],
    desired: Desired,
    pruned: Prune,
    limits: Limits,
    staff: Staff,
    now: datetime,
) -> None:
    faults = {row.name: row.faults[0] for row in desired.invalid if row.name}
    for case in cases:
        for twin in case.twins:
            if twin.stop is None:
                text = "another session of the same project is newer"
                case.actions.append(Stop(case.name, twin.id, "controller", "Duplicate", text))
        if case.project is not None:
            judge_present(case, limits, staff, now)
        elif case.name in faults:
            case.verdict = verdicts.invalid(faults[case.name])
        else:
            judge_absent(case, pruned.due, pruned.blocked, now)
        if limits.suspension:  # whatever its row says, or whether there is one
            case.stop("user", "Suspended", limits.suspension.message)
            case.end_strays("Suspended", limits.suspension.message)
        if not (case.wants or case.holds):
            case.member = give_up_slot(case.member)
        watch_over(case)
        watch_vanished(case, limits, now)
        watch_missing(case)
        sweep_lost(case, now)


def _ended_now(cases: Iterable[Case], before: Mapping[str, ProjectMemory]) -> list[Case]:
    """Projects whose newest run's end is taken into account in this tick."""
    return [
        case
        for case in cases
        if case.run is not None
        and case.run.result is not None
        and case.member.settled == case.run.id != before[case.name].settled
    ]


def _unrenamed(cases: Iterable[Case]) -> dict[str, str]:
    """Runs that bear an earlier name of their project; one that another bears now tells nothing."""
    names = {case.name for case in cases}
    runs = [(case.run.project, case.name) for case in cases if case.run]
    return {old: new for old, new in runs if old != new and old not in names}


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


def _next_times(case: Case, limits: Limits, now: datetime) -> Iterator[datetime]:
    """When this project's part of the plan may differ by itself."""
    member = case.member
    if case.run is not None and case.run.stop and case.run.stop.at and case.alive:
        yield case.run.stop.at + LEAVING_PATIENCE
    if case.lost:
        yield lost_since(case)
    if case.missing:
        yield now + timedelta(seconds=LOST.first)
    if case.wants and (at := last_sign(case, limits)):
        yield at + timedelta(seconds=limits.hung_after)
    if case.vanished and member.vanished_at:
        yield member.vanished_at + vanished_patience(case, limits)
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
