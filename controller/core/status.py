"""Status: the one step at the end of a tick that computes what every row says."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from controller.core.actions import Outcome, Plan, Start, Sweep, Tell, Verdict
from controller.core.backoff import LOST
from controller.core.desired import Desired
from controller.core.events import Event
from controller.core.lifecycle import lose_track
from controller.core.memory import Memory, ProjectMemory, Retry
from controller.core.observed import Observed
from controller.core.row_status import RowStatus, Stored, say, say_invalid
from controller.core.spent import NOTHING_SPENT
from controller.core.verdicts import VANISHED
from controller.core.words import Status


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
    stored: Stored = str,
) -> Summary:
    """Compute what every row says, and what is to be remembered.

    Args:
        plan: What was decided.
        desired: The list it was decided on.
        observed: The world it was decided on.
        outcomes: What became of the actions.
        now: The time.
        stored: What a cell of the list says once a text was written to it.
    """
    starts = {
        outcome.action.project: outcome for outcome in outcomes if isinstance(outcome.action, Start)
    }
    members = dict(plan.memory.projects)
    unswept: dict[str, Outcome] = {}
    for outcome in outcomes:
        if isinstance(outcome.action, Sweep) and not outcome.ok:
            unswept[outcome.action.project] = outcome
        elif isinstance(outcome.action, Sweep) and outcome.action.run not in observed.runs:
            name, run = outcome.action.project, outcome.action.run
            members[name] = lose_track(members[name], run, now)
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
        member, said[name] = say(
            name, project, member, after, observed, now,
            stale=name in plan.stale, spent=plan.spent.get(name, NOTHING_SPENT), stored=stored,
        )  # fmt: skip
        members[name] = member
        if not told and (event := _news(name, plan.memory.projects[name], member, after, now)):
            events.append(event)
    rows = [said.pop(name) for name in desired.projects if name in said]
    rows += [say_invalid(row, said.get(row.name), now, stored) for row in desired.invalid]
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
            restarts=False,
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
