"""What one row says: its word, why, and the cells to be written for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from controller.core import row as columns
from controller.core import verdicts
from controller.core.actions import Verdict
from controller.core.conditions import Condition, ConditionType, transition
from controller.core.desired import InvalidRow
from controller.core.faults import shorten
from controller.core.memory import ProjectMemory
from controller.core.observed import Observed
from controller.core.project import Project
from controller.core.row import Row, Shape
from controller.core.spending import shown
from controller.core.spent import NOTHING_SPENT, Spent
from controller.core.versions import (
    agent_changes,
    agent_shown,
    free_time,
    must_write,
    new_version,
    with_state,
)

REASON_SHOWN = 300
PROPOSAL_SHOWN = 4000
CREDITS_EVERY = timedelta(minutes=1)
"""The Credits Used cell is not written more often for its own sake."""
Stored = Callable[[str], str]
"""What a cell of the list says once a text was written to it: not every list holds every character,
and what it cannot hold is no reason to write again."""


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
        cells: Columns of the row to be written, with their new text as the list can hold it; empty
            where it says all.
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


def say(
    name: str,
    project: Project | None,
    member: ProjectMemory,
    verdict: Verdict,
    observed: Observed,
    now: datetime,
    *,
    stale: bool,
    spent: Spent,
    stored: Stored,
) -> tuple[ProjectMemory, RowStatus]:
    """One project's status, and its memory with that status as its newest version.

    Args:
        name: The Project cell.
        project: Its row; None where that is gone from the list.
        member: What is remembered of it.
        verdict: What was found.
        observed: The world it was found in.
        now: The time.
        stale: Whether its row is an old version, to be written again.
        spent: What all its runs spent.
        stored: What a cell says once a text was written to it.
    """
    member = _with_conditions(member, verdict, now)
    cells: dict[str, str] = {}
    agent = agent_shown(project, member, observed)
    if project is not None:
        before = member.state
        if verdict.status is not None and not verdict.brief:
            member = with_state(member, project, verdict, now)
        moved = bool(before and member.state and before.status is not member.state.status)
        writes = verdict.accepted or stale
        if writes and not (verdict.brief or moved) and agent_changes(project, member, agent):
            assert member.state is not None
            later = replace(member.state, since=free_time(member, now))
            member, moved = replace(member, state=later), True
        if writes and must_write(
            member, project, agent, brief=verdict.brief, stale=stale, moved=moved
        ):
            member, cells = new_version(member, project, agent, now)
        if columns.CREDITS_USED in project.row.cells:
            member, cells = _with_credits(member, project, cells, stored(shown(spent)), now)
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
        cells=_changed(project.row, cells, stored) if project else {},
    )
    return member, status


def say_invalid(
    invalid: InvalidRow, known: RowStatus | None, now: datetime, stored: Stored
) -> RowStatus:
    """The status of a row that the user must mend.

    Args:
        invalid: The row, and what is wrong with it.
        known: The status of the project it stands for; None for a new one.
        now: The time.
        stored: What a cell says once a text was written to it.
    """
    message = "; ".join(fault.message for fault in invalid.faults)
    verdict = replace(verdicts.invalid(invalid.faults[0]), message=message)
    row = invalid.row
    cells = {columns.REASON: _reason_text(verdict)}
    return RowStatus(
        name=invalid.name,
        row=row,
        status=row.cell(columns.STATUS),
        agent=row.cell(columns.AGENT),
        reason=verdict.reason,
        message=verdict.message,
        since=known.since if known else None,
        conditions=known.conditions if known else _conditions((), verdict, now),
        cells=_changed(row, cells, stored)
        if columns.REASON in row.cells and _in_place(row)
        else {},
    )


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
    after = _conditions(member.conditions, verdict, now)
    return member if after is member.conditions else replace(member, conditions=after)


def _conditions(
    before: tuple[Condition, ...], verdict: Verdict, now: datetime
) -> tuple[Condition, ...]:
    answers = (
        (ConditionType.ACCEPTED, verdict.accepted),
        (ConditionType.READY, verdict.ready),
        (ConditionType.STALLED, verdict.stalled),
    )
    return transition(before, answers, verdict.reason, verdict.message, now)


def _in_place(row: Row) -> bool:
    """Whether each cell of an invalid row surely is its column's.

    In a row with a comma too many, another column's text may stand under Reason; and to fill up one
    that ends in its midst would make it look whole.
    """
    return row.shape is Shape.EVEN


def _reason_text(verdict: Verdict) -> str:
    text = f"{verdict.reason}: {verdict.message}" if verdict.message else verdict.reason
    return shorten(text, REASON_SHOWN).strip()


def _changed(row: Row, cells: Mapping[str, str], stored: Stored) -> dict[str, str]:
    return {
        name: told
        for name, text in cells.items()
        if row.cell(name) != text and row.cell(name) != (told := stored(text))
    }
