"""Memory: what must outlive a tick or a crash of the controller."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from controller.core.conditions import Condition
from controller.core.intent import Intent, Pair
from controller.core.observed import Words
from controller.core.spent import NOTHING_SPENT, Day, Spent
from controller.core.words import Status
from controller.core.work import Work


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
        reads: How many such reads there were; 0 while a new row that is not valid yet may be it.
        acted_at: When its session was told to stop: from here on this is a tombstone.
        mattered: Whether it had a session or a conversation when it was acted on.
    """

    since: datetime
    reads: int = 1
    acted_at: datetime | None = None
    mattered: bool = False

    @property
    def held(self) -> bool:
        """Whether it is not sure that the row is gone."""
        return self.reads == 0


@dataclass(frozen=True, slots=True)
class Question:
    """What an agent wants of a person, after its run is over.

    Attributes:
        reason: CamelCase.
        message: The question.
        at: When the run ended.
    """

    reason: str
    message: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Hold:
    """Why an agent starts nothing, whichever project wants it.

    Attributes:
        reason: CamelCase.
        message: For a person, in the words of the agent or of its service.
        since: When it began.
        until: When it is over by itself; None where something must be done first.
        wait: Seconds from `since` to `until`; no clock that jumps can make it more.
        attempt: So many holds followed each other without a good run between them.
        credentials: Fingerprint of what it signed in with; another one ends the hold. Empty where
            a change of that is no help.
    """

    reason: str
    message: str
    since: datetime
    until: datetime | None = None
    wait: float = 0.0
    attempt: int = 1
    credentials: str = ""


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
        restarts: Its run was ended to start again, which it does in the slot that it had.
        done: What was completed.
        block: Why the controller blocked it.
        absence: Set while the row is gone.
        preempted: It was ended for a more important project, and goes on by itself.
        vanished_at: When its session was first missing without a word from the run's folder.
        waiting_since: Since when the agent waits for a person, in a run that lasts.
        question: What it wants of a person, where its run is over.
        answered: The id of the newest answer that was given to it.
        said: The agent's last words, of the newest run that had some.
        forgotten: The agent does not know the conversation any more: the next start tells a fresh
            one where the work stands.
        work: What git saw in its folder after its newest run; None where that is not known.
        spent: What its runs spent that are over.
        billed: The id of the newest run that is in `spent`.
        credited_at: When the Credits Used cell was last given a new text.
        proposed: The Next Action that the agent proposed last.
        proposal_due: That text is still to be written into the list.
        paid: Dollars of the conversation so far, where its agent counts them over all its runs.
        paid_tokens: The same of its tokens.
        unwritten: A status was to be written and is not confirmed by a read yet.
        replaced: The version that the unconfirmed one was to replace; None where that is not known.
        replaced_agent: The Agent cell that it was to replace.
        doubtful: The controller ended before it knew whether the unconfirmed version arrived, and
            the row was not read since.
        state: What the row says; None before the first look.
        conditions: One of each type.
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
    restarts: bool = False
    done: Done | None = None
    block: Block | None = None
    absence: Absence | None = None
    preempted: bool = False
    vanished_at: datetime | None = None
    waiting_since: datetime | None = None
    question: Question | None = None
    answered: str = ""
    said: str = ""
    forgotten: bool = False
    work: Work | None = None
    spent: Spent = NOTHING_SPENT
    billed: str = ""
    credited_at: datetime | None = None
    proposed: str = ""
    proposal_due: bool = False
    paid: float = 0.0
    paid_tokens: int = 0
    unwritten: bool = False
    replaced: Pair | None = None
    replaced_agent: str = ""
    doubtful: bool = False
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
        holds: Agent → why it starts nothing.
        days: Agent → what it spent on the newest day on which one of its runs ended.
    """

    projects: Mapping[str, ProjectMemory] = field(default_factory=dict)
    prune: str = ""
    holds: Mapping[str, Hold] = field(default_factory=dict)
    days: Mapping[str, Day] = field(default_factory=dict)
