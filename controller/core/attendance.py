"""Attendance: which known projects are still in the list, which are gone, new or renamed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from controller.core.desired import Desired
from controller.core.events import Event
from controller.core.memory import Absence, ProjectMemory
from controller.core.observed import Observed, Run
from controller.core.project import Project
from controller.core.slugs import assign

DELETION_DELAY = timedelta(seconds=30)
DELETION_READS = 2
TOMBSTONE_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Attendance:
    """Who is there.

    Attributes:
        members: Name → memory, of every row with a name and of every absent project.
        renames: Old name → new name.
        anew: Rows that are back after they counted as deleted, with a Next Action that is new: so
            whoever saved them typed them, and their Status is no older one of a stale buffer.
        events: What was noticed.
    """

    members: Mapping[str, ProjectMemory]
    renames: Mapping[str, str]
    anew: frozenset[str]
    events: tuple[Event, ...]


def attend(
    desired: Desired,
    known: Mapping[str, ProjectMemory],
    observed: Observed,
    now: datetime,
    *,
    fresh: bool,
) -> Attendance:
    """Match the list with memory.

    Args:
        desired: The newest good read.
        known: Name → memory.
        observed: Runs of projects that memory lost are adopted.
        now: The time.
        fresh: Whether the list was read in this tick; absence counts only then.
    """
    members = dict(known)
    events: list[Event] = []
    anew: set[str] = set()
    unheard = frozenset(row.name for row in desired.invalid if _is_unheard(row.name, known))
    doubts = _Doubts(desired.nameless, bool(unheard), not unheard <= known.keys())
    renames = _renamed(desired, members)
    for old, new in renames.items():
        members[new] = members.pop(old)
        events.append(Event(now, new, "Renamed", f"the row was renamed from {old}"))
    present = desired.present
    _introduce(present, members, observed.renamed(renames))
    for name, member in list(members.items()):
        if name in present:
            if member.absence:
                members[name] = replace(member, absence=None)
                if member.absence.acted_at:
                    if _has_new_work(desired.projects.get(name), member, observed):
                        anew.add(name)
                    events.append(
                        Event(now, name, "Returned", "the row is back; it goes on where it was")
                    )
        elif fresh:
            after = _absent(member, doubts, now)
            if after is None:
                del members[name]
            else:
                members[name] = after
    return Attendance(members, renames, frozenset(anew), tuple(events))


def deletion_due(absence: Absence, now: datetime) -> datetime | None:
    """When a missing row counts as deleted; None where more reads are needed first."""
    if absence.reads < DELETION_READS:
        return None
    return min(absence.since, now) + DELETION_DELAY


def adopt(member: ProjectMemory, run: Run) -> ProjectMemory:
    """The memory of a project one of whose runs it did not know."""
    never_began = run.result is not None and not (run.begun or run.started_at)
    if not run.conversation or never_began:
        return replace(member, run=run.id, preempted=False)
    return replace(
        member,
        run=run.id,
        preempted=False,
        question=None,
        conversation=run.conversation,
        conversation_agent=run.agent,
        delivered=run.words.action,
    )


def newest_run(name: str, observed: Observed) -> Run | None:
    """The newest run of a project, by its own record."""
    return max(
        (run for run in observed.runs.values() if run.project == name),
        key=lambda run: run.id,
        default=None,
    )


@dataclass(frozen=True, slots=True)
class _Doubts:
    """Why a row that is missing need not be gone.

    Attributes:
        nameless: A row lost its name.
        unheard: A row that was never valid stands under a name of its own: a rename may be half
            done.
        new: Such a row was not there in the read before. What is missing since before it came was
            not renamed to it.
    """

    nameless: bool
    unheard: bool
    new: bool


def _is_unheard(name: str, members: Mapping[str, ProjectMemory]) -> bool:
    """Whether a name's row was never valid, so that nothing hangs on the name."""
    member = members.get(name)
    return bool(name) and (member is None or not (member.pairs or member.run))


def _renamed(desired: Desired, members: Mapping[str, ProjectMemory]) -> dict[str, str]:
    """One name gone and one new in one read, all else equal: the same project.

    The new row may have been invalid for a while; the other one is held back as long.
    """
    present = desired.present
    gone = [
        name
        for name, member in members.items()
        if name not in present and _is_awaited(member) and not _is_unheard(name, members)
    ]
    new = [
        name
        for name in present
        if name not in members or (name in desired.projects and _is_unheard(name, members))
    ]
    if len(gone) != 1 or len(new) != 1 or new[0] not in desired.projects:
        return {}
    member, project = members[gone[0]], desired.projects[new[0]]
    same_version = project.pair in member.pairs
    agents = member.agent_cells[-1:] + ((member.replaced_agent,) if member.unwritten else ())
    same_agent = not agents or project.agent in agents
    if same_version and same_agent and project.user_digest == member.user_cells:
        return {gone[0]: new[0]}
    return {}


def _has_new_work(project: Project | None, member: ProjectMemory, observed: Observed) -> bool:
    """Whether a row's Next Action is one that it never had, as far as is remembered."""
    if project is None or project.action_digest == member.words.action:
        return False
    given = {run.words.action for run in observed.runs.values() if run.slug == member.slug}
    return project.action_digest not in given


def _introduce(
    present: frozenset[str], members: dict[str, ProjectMemory], observed: Observed
) -> None:
    """Give a memory to every new name, from its runs where it had some before."""
    claimed = {member.run for member in members.values()}
    orphans = {
        observed.runs[run_id].project
        for run_id, session in observed.sessions.items()
        if session.alive and run_id in observed.runs and run_id not in claimed
    }
    new = sorted((present | orphans) - set(members))
    if not new:
        return
    taken = {member.slug: name for name, member in members.items()}
    runs = [(name, run) for name in new if (run := newest_run(name, observed))]
    # The newest first: under a slug that a renamed project kept, an older one bears its old name.
    for name, run in sorted(runs, key=lambda item: item[1].id, reverse=True):
        if taken.setdefault(run.slug, name) == name:
            members[name] = adopt(ProjectMemory(slug=run.slug, words=run.words), run)
    for name, slug in assign([name for name in new if name not in members], taken).items():
        members[name] = ProjectMemory(slug=slug)


def _is_awaited(member: ProjectMemory) -> bool:
    """Whether no read proved yet that its row is gone."""
    return member.absence is None or member.absence.held


def _absent(member: ProjectMemory, doubts: _Doubts, now: datetime) -> ProjectMemory | None:
    """An absent project's memory after one more read without it; None once it is forgotten."""
    absence = member.absence
    if absence is None or absence.held:
        if doubts.nameless:
            return member
        if doubts.new or (absence and doubts.unheard):
            return member if absence else replace(member, absence=Absence(now, reads=0))
        return replace(member, absence=Absence(now))
    if absence.since > now:
        absence = replace(absence, since=now)
        member = replace(member, absence=absence)
    if absence.acted_at:
        return None if now - absence.acted_at > TOMBSTONE_KEPT else member
    if doubts.nameless or absence.reads >= DELETION_READS:
        return member
    return replace(member, absence=replace(absence, reads=absence.reads + 1))
