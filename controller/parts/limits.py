"""What is allowed now."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from controller.agents.base import Agent
from controller.agents.demo import NAME as DEMO
from controller.core.limits import AgentLimits, Budget, Limits, Price, Route
from controller.core.words import fold
from controller.credentials import fingerprint
from controller.fleet import Fleet
from controller.settings import Settings
from controller.settings.agents import AgentSection, BudgetSection

MIN_RUN_TIME = 300.0
DEMO_MIN_RUN_TIME = 5.0
"""Seconds that an agent works before it may be pre-empted; the demo agent is done in a moment."""


def build_limits(
    settings: Settings,
    agents: Mapping[str, Agent],
    fleet: Fleet,
    environment: Mapping[str, str] = MappingProxyType({}),
    steady_since: datetime | None = None,
) -> Limits:
    """What is allowed now.

    Args:
        settings: The settings.
        agents: Name → agent.
        fleet: What was said about the whole fleet.
        environment: The controller's own, with the agents' credentials.
        steady_since: Since when the clock has gone on evenly.
    """
    return Limits(
        slots=settings.slots,
        agents={
            name: _agent_limits(agent, settings.agents.get(name), environment)
            for name, agent in agents.items()
        },
        default_agent=settings.default_agent,
        gpus=settings.gpus,
        models={
            fold(name): tuple(
                Route(route.agent, route.model)
                for route in settings.routes(name)
                if route.agent in agents
            )
            for name in settings.models
        },
        model_names=tuple(settings.models),
        demo_agent=DEMO if settings.demo else "",
        folders={name: str(path) for name, path in settings.projects.items()},
        workspaces=str(settings.paths.workspaces),
        isolated=settings.isolated,
        suspension=fleet.suspension(),
        approved_prune=fleet.approved_prune(),
        waiting_keeps_slot=settings.times.waiting_keeps_slot,
        ended_pane_keeps=settings.times.ended_screens,
        stop_grace=settings.times.stop_grace,
        min_run_time=_min_run_time(settings),
        notes=fleet.notes(),
        answers=fleet.answers(),
        released=fleet.released(),
        hung_after=settings.times.hung,
        steady_since=steady_since,
        row=_budget(settings.budgets.row),
        day=_budget(settings.budgets.day),
        prices={
            name: Price(price.input, price.cached, price.output)
            for name, price in settings.prices.items()
        },
    )


def _agent_limits(
    agent: Agent, section: AgentSection | None, environment: Mapping[str, str]
) -> AgentLimits:
    section = section or AgentSection()
    return AgentLimits(
        agent.slots, agent.real, agent.conversations, agent.config,
        credentials=fingerprint(agent, environment, section.secrets_file),
        mode=agent.mode.value,
        day=_budget(section.budget),
        run=_budget(section.run_budget),
    )  # fmt: skip


def _budget(section: BudgetSection) -> Budget:
    return Budget(section.dollars, section.tokens)


def _min_run_time(settings: Settings) -> float:
    given = settings.times.min_run_time
    if given is not None:
        return given
    return DEMO_MIN_RUN_TIME if settings.demo else MIN_RUN_TIME
