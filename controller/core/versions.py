"""Versions: what a row's Status, Agent and Last Update say, and when they must be written."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from controller.core import row as columns
from controller.core.actions import Verdict
from controller.core.intent import Pair, remember
from controller.core.memory import Memory, ProjectMemory, State
from controller.core.observed import Observed
from controller.core.project import Project


def with_state(
    member: ProjectMemory, project: Project, verdict: Verdict, now: datetime
) -> ProjectMemory:
    """The member with the verdict as its state; `since` moves only with the status."""
    before = member.state
    assert verdict.status is not None
    if before and before.status is verdict.status:
        if (before.reason, before.message) == (verdict.reason, verdict.message):
            return member
        since = before.since
    elif before is None and project.status is verdict.status:
        since = written_time(project.last_update) or now
    else:
        since = free_time(member, now)
    return replace(member, state=State(verdict.status, verdict.reason, verdict.message, since))


def agent_changes(project: Project, member: ProjectMemory, agent: str) -> bool:
    """Whether another agent works than the row says: a new version, though the status stays.

    A version that did not arrive yet is no older one that must be told apart from it.
    """
    written = member.state is not None and len(member.pairs) > 1 and not member.unwritten
    return written and project.row.cell(columns.AGENT) != agent


def held(member: ProjectMemory) -> Pair | None:
    """The version that the row held last, as far as is known: read from it, or surely written."""
    if member.unwritten:
        return member.replaced
    return member.pairs[-1] if member.pairs else None


def must_write(
    member: ProjectMemory, project: Project, agent: str, *, brief: bool, stale: bool, moved: bool
) -> bool:
    """Whether the row's Status, Agent and Last Update are not what they should be."""
    if member.state is None or (brief and not stale):
        return False
    row = project.row
    says_it = row.cell(columns.STATUS) == member.state.status.value
    return stale or moved or not says_it or row.cell(columns.AGENT) != agent


def new_version(
    member: ProjectMemory, project: Project, agent: str, now: datetime
) -> tuple[ProjectMemory, dict[str, str]]:
    """The row's three cells that make its version, remembered before they are written."""
    assert member.state is not None
    pair = Pair.of(member.state.status, stamp(member.state.since))
    if pair in member.pairs and pair != member.pairs[-1]:
        member = replace(member, state=replace(member.state, since=free_time(member, now)))
    assert member.state is not None
    text = stamp(member.state.since)
    cells = {
        columns.STATUS: member.state.status.value,
        columns.AGENT: agent,
        columns.LAST_UPDATE: text,
    }
    pairs = remember(member.pairs, Pair.of(member.state.status, text))
    agents = (*(item for item in member.agent_cells if item != agent), agent)
    after = replace(
        member, pairs=pairs, agent_cells=agents,
        unwritten=True, replaced=project.pair, replaced_agent=project.agent,
    )  # fmt: skip
    return after, cells


def stamp(at: datetime) -> str:
    """A time as the Last Update cell holds it: ISO 8601 to the second, with its zone."""
    return at.isoformat(timespec="seconds")


def written_time(text: str) -> datetime | None:
    """The time that a Last Update cell holds; None where no controller wrote it so."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


def free_time(member: ProjectMemory, now: datetime) -> datetime:
    """The time, moved on by whole seconds where a version of the row has it already.

    One Last Update for two versions would make the user's next word look like an old one.
    """
    used = {pair.last_update for pair in member.pairs}
    at = now.replace(microsecond=0)
    while stamp(at) in used:
        at += timedelta(seconds=1)
    return at


def agent_shown(project: Project | None, member: ProjectMemory, observed: Observed) -> str:
    """The user's own word stays; else what runs or ran last; else what the cell has."""
    if project is not None and member.pin:
        return member.pin
    run = observed.runs.get(member.run)
    if run is not None:
        return run.agent
    return project.agent if project is not None else ""


def doubt(memory: Memory) -> Memory:
    """The memory of a controller that ended: what it did not confirm may have arrived or not."""
    members = {
        name: replace(member, doubtful=True) if member.unwritten else member
        for name, member in memory.projects.items()
    }
    return replace(memory, projects=members)


def confirm(memory: Memory, written: Iterable[tuple[str, Iterable[str]]]) -> Memory:
    """The memory after versions arrived in the list.

    Args:
        memory: What was committed before the write.
        written: Name and written columns of every row whose write succeeded.
    """
    written = tuple(written)
    version = {columns.STATUS, columns.AGENT, columns.LAST_UPDATE}
    arrived = {name for name, cells in written if version & set(cells)}
    proposed = {name for name, cells in written if columns.PROPOSED_NEXT_ACTION in cells}
    members = dict(memory.projects)
    for name in arrived:
        if members[name].unwritten:
            members[name] = replace(members[name], unwritten=False)
    for name in proposed:
        members[name] = replace(members[name], proposal_due=False)
    return replace(memory, projects=members) if arrived or proposed else memory
