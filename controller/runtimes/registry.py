"""Which runtimes there are; a runtime's libraries load only when it is used."""

from collections.abc import Callable
from importlib import import_module
from typing import cast

from controller.core.errors import TerminalError
from controller.runtimes.base import Runtime

RUNTIMES = {
    "memory": "controller.runtimes.memory:MemoryRuntime",
    "tmux": "controller.runtimes.tmux:TmuxRuntime",
}
"""The word in the settings → `module:Class`; a new runtime is one file and one line here."""


def runtime_class(kind: str) -> Callable[..., Runtime]:
    """The class behind a word of the settings.

    Raises:
        TerminalError: `RuntimeUnknown`, no runtime has that name.
    """
    if kind not in RUNTIMES:
        known = ", ".join(sorted(RUNTIMES))
        raise TerminalError(
            "RuntimeUnknown", f"There is no runtime {kind!r}; write one of: {known}."
        )
    module, _, name = RUNTIMES[kind].partition(":")
    return cast("Callable[..., Runtime]", getattr(import_module(module), name))
