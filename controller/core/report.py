"""The report of a tick: everything known, in one immutable value for all who show it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from controller.core.conditions import Condition, ConditionType

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
        exhausted: Which day's budget is spent, so that it starts nothing more today; else empty.
    """

    name: str
    slots: int
    used: int
    held: str = ""
    held_message: str = ""
    held_until: datetime | None = None
    dollars: float = 0.0
    tokens: int = 0
    exhausted: str = ""


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
        rival: What tells of another controller on the same list, lately; empty for nothing.
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
    rival: str = ""


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
            (source.waits, source.refusal, source.rival),
            (self.runtime_up, self.runtime_message, self.slots, self.demo, self.suspended),
            (self.prune, tuple(self.errors.items()), self.server, self.gpus, self.agents),
            self.restart_needed,
            self.notifications,
        )
