"""Words to the person at the terminal: lines on standard error, and how the command is called."""

import os
import sys

from controller.core.names import COMMAND_VARIABLE, START_VARIABLE, as_argument
from controller.printable import clean


def command() -> str:
    """How the user calls us, for texts that tell what to type."""
    return os.environ.get(COMMAND_VARIABLE) or "sidekick"


def start() -> str:
    """How the user starts the controller, for texts that tell what to type."""
    return os.environ.get(START_VARIABLE) or f"{command()} run"


def warn(text: str) -> None:
    """A line on standard error."""
    print(f"sidekick: {clean(text)}", file=sys.stderr)


def seat(name: str) -> str:
    """What to type to sit down at a project's session, whatever a shell makes of its name."""
    return f"{command()} attach {as_argument(clean(name))}"


def demo_line() -> str:
    """On a terminal, that no real agent runs; empty elsewhere."""
    if not sys.stderr.isatty():
        return ""
    return "demo: the demo agent stands in for every real one, no credit is spent"
