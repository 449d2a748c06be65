"""Hooks: how an agent on its terminal is told to call our program at each of its events."""

import shlex
import sys
from dataclasses import replace
from pathlib import Path

from controller.core.facts import Facts

SECONDS = 10
"""That an agent waits for a hook at most; ours takes a moment."""
_PROGRAM = Path(__file__).resolve().parent.parent / "shim" / "hook.py"


def hook_command() -> str:
    """The command line of our program, as agents give it to a shell."""
    return shlex.join((sys.executable, "-I", "-S", str(_PROGRAM)))


def at_work(facts: Facts) -> Facts:
    """The facts once a hook tells that the agent works: what it asked or stumbled over is past."""
    return replace(
        facts, working=True, ask=None, trouble=None, message="", until=None, retrying=False
    )
