"""Actions: what a plan asks for, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from controller.core.events import Event
from controller.core.memory import Memory
from controller.core.observed import Session
from controller.core.spent import Spent
from controller.core.words import Status
from controller.core.workload import Workload


@dataclass(frozen=True, slots=True)
class Start:
    """Start a session for a workload.

    Attributes:
        workload: What must run.
        replaces: Ended sessions of the project, whose screens give way.
        reason: CamelCase.
        message: For a person.
    """

    workload: Workload
    replaces: tuple[Session, ...]
    reason: str
    message: str

    @property
    def project(self) -> str:
        """Whose."""
        return self.workload.project


@dataclass(frozen=True, slots=True)
class Stop:
    """Ask a run to end; nobody waits for it.

    Attributes:
        project: Whose.
        run: Which.
        by: `user` or `controller`: on whose account.
        reason: CamelCase.
        message: For a person.
        session: Where it runs, for the case that its folder takes no request.
    """

    project: str
    run: str
    by: str
    reason: str
    message: str
    session: Session | None = None


@dataclass(frozen=True, slots=True)
class Restart(Stop):
    """A stop after which the project starts again at once, in the slot it had."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is done for a project that wants to run, and why.

    Attributes:
        project: Whose.
        reason: CamelCase.
        message: For a person.
        until: When it is looked at again at the latest; None where only a change helps.
    """

    project: str
    reason: str
    message: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tell:
    """Type a person's answer to an agent that waits for one on its terminal.

    Attributes:
        project: Whose.
        run: Which.
        agent: Whose run it is.
        session: Where it runs.
        answer: The answer's id.
        text: The answer.
    """

    project: str
    run: str
    agent: str
    session: Session
    answer: str
    text: str
    reason: str = "Answered"
    message: str = "a person's answer is typed"


@dataclass(frozen=True, slots=True)
class Sweep:
    """End whatever is left of a run whose session is gone without a word, and record its end."""

    project: str
    run: str
    reason: str = "ShimLost"
    message: str = "its session is gone without a word; what it left behind is ended first"


@dataclass(frozen=True, slots=True)
class Watch:
    """Let somebody watch over an adopted process again, whose watcher is gone."""

    project: str
    run: str
    session: Session
    reason: str = "Unwatched"
    message: str = "what watched over its process is gone; the process goes on"


@dataclass(frozen=True, slots=True)
class Remove:
    """Take sessions away: screens of runs that ended long ago, or what cannot be asked to end."""

    sessions: tuple[Session, ...]
    project: str = ""
    reason: str = "Ended"
    message: str = "ended sessions' screens are taken away"


Action = Start | Stop | Restart | Wait | Tell | Sweep | Watch | Remove


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an action.

    Attributes:
        action: Which.
        run: The id of the run that it started; empty for all others.
        conversation: The conversation that the run goes on with or began; empty for none.
        reason: CamelCase, empty on success.
        message: What failed, for a person.
        seconds: How long it took; of starts, which are made together, each its share.
    """

    action: Action
    run: str = ""
    conversation: str = ""
    reason: str = ""
    message: str = ""
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether it succeeded."""
        return not self.reason


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a row is to say, provided that the plan's actions succeed.

    Attributes:
        status: The word for the Status cell; None leaves the cell to the user.
        reason: CamelCase.
        message: For a person.
        accepted: The row is valid.
        ready: The world is as the row wants it.
        stalled: A person must act.
        brief: It will be another in a moment; the list is not written for its sake.
    """

    status: Status | None
    reason: str
    message: str = ""
    accepted: bool = True
    ready: bool = False
    stalled: bool = False
    brief: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done.

    Attributes:
        actions: In the order in which they are done.
        verdicts: Name → what its row is to say.
        memory: Memory after reading the rows and the runs' ends.
        stale: Names whose row is an old version, to be written again.
        spent: Name → what all runs of a row spent, those that last included.
        spoken: Names whose row had a new word of the user's; it gets a new version at once, so
            that taking the word back is a word as well.
        renames: Name that a project's runs bear → its name by now.
        events: What was noticed.
        requeue_at: When the plan may differ although nothing else changes; None for never.
    """

    actions: tuple[Action, ...] = ()
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    spent: Mapping[str, Spent] = field(default_factory=dict)
    stale: frozenset[str] = frozenset()
    spoken: frozenset[str] = frozenset()
    renames: Mapping[str, str] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    requeue_at: datetime | None = None

    @property
    def changes(self) -> tuple[Action, ...]:
        """The actions that do something: all but `Wait`."""
        return tuple(action for action in self.actions if not isinstance(action, Wait))
