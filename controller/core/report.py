"""The report of a tick: everything known, in one immutable value for all who show it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from controller.core.conditions import Condition
from controller.core.intent import Intent
from controller.core.memory import Memory, ProjectMemory
from controller.core.observed import Observed, Run
from controller.core.project import Project
from controller.core.status import RowStatus

VERSION = "sidekick/v1"


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
    started_at: datetime | None = None
    waiting_since: datetime | None = None
    activity_at: datetime | None = None
    crashes: int = 0
    next_retry: datetime | None = None
    last_exit: str = ""
    last_status: int | None = None
    conditions: tuple[Condition, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether the row is valid."""
        return all(item.status for item in self.conditions if item.type.value == "Accepted")


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
    """

    kind: str
    name: str
    valid: bool = False
    message: str = ""
    read_at: datetime | None = None
    changed_at: datetime | None = None
    rows: int = 0
    invalid: int = 0


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
        demo: Whether the demo agent stands in for real ones.
        suspended: Why the fleet rests, empty where it does not.
        prune: Digest of the blocked mass stop.
        errors: What failed in this tick: stage → message.
        server: The address of the server.
        version: Of this document's form.
    """

    at: datetime
    source: SourceView
    projects: tuple[ProjectView, ...] = ()
    runtime_up: bool = False
    runtime_message: str = ""
    slots: int = 0
    demo: bool = False
    suspended: str = ""
    prune: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    server: str = ""
    version: str = VERSION

    @property
    def essence(self) -> tuple[object, ...]:
        """What makes a report worth keeping: equal while only times move on."""
        source = self.source
        return (
            (source.kind, source.name, source.valid, source.message, source.rows, source.invalid),
            (self.runtime_up, self.runtime_message, self.slots, self.demo, self.suspended),
            (self.prune, tuple(self.errors.items()), self.server),
            tuple((p.name, p.line, p.status, p.reason, p.message, p.alive) for p in self.projects),
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
    return ProjectView(
        name=status.name,
        status=status.status,
        reason=status.reason,
        message=status.message,
        agent=status.agent,
        line=status.row.line if status.row else None,
        priority=project.priority if project else None,
        next_action=project.next_action if project else "",
        deadline=project.deadline if project else None,
        overdue=is_overdue(project, member, now),
        gpu=project.gpu if project else False,
        model=project.model if project else "",
        desired_running=bool(project and member.intent is Intent.RUN and not member.block),
        since=status.since,
        session=session.name if session else "",
        alive=alive,
        run=member.run,
        folder=run.folder if run else "",
        started_at=run.started_at if run and alive else None,
        waiting_since=member.waiting_since,
        activity_at=_activity(run, session.activity if session else 0, now),
        crashes=member.crashes,
        next_retry=retry.at if retry and not alive else None,
        last_exit=run.result.message if run and run.result else "",
        last_status=run.result.status if run and run.result else None,
        conditions=status.conditions,
    )


def is_overdue(project: Project | None, member: ProjectMemory, now: datetime) -> bool:
    """Whether the deadline passed and the work is not done."""
    return bool(
        project
        and project.deadline
        and project.deadline < now.date()
        and member.intent is not Intent.DONE
    )


def _activity(run: Run | None, seconds: int, now: datetime) -> datetime | None:
    if run is None or run.result is not None or not seconds:
        return None
    return datetime.fromtimestamp(seconds, tz=now.tzinfo)
