"""Memory: what must outlive a tick or a crash of the controller."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from controller.core.conditions import Condition
from controller.core.intent import Intent, Pair
from controller.core.observed import Words
from controller.core.words import Status


@dataclass(frozen=True, slots=True)
class State:
    """What a row says to the world.

    Attributes:
        status: The word in the Status cell.
        reason: CamelCase.
        message: For a person.
        since: When `status` last changed.
    """

    status: Status
    reason: str
    message: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """What was completed.

    Attributes:
        action: The digest of the Next Action.
        demo: Only the demo agent did it.
        message: The agent's last word.
        by_user: The user said so.
    """

    action: str
    demo: bool = False
    message: str = ""
    by_user: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """Why the controller blocked a row; the user's next word or edit clears it."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Retry:
    """A wait before the next start.

    Attributes:
        reason: CamelCase: why the last run ended.
        message: For a person.
        at: The time of the next try.
        keeps_slot: A crashed project keeps its slot, a fault of the surroundings frees it.
        wait: Seconds that were to be waited; no clock that jumps can make it more.
    """

    reason: str
    message: str
    at: datetime
    keeps_slot: bool
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Absence:
    """A row that is gone from the list.

    Attributes:
        since: First whole good read without it.
        reads: How many such reads there were.
        acted_at: When its session was told to stop: from here on this is a tombstone.
        mattered: Whether it had a session or a conversation when it was acted on.
    """

    since: datetime
    reads: int = 1
    acted_at: datetime | None = None
    mattered: bool = False


@dataclass(frozen=True, slots=True)
class ProjectMemory:
    """Everything remembered of one project.

    Attributes:
        slug: Name of its session and default folder, for life.
        intent: What the user wants.
        pairs: Versions of the row, the newest last.
        agent_cells: Agent cells seen or written, the newest last.
        pin: The user's word in the Agent cell; empty where the cell is empty or ours.
        words: The user's words as last read.
        user_cells: Digest of the cells that are the user's, to know a renamed row again.
        run: The id of the newest run.
        settled: The id of the newest run whose end was taken into account.
        conversation: Id of the conversation to go on with; empty for a fresh one.
        conversation_agent: The agent that holds it.
        delivered: Digest of the Next Action that the conversation was given.
        crashes: Crashes in a row without a stable time between them.
        faults: Faults of the surroundings in a row.
        retry: The wait before the next start.
        done: What was completed.
        block: Why the controller blocked it.
        absence: Set while the row is gone.
        preempted: It was ended for a more important project, and goes on by itself.
        vanished_at: When its session was first missing without a word from the run's folder.
        waiting_since: Since when the agent waits for a person.
        unwritten: A status was to be written and is not confirmed by a read yet.
        replaced_agent: The Agent cell that the unconfirmed version was to replace.
        state: What the row says; None before the first look.
        conditions: Type → condition.
    """

    slug: str
    intent: Intent = Intent.RUN
    pairs: tuple[Pair, ...] = ()
    agent_cells: tuple[str, ...] = ()
    pin: str = ""
    words: Words = field(default_factory=lambda: Words(""))
    user_cells: str = ""
    run: str = ""
    settled: str = ""
    conversation: str = ""
    conversation_agent: str = ""
    delivered: str = ""
    crashes: int = 0
    faults: int = 0
    retry: Retry | None = None
    done: Done | None = None
    block: Block | None = None
    absence: Absence | None = None
    preempted: bool = False
    vanished_at: datetime | None = None
    waiting_since: datetime | None = None
    unwritten: bool = False
    replaced_agent: str = ""
    state: State | None = None
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Suspension:
    """The whole fleet is told to rest: since when, and why."""

    since: datetime
    message: str = ""


@dataclass(frozen=True, slots=True)
class Memory:
    """Everything remembered.

    Attributes:
        projects: Name → memory.
        prune: Digest of the blocked mass stop, empty where nothing is blocked.
    """

    projects: Mapping[str, ProjectMemory] = field(default_factory=dict)
    prune: str = ""
