"""Hooks: how an agent on its terminal is told to call our program at each of its events."""

import shlex
import sys
from pathlib import Path

SECONDS = 10
"""That an agent waits for a hook at most; ours takes a moment."""
_PROGRAM = Path(__file__).resolve().parent.parent / "shim" / "hook.py"


def hook_command() -> str:
    """The command line of our program, as agents give it to a shell."""
    return shlex.join((sys.executable, "-I", "-S", str(_PROGRAM)))
