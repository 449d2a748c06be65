"""Credentials: told apart without being known, so that a change of them ends an agent's hold."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from controller.agents.base import Agent
from controller.core.digest import digest


def fingerprint(agent: Agent, environment: Mapping[str, str], secrets: str = "") -> str:
    """What an agent signs in with, as a digest: its variables, its settings, its logins.

    Args:
        agent: It.
        environment: The controller's.
        secrets: The agent's `secrets_file`, empty for none; a change of it counts where it lies on
            this machine.
    """
    texts = [f"{name}={environment.get(name, '')}" for name in agent.variables]
    texts += [_state(file) for file in agent.logins]
    texts += [_state(Path(secrets))] if secrets else []
    return digest(agent.config, *texts)


def _state(file: Path) -> str:
    """Which version of a file it is; its content stays where it is."""
    with suppress(OSError):
        known = file.stat()
        return f"{file} {known.st_mtime_ns} {known.st_size}"
    return f"{file}"
