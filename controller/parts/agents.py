"""The agents, and the terms on which they run."""

import re
from collections.abc import Mapping

from controller.agents.base import Agent, Mode, Options, Permission
from controller.agents.command import CommandAgent
from controller.agents.demo import NAME as DEMO
from controller.agents.demo import DemoAgent
from controller.agents.outcomes import Outcome, Pattern
from controller.agents.registry import family
from controller.core.digest import digest
from controller.preparer import Terms
from controller.settings import Settings
from controller.settings.agents import AgentSection
from controller.tools import tool_folder

AGENT_VARIABLES = (
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE"),
)
"""What every agent is handed on besides, by its run's own file: how to reach the network. A
proxy's address may hold a password."""


def build_agents(settings: Settings) -> dict[str, Agent]:
    """Every agent: those that the settings describe, and the demo."""
    agents: dict[str, Agent] = {DEMO: DemoAgent(settings.slots, settings.times.demo_work)}
    preamble = _preamble(settings)
    for name, section in settings.agents.items():
        if not section.enabled:
            continue
        if section.family(name) != "command":
            agents[name] = family(section.family(name))(_options(name, section, settings, preamble))
            continue
        agents[name] = CommandAgent(
            name=name,
            command=section.command,
            resume=section.resume,
            mode=Mode(section.mode),
            slots=section.slots,
            prompt_on_stdin=section.prompt_on_stdin,
            environment=section.environment,
            inherit=section.pass_environment,
            secrets=section.secrets_file,
            resume_prompt=settings.resume_prompt,
            config=digest(section.model_dump_json(exclude={"slots"})),
            exit_codes={int(code): Outcome(word) for code, word in section.exit_codes.items()},
            patterns=tuple(
                Pattern(Outcome(item.outcome), re.compile(item.pattern))
                for item in section.patterns
            ),
        )
    return agents


def _options(name: str, section: AgentSection, settings: Settings, preamble: str) -> Options:
    """What a family's agent is told of the settings."""
    return Options(
        name=name,
        program=section.program or section.family(name),
        home=settings.paths.homes / name,
        mode=Mode(section.mode),
        slots=section.slots,
        permission=Permission(section.permission),
        allow=section.allow,
        arguments=section.arguments,
        environment=section.environment,
        inherit=section.pass_environment,
        secrets=section.secrets_file,
        base_url=section.base_url,
        preamble=preamble,
        resume_prompt=settings.resume_prompt,
        config=digest(section.model_dump_json(exclude={"slots", "budget"}), settings.preamble),
    )


def _preamble(settings: Settings) -> str:
    """What agents are taught, and where their tool is: a login shell has a PATH of its own."""
    tools = tool_folder(settings.paths.homes)
    if not settings.preamble.strip() or tools is None:
        return settings.preamble
    return f"{settings.preamble.rstrip()}\nWhere sidekick is not found: {tools}/sidekick\n"


def build_terms(settings: Settings, environment: Mapping[str, str]) -> Terms:
    """The terms on which agents run."""
    return Terms(
        grace=settings.times.stop_grace,
        log_bytes=settings.retention.log_bytes,
        log_files=settings.retention.log_files,
        workspaces=settings.paths.workspaces,
        gpus=settings.gpus > 0,
        environment=environment,
        inherit=AGENT_VARIABLES,
        tools=tool_folder(settings.paths.homes),
    )
