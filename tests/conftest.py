"""How hard properties are tried: quickly by ./run_tests.sh, thoroughly by .ci/run; and a lab.

With HYPOTHESIS_PROFILE=search they are tried on new examples each time. No deadline for one
example: a busy machine is no fault.
"""

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.e2e.lab import Lab
from tests.e2e.terminal import Terminal

# The checks try the same examples every time: what fails was broken by the change. `search` looks
# for what nobody found yet.
settings.register_profile("quick", max_examples=50, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=200, deadline=None, derandomize=True)
settings.register_profile("search", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell has what it puts into the background ignore Ctrl-C, and every process begun here would
    # do so too.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A project folder of its own; nothing of it is left behind."""
    lab = Lab()
    try:
        yield lab
    finally:
        lab.close()


@pytest.fixture
def terminal(lab: Lab) -> Iterator[Terminal]:
    """A person's terminal in the lab's folder."""
    terminal = Terminal(lab)
    try:
        yield terminal
    finally:
        terminal.close()
