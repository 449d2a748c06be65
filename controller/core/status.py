"""Status: the one step at the end of a tick that computes what every row says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from controller.core import row as columns
from controller.core.actions import Outcome, Plan, Start, Sweep, Tell, Verdict
from controller.core.backoff import LOST
from controller.core.conditions import Condition, ConditionType, transition
from controller.core.desired import Desired, InvalidRow
from controller.core.events import Event
from controller.core.faults import shorten
from controller.core.memory import NOTHING_SPENT, Memory, ProjectMemory, Retry, Spent
from controller.core.observed import Observed
from controller.core.project import Project
from controller.core.row import Row, Shape
from controller.core.spending import shown
from controller.core.verdicts import VANISHED
from controller.core.versions import (
    agent_changes,
    agent_shown,
    free_time,
    must_write,
    new_version,
    with_state,
)
from controller.core.words import Status

REASON_SHOWN = 300
PROPOSAL_SHOWN = 4000
CREDITS_EVERY = timedelta(minutes=1)
"""The Credits Used cell is not written more often for its own sake."""


@dataclass(frozen=True, slots=True)
class RowStatus:
    """What one row says to the world.

    Attributes:
        name: The Project cell.
        row: The row; None for a project that is gone from the list.
        status: The word shown; for a row that the user must mend, the cell's own text.
        agent: The agent shown.
        reason: CamelCase.
        message: For a person.
        since: When the status last changed; None where it never had one.
        conditions: The three answers.
        spent: What all its runs spent.
        cells: Columns of the row to be written, with their new text; empty where it says all.
    """

    name: str
    row: Row | None
    status: str
    agent: str
    reason: str
    message: str
    since: datetime | None = None
    conditions: tuple[Condition, ...] = ()
    spent: Spent = NOTHING_SPENT
    cells: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Summary:
    """The end of a tick.

    Attributes:
        memory: To be committed before any cell is written.
        rows: Every row of the list in its order, then the projects that are gone.
        events: What changed about them.
    """

    memory: Memory
    rows: tuple[RowStatus, ...]
    events: tuple[Event, ...] = ()


def summarize(
    plan: Plan,
    desired: Desired,
    observed: Observed,
    outcomes: Sequence[Outcome],
    now: datetime,
) -> Summary:
    """Compute what every row says, and what is to be remembered.

    Args:
        plan: What was decided.
        desired: The list it was decided on.
        observed: The world it was decided on.
        outcomes: What became of the actions.
        now: The time.
    """
    starts = {
        outcome.action.project: outcome for outcome in outcomes if isinstance(outcome.action, Start)
    }
    members = dict(plan.memory.projects)
    unswept: dict[str, Outcome] = {}
    for outcome in outcomes:
        if isinstance(outcome.action, Sweep) and not outcome.ok:
            name = outcome.action.project
            members[name] = replace(members[name], settled="")  # it is to be swept again
            unswept[name] = outcome
        if isinstance(outcome.action, Tell) and outcome.ok:
            name = outcome.action.project
            members[name] = replace(members[name], answered=outcome.action.answer)
    said: dict[str, RowStatus] = {}
    acted = {outcome.action.project for outcome in outcomes if outcome.ok}
    events: list[Event] = []
    for name, verdict in plan.verdicts.items():
        member, after = members[name], verdict
        if name in starts:
            member, after = _after_start(member, starts[name], verdict, now)
        if name in unswept and verdict == VANISHED:
            why = unswept[name]
            # It may stay so for long: until somebody is there who can end what is left.
            after = replace(after, reason=why.reason, message=why.message, brief=False)
        project = desired.projects.get(name)
        told = after.brief and name in acted  # by the action's own event
        if name in plan.spoken:
            after = replace(after, brief=False)
        member, said[name] = _say(
            name, project, member, after, observed, now,
            stale=name in plan.stale, spent=plan.spent.get(name, NOTHING_SPENT),
        )  # fmt: skip
        members[name] = member
        if not told and (event := _news(name, plan.memory.projects[name], member, after, now)):
            events.append(event)
    rows = [said.pop(name) for name in desired.projects if name in said]
    rows += [_say_invalid(row, said.get(row.name), now) for row in desired.invalid]
    rows.sort(key=lambda status: status.row.line if status.row else 0)
    mentioned = {row.name for row in desired.invalid}
    gone = [status for name, status in said.items() if name not in mentioned]
    known = {
        (event.project, text) for event in plan.events for text in (event.reason, event.message)
    }
    news = [e for e in events if not {(e.project, e.reason), (e.project, e.message)} & known]
    return Summary(replace(plan.memory, projects=members), (*rows, *gone), tuple(news))


def _news(
    name: str, before: ProjectMemory, after: ProjectMemory, verdict: Verdict, now: datetime
) -> Event | None:
    """A change of a condition as an event; another message alone is none."""
    known = {item.type: (item.status, item.reason) for item in before.conditions}
    if all(known.get(item.type) == (item.status, item.reason) for item in after.conditions):
        return None
    warning = verdict.stalled or not verdict.accepted
    return Event(now, name, verdict.reason, verdict.message, warning)


def _after_start(
    member: ProjectMemory, outcome: Outcome, verdict: Verdict, now: datetime
) -> tuple[ProjectMemory, Verdict]:
    action = outcome.action
    assert isinstance(action, Start)
    if outcome.ok:
        workload = action.workload
        return replace(
            member,
            run=outcome.run,
            conversation=outcome.conversation,
            conversation_agent=workload.agent if outcome.conversation else "",
            delivered=workload.words.action,
            preempted=False,
            vanished_at=None,
            question=None,
            answered=workload.answer or member.answered,
            forgotten=False,
            paid=member.paid if outcome.conversation == member.conversation else 0.0,
            paid_tokens=member.paid_tokens if outcome.conversation == member.conversation else 0,
        ), verdict
    attempt = member.faults + 1
    wait = LOST.delay(attempt, member.slug)
    at = now + timedelta(seconds=wait)
    retry = Retry(outcome.reason, outcome.message, at, keeps_slot=False, wait=wait)
    failed = replace(member, faults=attempt, retry=retry)
    return failed, Verdict(Status.QUEUED, outcome.reason, outcome.message)


def _say(
    name: str,
    project: Project | None,
    member: ProjectMemory,
    verdict: Verdict,
    observed: Observed,
    now: datetime,
    *,
    stale: bool,
    spent: Spent,
) -> tuple[ProjectMemory, RowStatus]:
    """One project's status, and its memory with that status as its newest version."""
    member = _with_conditions(member, verdict, now)
    cells: dict[str, str] = {}
    agent = agent_shown(project, member, observed)
    if project is not None:
        before = member.state
        if verdict.status is not None and not verdict.brief:
            member = with_state(member, project, verdict, now)
        moved = bool(before and member.state and before.status is not member.state.status)
        if not verdict.brief and not moved and agent_changes(project, member, agent):
            assert member.state is not None
            later = replace(member.state, since=free_time(member, now))
            member, moved = replace(member, state=later), True
        if (verdict.accepted or stale) and must_write(
            member, project, agent, brief=verdict.brief, stale=stale, moved=moved
        ):
            member, cells = new_version(member, project, agent, now)
        if columns.CREDITS_USED in project.row.cells:
            member, cells = _with_credits(member, project, cells, shown(spent), now)
        if member.proposal_due and columns.PROPOSED_NEXT_ACTION in project.row.cells:
            cells = {**cells, columns.PROPOSED_NEXT_ACTION: member.proposed[:PROPOSAL_SHOWN]}
        if columns.REASON in project.row.cells and not verdict.brief:
            cells[columns.REASON] = _reason_text(verdict)
    word = verdict.status or (member.state.status if member.state else None)
    cell = project.row.cell(columns.STATUS) if project else ""
    if not verdict.accepted:
        word = None
    status = RowStatus(
        name=name,
        row=project.row if project else None,
        status=(word.value if word else cell),
        agent=agent,
        reason=verdict.reason,
        message=verdict.message,
        since=member.state.since if member.state else None,
        conditions=member.conditions,
        spent=spent,
        cells=_changed(project.row, cells) if project else {},
    )
    return member, status


def _with_credits(
    member: ProjectMemory, project: Project, cells: dict[str, str], text: str, now: datetime
) -> tuple[ProjectMemory, dict[str, str]]:
    """The Credits Used cell, where it has another text and its time has come.

    Beside a new version it costs no write of its own: what a run cost stands there at its end.
    """
    if not text or project.row.cell(columns.CREDITS_USED) == text:
        return member, cells
    at = member.credited_at
    if not cells and at is not None and timedelta() <= now - at < CREDITS_EVERY:
        return member, cells
    return replace(member, credited_at=now), {**cells, columns.CREDITS_USED: text}


def _with_conditions(member: ProjectMemory, verdict: Verdict, now: datetime) -> ProjectMemory:
    answers = (
        (ConditionType.ACCEPTED, verdict.accepted),
        (ConditionType.READY, verdict.ready),
        (ConditionType.STALLED, verdict.stalled),
    )
    after = transition(member.conditions, answers, verdict.reason, verdict.message, now)
    return member if after is member.conditions else replace(member, conditions=after)


def _say_invalid(invalid: InvalidRow, known: RowStatus | None, now: datetime) -> RowStatus:
    fault = invalid.faults[0]
    message = "; ".join(fault.message for fault in invalid.faults)
    answer = (ConditionType.ACCEPTED, False)
    row = invalid.row
    cells = {columns.REASON: shorten(f"{fault.reason}: {message}", REASON_SHOWN).strip()}
    return RowStatus(
        name=invalid.name,
        row=row,
        status=row.cell(columns.STATUS),
        agent=row.cell(columns.AGENT),
        reason=fault.reason,
        message=message,
        since=known.since if known else None,
        conditions=known.conditions
        if known
        else transition((), (answer,), fault.reason, message, now),
        cells=_changed(row, cells) if columns.REASON in row.cells and _in_place(row) else {},
    )


def _in_place(row: Row) -> bool:
    """Whether each cell of an invalid row surely is its column's.

    In a row with a comma too many, another column's text may stand under Reason; and to fill up one
    that ends in its midst would make it look whole.
    """
    return row.shape is Shape.EVEN


def _reason_text(verdict: Verdict) -> str:
    text = f"{verdict.reason}: {verdict.message}" if verdict.message else verdict.reason
    return shorten(text, REASON_SHOWN).strip()


def _changed(row: Row, cells: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in cells.items() if row.cell(name) != text}
