"""Limits: what the settings and the fleet's state allow, as the planner needs it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from controller.core.digest import digest
from controller.core.memory import Suspension


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may be spent; 0 for no bound.

    Attributes:
        dollars: As far as the agent says, or the settings' prices tell.
        tokens: All of them.
    """

    dollars: float = 0.0
    tokens: int = 0


NO_BUDGET = Budget()


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars of a million tokens: read, read from a cache, written."""

    fresh: float = 0.0
    cached: float = 0.0
    output: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person answered an agent.

    Attributes:
        id: Another one for each answer.
        text: The answer.
        at: When it was given.
    """

    id: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AgentLimits:
    """What the planner knows of an agent.

    Attributes:
        slots: Sessions that it may have at once.
        real: Whether it costs credit; in demo mode the demo agent stands in for it.
        conversations: Whether it can go on with an earlier conversation.
        config: Digest of the settings that shape its runs.
        mode: How it is connected to its session, unless a row says otherwise.
        credentials: Fingerprint of what it signs in with; empty where that is not known.
        day: What all its runs of one day may spend.
        run: What one of its runs may spend.
    """

    slots: int
    real: bool = True
    conversations: bool = False
    config: str = ""
    credentials: str = ""
    day: Budget = NO_BUDGET
    run: Budget = NO_BUDGET
    mode: str = ""

    def config_in(self, mode: str) -> str:
        """Digest of what shapes the runs of a row.

        Args:
            mode: The row's word for it; empty for the agent's own.
        """
        return digest(self.config, mode) if mode and mode != self.mode else self.config


@dataclass(frozen=True, slots=True)
class Route:
    """Which agent, and which model id it is told (empty: its own default)."""

    agent: str
    model: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is allowed.

    Attributes:
        slots: Sessions at once.
        gpus: GPUs to give out.
        agents: Name → limits; names are lower case.
        models: The Model cell, folded → routes, the preferred one first.
        model_names: The models as the settings spell them, for messages.
        default_agent: Where neither Agent nor Model says anything.
        demo_agent: The agent that stands in for real ones, empty outside demo mode.
        folders: Project name → folder.
        workspaces: Parent of the folders of all other projects.
        isolated: Projects that work in a worktree of their folder, below `workspaces`.
        suspension: Set while the fleet rests.
        approved_prune: Digest of the mass stop that the user approved.
        waiting_keeps_slot: Seconds after which a waiting session gives up its slot.
        ended_pane_keeps: Seconds that an ended session's screen is kept.
        stop_grace: Seconds that an agent has between the request to end and the kill.
        min_run_time: Seconds that an agent runs before it may be pre-empted.
        notes: Project → why the user paused or resumed it.
        answers: Project → what a person answered its agent.
        released: Agent → when a person ended its hold.
        hung_after: Seconds without output or event after which an agent counts as hung.
        steady_since: Since when the clock has gone on evenly: silence counts from there on, for a
            machine that slept heard nobody. None where that is not known: then nobody is hung.
        row: What all runs of one row may spend.
        day: What all runs of one day may spend.
        prices: Model id → what its tokens cost, for agents that do not say.
    """

    slots: int
    agents: Mapping[str, AgentLimits]
    default_agent: str
    gpus: int = 0
    models: Mapping[str, tuple[Route, ...]] = field(default_factory=dict)
    model_names: tuple[str, ...] = ()
    demo_agent: str = ""
    folders: Mapping[str, str] = field(default_factory=dict)
    workspaces: str = "workspaces"
    isolated: frozenset[str] = frozenset()
    suspension: Suspension | None = None
    approved_prune: str = ""
    waiting_keeps_slot: float = 600.0
    ended_pane_keeps: float = 3600.0
    stop_grace: float = 10.0
    min_run_time: float = 300.0
    notes: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, Answer] = field(default_factory=dict)
    released: Mapping[str, datetime] = field(default_factory=dict)
    hung_after: float = 1800.0
    steady_since: datetime | None = None
    row: Budget = NO_BUDGET
    day: Budget = NO_BUDGET
    prices: Mapping[str, Price] = field(default_factory=dict)

    @property
    def budgeted(self) -> bool:
        """Whether anything is bounded by the day, so that midnight gives new leave."""
        return self.day != NO_BUDGET or any(one.day != NO_BUDGET for one in self.agents.values())
