"""The families of agents: name → where it is, loaded when one is used."""

from collections.abc import Callable
from importlib import import_module

from controller.agents.base import Agent, Options

FAMILIES = {
    "aider": "controller.agents.aider:Aider",
    "claude": "controller.agents.claude:Claude",
    "codex": "controller.agents.codex:Codex",
    "gemini": "controller.agents.gemini:Gemini",
    "opencode": "controller.agents.opencode:Opencode",
    "qwen": "controller.agents.qwen:Qwen",
}


def family(name: str) -> Callable[[Options], Agent]:
    """What makes an agent of a family.

    Raises:
        KeyError: There is no such family.
    """
    module, _, word = FAMILIES[name].partition(":")
    made: Callable[[Options], Agent] = getattr(import_module(module), word)
    return made
