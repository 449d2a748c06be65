"""Limits: what the settings and the fleet's state allow, as the planner needs it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from controller.core.memory import Suspension


@dataclass(frozen=True, slots=True)
class AgentLimits:
    """What the planner knows of an agent.

    Attributes:
        slots: Sessions that it may have at once.
        real: Whether it costs credit; in demo mode the demo agent stands in for it.
        conversations: Whether it can go on with an earlier conversation.
        config: Digest of the settings that shape its runs.
    """

    slots: int
    real: bool = True
    conversations: bool = False
    config: str = ""


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
        models: The Model cell, folded → route.
        model_names: The models as the settings spell them, for messages.
        default_agent: Where neither Agent nor Model says anything.
        demo_agent: The agent that stands in for real ones, empty outside demo mode.
        folders: Project name → folder.
        workspaces: Parent of the folders of all other projects.
        suspension: Set while the fleet rests.
        approved_prune: Digest of the mass stop that the user approved.
        waiting_keeps_slot: Seconds after which a waiting session gives up its slot.
        ended_pane_keeps: Seconds that an ended session's screen is kept.
        min_run_time: Seconds that an agent runs before it may be pre-empted.
        notes: Project → why the user paused or resumed it.
    """

    slots: int
    agents: Mapping[str, AgentLimits]
    default_agent: str
    gpus: int = 0
    models: Mapping[str, Route] = field(default_factory=dict)
    model_names: tuple[str, ...] = ()
    demo_agent: str = ""
    folders: Mapping[str, str] = field(default_factory=dict)
    workspaces: str = "workspaces"
    suspension: Suspension | None = None
    approved_prune: str = ""
    waiting_keeps_slot: float = 600.0
    ended_pane_keeps: float = 3600.0
    min_run_time: float = 300.0
    notes: Mapping[str, str] = field(default_factory=dict)
