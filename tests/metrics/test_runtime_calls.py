"""Calls to the runtime, counted on a real tmux."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.core.observed import NoServer, Unknown
from controller.metrics import Metrics
from controller.runtimes.base import RuntimeFault
from controller.runtimes.tmux import TmuxRuntime
from controller.runtimes.tmux_calls import COMMANDS, RESULTS
from tests.metrics.reports import value
from tests.runtimes.lab import Lab, sessions_of


class Counted:
    """A runtime on a lab's server, and the metrics that are told of its calls."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.metrics = Metrics()
        self.runtime = TmuxRuntime(
            lab.socket,
            owner="me",
            shim=("/bin/sh", str(lab.agent)),
            environment=lab.environment,
            configuration=lab.folder / "conf" / "tmux.conf",
            deadline=0.5,
            on_call=self.metrics.called,
        )

    def calls(self) -> dict[tuple[str, str], int]:
        """(command, result) → number of calls, where there were some."""
        found = {
            (command, result): value(
                self.metrics, "runtime_calls_total", command=command, result=result
            )
            for command in COMMANDS
            for result in RESULTS
        }
        return {key: int(count) for key, count in found.items() if count}


@pytest.fixture
def counted() -> Iterator[Counted]:
    """A runtime whose calls are counted; its server ends with the test."""
    folder = Path(tempfile.mkdtemp(prefix="lab", dir="/tmp"))
    lab = Lab(folder)
    try:
        yield Counted(lab)
    finally:
        try:
            lab.close()
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
def test_every_command(counted: Counted) -> None:
    """Each thing that a runtime does is a call, under its own name; none goes uncounted."""
    counted.lab.count_calls()
    assert isinstance(counted.runtime.observe(), NoServer)
    assert counted.runtime.start([counted.lab.request("one")]) == {}
    [session] = sessions_of(counted.runtime)
    counted.runtime.screen(session, 5)
    counted.runtime.tell(session, "hello")
    counted.runtime.remove([session])
    calls = counted.calls()
    assert calls.pop(("capture-pane", "success")) > 1  # typing looks as often as it needs to
    assert calls == {
        ("list-panes", "no_server"): 1,
        ("new-session", "no_server"): 1,
        ("start-server", "success"): 1,
        ("new-session", "success"): 1,
        ("list-panes", "success"): 1,
        ("paste-buffer", "success"): 1,
        ("send-keys", "success"): 1,
        ("kill-pane", "success"): 1,
    }
    assert {command for command, _ in counted.calls()} == set(COMMANDS)
    assert sum(counted.calls().values()) == counted.lab.called()
    seconds = value(counted.metrics, "runtime_call_duration_seconds_sum", command="start-server")
    assert seconds is not None
    assert 0 < seconds < 5


def test_a_server_that_hangs(counted: Counted) -> None:
    """A call that is given up is a time-out."""
    assert counted.runtime.start([counted.lab.request("one")]) == {}
    pid = counted.lab.server_pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        assert isinstance(counted.runtime.observe(), Unknown)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert counted.calls()["list-panes", "timeout"] == 1
    seconds = value(counted.metrics, "runtime_call_duration_seconds_sum", command="list-panes")
    assert seconds is not None
    assert seconds >= 0.5


@pytest.mark.slow
def test_nonsense(counted: Counted) -> None:
    """An answer that nobody can read is an error, as is a tmux that cannot be run."""
    counted.lab.fake_tmux("echo hello")
    assert isinstance(counted.runtime.observe(), Unknown)
    assert counted.calls() == {("list-panes", "error"): 1}
    (counted.lab.bin / "tmux").chmod(0o644)
    counted.lab.environment["PATH"] = str(counted.lab.bin)
    broken = Counted(counted.lab)
    with pytest.raises(RuntimeFault):
        broken.runtime.start([counted.lab.request("one")])
    assert broken.calls() == {("new-session", "error"): 1}
