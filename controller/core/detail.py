"""Detail: everything about one project, for a person who wants to know why."""

from dataclasses import dataclass
from datetime import datetime

from controller.core.events import Entry
from controller.core.report import ProjectView


@dataclass(frozen=True, slots=True)
class ActionView:
    """One action of a plan, as everybody shows it.

    Attributes:
        action: Start, Stop, Restart, Wait, Tell, Sweep, Watch or Remove.
        project: Whose; for `Remove` the sessions' names.
        reason: CamelCase.
        message: For a person.
        until: When a `Wait` is looked at again at the latest.
        failed: It was tried and failed; the reason and the message say why.
    """

    action: str
    project: str
    reason: str
    message: str
    until: datetime | None = None
    failed: bool = False


@dataclass(frozen=True, slots=True)
class PlanView:
    """What the next tick would do, or what a tick did.

    Attributes:
        at: When it was made.
        actions: In their order.
        errors: Stage → what failed; with a failed read or look there is no plan.
        prune: Digest of the blocked mass stop, empty for none.
        blocked: Projects whose rows vanished at once, and which end when that is approved.
        known: Whether a plan could be made at all.
    """

    at: datetime
    actions: tuple[ActionView, ...] = ()
    errors: tuple[tuple[str, str], ...] = ()
    prune: str = ""
    blocked: tuple[str, ...] = ()
    known: bool = True


@dataclass(frozen=True, slots=True)
class RunView:
    """One run in a project's history.

    Attributes:
        id: The run's id; its folder's name.
        agent: The agent that ran.
        demo: The demo agent stood in for a real one.
        conversation: The conversation it went on with or began; empty for none.
        created_at: When it was made.
        started_at: When the agent had exec'ed; None where it never did.
        ended_at: When it ended; None while it lasts.
        ending: Completed, Waiting, Blocked, Held, Stopped, Crashed, Fault, Unavailable, Forgotten
            or Lost; empty while it lasts.
        reason: CamelCase; empty while it lasts.
        message: For a person.
        status: The agent's exit status, or None.
    """

    id: str
    agent: str
    demo: bool
    conversation: str
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    ending: str = ""
    reason: str = ""
    message: str = ""
    status: int | None = None


@dataclass(frozen=True, slots=True)
class ScreenView:
    """What a project's newest run shows, or showed at its end.

    Attributes:
        lines: The last ones; of a terminal's escapes they have those that colour, and no others.
        live: Whether it is the screen of a session that lives.
    """

    lines: tuple[str, ...] = ()
    live: bool = False


@dataclass(frozen=True, slots=True)
class ProjectDetail:
    """Everything about one project.

    Attributes:
        project: As the newest report has it.
        plan: What is to be done for it next, or why it waits.
        runs: The newest runs, the newest first.
        events: The newest events, the oldest first.
        tail: The last lines that its newest run printed, without escapes.
    """

    project: ProjectView
    plan: tuple[ActionView, ...] = ()
    runs: tuple[RunView, ...] = ()
    events: tuple[Entry, ...] = ()
    tail: tuple[str, ...] = ()
