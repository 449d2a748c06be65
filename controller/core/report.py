"""The report of a tick: everything known, in one immutable value for all who show it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from controller.core import holds
from controller.core.conditions import Condition, ConditionType
from controller.core.intent import Intent
from controller.core.memory import NOTHING_SPENT, Memory, ProjectMemory
from controller.core.observed import Observed
from controller.core.project import Project
from controller.core.status import RowStatus
from controller.core.words import Status

VERSION = "sidekick/v1"
IDLE_AFTER = timedelta(minutes=5)
"""An agent that printed and reported nothing for so long counts as idle."""


@dataclass(frozen=True, slots=True)
class ProjectView:
    """One project, as everybody shows it.

    Attributes are the row's and `RowStatus`'; times are None where they do not apply.
    """

    name: str
    status: str
    reason: str
    message: str
    agent: str
    agent_running: str = ""
    line: int | None = None
    priority: int | None = None
    next_action: str = ""
    deadline: date | None = None
    overdue: bool = False
    gpu: bool = False
    model: str = ""
    desired_running: bool = False
    since: datetime | None = None
    session: str = ""
    alive: bool = False
    run: str = ""
    folder: str = ""
    branch: str = ""
    work: str = ""
    started_at: datetime | None = None
    conversation: str = ""
    waiting_since: datetime | None = None
    activity_at: datetime | None = None
    idle_since: datetime | None = None
    crashes: int = 0
    next_retry: datetime | None = None
    progress: str = ""
    progress_at: datetime | None = None
    doing: str = ""
    steps: int = 0
    dollars: float = 0.0
    tokens: int = 0
    proposed: str = ""
    mode: str = ""
    last_exit: str = ""
    last_status: int | None = None
    conditions: tuple[Condition, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether the row is valid."""
        return all(item.status for item in self.conditions if item.type is ConditionType.ACCEPTED)

    @property
    def needs_a_person(self) -> bool:
        """Whether it will not get where its row wants it by itself."""
        return any(item.status for item in self.conditions if item.type is ConditionType.STALLED)


@dataclass(frozen=True, slots=True)
class AgentView:
    """One agent's slots.

    Attributes:
        name: Its name in the settings.
        slots: Sessions that it may have at once.
        used: Sessions that it has.
        held: Why it starts nothing now, as CamelCase; empty where it may.
        held_message: The same for a person.
        held_until: When that is over by itself; None where something must be done first.
        dollars: What its runs spent today.
        tokens: Likewise.
    """

    name: str
    slots: int
    used: int
    held: str = ""
    held_message: str = ""
    held_until: datetime | None = None
    dollars: float = 0.0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class SourceView:
    """The list, as it was last read.

    Attributes:
        kind: The kind of source.
        name: The list's name.
        valid: Whether the newest read was good.
        message: Why not.
        read_at: When it was last read well.
        changed_at: When a read last brought another content.
        rows: Rows, valid and not.
        invalid: Rows that are not valid.
        waits: Whom writes wait for, empty for nobody: an editor that has the list open.
        refusal: Why what is to be written cannot be; empty where it can, or nothing is.
    """

    kind: str
    name: str
    valid: bool = False
    message: str = ""
    read_at: datetime | None = None
    changed_at: datetime | None = None
    rows: int = 0
    invalid: int = 0
    waits: str = ""
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class NotificationsView:
    """How notifications stand.

    Attributes:
        targets: Where they go: service and host, the rest is secret. Empty where they are off.
        waiting: Messages that are not delivered yet.
        failure: What does not work, empty where all does: a wrong address, or the last try.
        failed_at: When that was.
    """

    targets: tuple[str, ...] = ()
    waiting: int = 0
    failure: str = ""
    failed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What was known at the end of a tick.

    Attributes:
        at: When.
        source: The list.
        projects: Every row, in the list's order, then projects that are gone from it.
        runtime_up: Whether the runtime could be observed.
        runtime_message: Why not.
        slots: Sessions allowed at once.
        gpus: GPUs to give out.
        gpus_used: GPUs given out.
        agents: Every agent's slots, by name.
        restart_needed: Settings that changed and count only after a restart of the controller.
        demo: Whether the demo agent stands in for real ones.
        suspended: Why the fleet rests, empty where it does not.
        prune: Digest of the blocked mass stop.
        errors: What failed in this tick: stage → message.
        server: The address of the server.
        notifications: How they stand.
        version: Of this document's form.
    """

    at: datetime
    source: SourceView
    projects: tuple[ProjectView, ...] = ()
    runtime_up: bool = False
    runtime_message: str = ""
    slots: int = 0
    gpus: int = 0
    gpus_used: int = 0
    agents: tuple[AgentView, ...] = ()
    restart_needed: tuple[str, ...] = ()
    demo: bool = False
    suspended: str = ""
    prune: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    server: str = ""
    notifications: NotificationsView = NotificationsView()
    version: str = VERSION

    @property
    def essence(self) -> tuple[object, ...]:
        """What makes a report worth keeping: equal while only times move on."""
        board = (
            (p.name, p.line, p.status, p.reason, p.message, p.alive, p.progress)
            for p in self.projects
        )
        return (*self.frame, tuple(board))

    @property
    def frame(self) -> tuple[object, ...]:
        """The essence of all but the projects."""
        source = self.source
        return (
            (source.kind, source.name, source.valid, source.message, source.rows, source.invalid),
            (source.waits, source.refusal),
            (self.runtime_up, self.runtime_message, self.slots, self.demo, self.suspended),
            (self.prune, tuple(self.errors.items()), self.server, self.gpus, self.agents),
            self.restart_needed,
            self.notifications,
        )


def view(
    status: RowStatus,
    project: Project | None,
    memory: Memory,
    observed: Observed,
    now: datetime,
) -> ProjectView:
    """Gather what is known of one row."""
    member = memory.projects.get(status.name) or ProjectMemory(slug="")
    run = observed.runs.get(member.run)
    session = observed.sessions.get(member.run)
    alive = bool(session and session.alive and run and run.result is None)
    retry = member.retry
    activity = activity_of(session.activity, now) if session and alive else None
    return ProjectView(
        name=status.name,
        status=status.status,
        reason=status.reason,
        message=status.message,
        agent=status.agent,
        agent_running=run.agent if run and alive else "",
        line=status.row.line if status.row else None,
        priority=project.priority if project else None,
        next_action=project.next_action if project else "",
        deadline=project.deadline if project else None,
        overdue=is_overdue(project, member, now),
        gpu=project.gpu if project else False,
        model=project.model if project else "",
        mode=project.mode if project else "",
        desired_running=bool(project and member.intent is Intent.RUN and not member.block),
        since=status.since,
        session=session.name if session else "",
        alive=alive,
        run=member.run,
        folder=run.folder if run else "",
        branch=run.branch if run else "",
        work=member.work.told if member.work else "",
        started_at=run.started_at if run and alive else None,
        conversation=member.conversation,
        waiting_since=waits_since(status, member),
        activity_at=activity,
        idle_since=idle_since(activity, now) if alive else None,
        crashes=member.crashes,
        next_retry=retry.at if retry and not alive else None,
        progress=run.progress.message if run and run.progress else "",
        progress_at=run.progress.at if run and run.progress else None,
        doing=run.facts.doing if run and alive else "",
        steps=run.facts.steps if run else 0,
        dollars=status.spent.dollars,
        tokens=status.spent.tokens,
        proposed=member.proposed,
        last_exit=run.result.message if run and run.result else "",
        last_status=run.result.status if run and run.result else None,
        conditions=status.conditions,
    )


def agent_views(
    slots: Mapping[str, int], projects: Iterable[ProjectView], memory: Memory, now: datetime
) -> tuple[AgentView, ...]:
    """Every agent's slots, how many are used, whether it is held, and what it spent today."""
    used = Counter(project.agent_running for project in projects if project.alive)
    return tuple(_agent_view(name, slots[name], used[name], memory, now) for name in sorted(slots))


def _agent_view(name: str, slots: int, used: int, memory: Memory, now: datetime) -> AgentView:
    held, day = memory.holds.get(name), memory.days.get(name)
    spent = day.spent if day and day.date == now.date() else NOTHING_SPENT
    told = AgentView(name, slots, used, dollars=spent.dollars, tokens=spent.tokens)
    if held is None or holds.over(held, now):
        return told
    return replace(
        told,
        held=held.reason,
        held_message=holds.message(name, held),
        held_until=held.until,
    )


def waits_since(status: RowStatus, member: ProjectMemory) -> datetime | None:
    """Since when its agent waits for a person: in a run that lasts, or by one that ended so."""
    if member.waiting_since or member.question is None or status.status != Status.WAITING:
        return member.waiting_since
    return member.question.at


def idle_since(activity: datetime | None, now: datetime) -> datetime | None:
    """The last activity, where it is so long ago that the agent counts as idle."""
    return activity if activity and now - activity >= IDLE_AFTER else None


def is_overdue(project: Project | None, member: ProjectMemory, now: datetime) -> bool:
    """Whether the deadline passed and the work is not done."""
    return bool(
        project
        and project.deadline
        and project.deadline < now.date()
        and member.intent is not Intent.DONE
    )


def activity_of(seconds: int, now: datetime) -> datetime | None:
    """A session's last output as a time; None where it is not known."""
    return datetime.fromtimestamp(seconds, tz=now.tzinfo) if seconds else None
