"""Facts: what an agent's own events tell of a run, folded from the first to the newest."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

CONVERSATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,199}")
"""The id of a conversation: it becomes an argument of the agent's, and must not pass for an
option."""


class Trouble(StrEnum):
    """Why an agent could not go on; the words are the reasons that a row shows."""

    LIMIT = "UsageLimit"
    """Its subscription or quota is used up until a time."""
    CREDIT = "OutOfCredit"
    """No money is left; only a person can mend that."""
    AUTH = "AuthFailed"
    """Its key or login is refused."""
    RATE = "RateLimited"
    """Too many requests just now; it is over in moments."""
    OVERLOADED = "Overloaded"
    """The service behind it fails (5xx, 529)."""
    OFFLINE = "Offline"
    """The service cannot be reached."""
    REQUEST = "RequestRefused"
    """The request itself is refused, an unknown model for example: the row must be edited."""
    BUDGET = "BudgetExceeded"
    """It spent what it was allowed to."""
    TURNS = "TurnLimit"
    """It took as many turns as it was allowed to."""
    CONVERSATION = "ConversationLost"
    """It does not know the conversation that it was to go on with."""
    ERROR = "AgentError"
    """Anything else that it calls an error."""


class Asking(StrEnum):
    """What an agent wants of a person; the words are the reasons that a row shows."""

    QUESTION = "AgentWaiting"
    PERMISSION = "PermissionAsked"
    DENIED = "PermissionDenied"
    """It was refused something, and nobody was there to ask."""
    TRUST = "TrustAsked"
    LOGIN = "LoginAsked"


AT_TERMINAL = frozenset({Asking.TRUST, Asking.LOGIN})
"""What only a person at the agent's terminal can decide: no text answers it."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A question to a person.

    Attributes:
        kind: What is wanted.
        text: The question, or what was refused; one line or a few.
        at: When it was asked; no part of what it says.
    """

    kind: Asking
    text: str
    at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Usage:
    """What was spent.

    Attributes:
        fresh: Tokens that were read, without those from a cache.
        cached: Tokens that were read from a cache.
        output: Tokens that were written.
        dollars: What it cost, as the agent says; None where it does not say.
    """

    fresh: int = 0
    cached: int = 0
    output: int = 0
    dollars: float | None = None

    @property
    def tokens(self) -> int:
        """All tokens."""
        return self.fresh + self.cached + self.output


@dataclass(frozen=True, slots=True)
class Facts:
    """What an agent's events tell.

    Attributes:
        at: When the newest event came; None before the first.
        conversation: The id that the agent gave its conversation; empty where it has not said.
        model: The model that answers, as the agent says.
        steps: Tools that were used.
        doing: The newest step, for a person: `Bash: pytest -q`.
        said: The agent's newest text.
        ask: What it wants of a person now.
        denied: What it was refused in this turn, oldest first.
        trouble: Why it cannot go on, or why it tries again; None where all is well.
        message: The trouble, in the agent's or the service's own words.
        until: When the trouble is over, as far as that was said.
        retrying: The trouble is not the end: the agent tries again by itself.
        working: A turn is under way.
        turn_at: When the newest turn began, as far as that was told.
        ended: The agent told the end of its turn.
        ok: It told that the turn went well.
        usage: Spent in this run; where `whole` is set, in the whole conversation.
        whole: The dollars of `usage` are those of the whole conversation, not of this run.
        counted: The id of the newest message that is counted in `usage`.
    """

    at: datetime | None = field(default=None, compare=False)
    conversation: str = ""
    model: str = ""
    steps: int = 0
    doing: str = ""
    said: str = ""
    ask: Ask | None = None
    denied: tuple[str, ...] = ()
    trouble: Trouble | None = None
    message: str = ""
    until: datetime | None = None
    retrying: bool = False
    working: bool = False
    turn_at: datetime | None = None
    ended: bool = False
    ok: bool = False
    usage: Usage = field(default_factory=Usage)
    whole: bool = False
    counted: str = ""


NO_FACTS = Facts()
"""Of a run whose agent tells nothing, or has not yet."""
