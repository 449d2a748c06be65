"""Runs' folders to act on."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest

from controller.core.observed import Words
from controller.runs.folders import RunFolders
from controller.runs.meta import Meta
from controller.runs.spec import Spec

SPEC = Spec(("agent", "the prompt"), "/work", "headless", None, 10.0, 1000, 2)


def now() -> datetime:
    """The time, with its zone."""
    return datetime.now().astimezone()


class Bench:
    """Folders of runs, and a controller's view of them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.runs = RunFolders(root)
        self.runs.load()

    def make(self, project: str = "My App", spec: Spec = SPEC, **environment: str) -> str:
        """A run's folder; its id."""
        run = self.runs.new_id(now())
        meta = Meta(project, "my-app", "claude", "/work", Words("digest"), now(), "conversation")
        self.runs.create(run, spec, meta, "the prompt", environment)
        return run

    def put(self, run: str, name: str, content: str | bytes) -> None:
        """A file that a session wrote."""
        data = content.encode() if isinstance(content, str) else content
        (self.root / run / name).write_bytes(data)

    def end(self, run: str, text: str = '{"version": 1, "cause": "exit", "status": 0}') -> None:
        """The record of an end."""
        self.put(run, "exit.json", text)

    def reloaded(self) -> RunFolders:
        """What a controller that starts now sees."""
        runs = RunFolders(self.root)
        runs.load()
        return runs


class Processes:
    """Processes that are ended with the test."""

    def __init__(self) -> None:
        self._all: list[subprocess.Popen[bytes]] = []

    def start(self, *argv: str, **variables: str) -> subprocess.Popen[bytes]:
        """Start a process of its own session with these variables besides PATH."""
        environment: Mapping[str, str] = {"PATH": os.environ["PATH"], **variables}
        process = subprocess.Popen(
            argv, env=environment, start_new_session=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )  # fmt: skip
        self._all.append(process)
        return process

    def end(self) -> None:
        """Kill and reap."""
        for process in self._all:
            if process.poll() is None:  # a reaped one's number may be another's by now
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
            process.communicate(timeout=10)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """An empty folder of runs."""
    return Bench(tmp_path / "runs")


@pytest.fixture
def processes() -> Iterator[Processes]:
    """A starter of processes."""
    started = Processes()
    yield started
    started.end()
