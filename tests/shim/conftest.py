"""Fixtures; every test ends with the proof that nothing of its run is left."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.shim.world import Run, Tmux, alive, pids_of, tmux_server, wait_for


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Have a run's folder; afterwards no process may carry the run's id."""
    run = Run(tmp_path / "run")
    yield run
    started = run.read("started.json") if run.folder.exists() else None
    shims = started["shim"] if started else []
    try:
        wait_for(
            lambda: not pids_of(run.id) and not any(map(alive, shims)), "an empty world", seconds=5
        )
    finally:
        for pid in pids_of(run.id):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def tmux() -> Iterator[Tmux]:
    """Have a tmux server of our own."""
    with tmux_server() as server:
        yield server
