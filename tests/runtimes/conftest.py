"""A lab for each test, cleaned up whatever happens in it."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.runtimes.tmux import TmuxRuntime
from tests.runtimes.lab import Lab
from tests.runtimes.worlds import MemoryWorld, TmuxWorld, World


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A private tmux server's place; the path is short, as sockets need."""
    folder = Path(tempfile.mkdtemp(prefix="lab", dir="/tmp"))
    lab = Lab(folder)
    try:
        yield lab
    finally:
        try:
            lab.close()
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def runtime(lab: Lab) -> TmuxRuntime:
    """The runtime on the lab's server."""
    return lab.runtime()


@pytest.fixture(params=["memory", "tmux"])
def world(request: pytest.FixtureRequest) -> World:
    """Each runtime in its world."""
    if request.param == "memory":
        return MemoryWorld()
    lab: Lab = request.getfixturevalue("lab")
    return TmuxWorld(lab)
