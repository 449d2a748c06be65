"""What `doctor` says of the agents: their programs, and what they sign in with."""

import os
import shutil
from collections.abc import Iterator, Mapping

from controller.agents.base import Agent
from controller.cli.exposure import Finding
from controller.parts.agents import build_agents
from controller.redaction import is_secret
from controller.settings import Settings
from controller.settings.agents import AgentSection
from controller.settings.model import TmuxServer


def programs(settings: Settings) -> Iterator[Finding]:
    """The agents of the settings; what no row can ask for now is no fault."""
    if settings.demo:
        yield True, "demo", "on: no real agent runs, no credit is spent (demo: false ends it)"
    used = {route.agent for name in settings.models for route in settings.routes(name)}
    used.add(settings.default_agent)
    agents = build_agents(settings)
    for name, section in settings.agents.items():
        if not section.enabled:
            yield True, name, "off: its rows take the next of their route, or wait"
            continue
        found, text = _program(name, section, settings)
        signed, how = _login(agents[name], section, os.environ)
        if section.family(name) != "command":
            text = f"{text}; {how}"
            found = found and signed
        needed = name in used and not settings.demo
        yield found or not needed, name, text if found or needed else f"not needed now ({text})"


def _program(name: str, section: AgentSection, settings: Settings) -> tuple[bool, str]:
    family = section.family(name)
    program = section.command[0] if family == "command" else section.program or family
    if settings.tmux.server is TmuxServer.EXTERNAL:
        return True, f"{program}, where the tmux server runs; it is not looked for here"
    found = shutil.which(program) if isinstance(program, str) else None
    if found:
        return True, found
    where = f"agents.{name}.{'command' if family == 'command' else 'program'}"
    return False, f"the program {program} is not on the PATH; install it, or set {where}"


def _login(agent: Agent, section: AgentSection, environment: Mapping[str, str]) -> tuple[bool, str]:
    """What an agent signs in with; where that cannot be seen from here, the benefit of doubt."""
    if section.secrets_file:
        return True, f"signs in with {section.secrets_file}"
    keys = [name for name in section.environment if is_secret(name)]
    keys += [name for name in agent.variables if is_secret(name) and environment.get(name)]
    if keys:
        return True, f"signs in with {' and '.join(sorted(set(keys)))}"
    for file in agent.logins:
        if file.exists():
            return True, f"signs in with the login in {file}"
    if section.base_url:
        return True, f"has no key, and asks {section.base_url}"
    known = ", ".join(name for name in agent.variables if is_secret(name))
    keys_text = f"set {known}" if known else f"give it a key by agents.{agent.name}.environment"
    return False, f"it has neither key nor login: {keys_text}, or sign in (docs/agents.md)"
