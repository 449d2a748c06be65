"""Which runtimes there are; a runtime's libraries load only when it is used."""

from collections.abc import Callable
from importlib import import_module
from typing import cast

from controller.runtimes.base import Runtime

RUNTIMES = {
    "memory": "controller.runtimes.memory:MemoryRuntime",
    "tmux": "controller.runtimes.tmux:TmuxRuntime",
}
"""Name → `module:Class`; a new runtime is one file and one line here."""


def runtime_class(kind: str) -> Callable[..., Runtime]:
    """The class of a runtime, by its name in `RUNTIMES`."""
    module, _, name = RUNTIMES[kind].partition(":")
    return cast("Callable[..., Runtime]", getattr(import_module(module), name))
