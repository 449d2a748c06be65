"""A script for tmux: all of it is carried out, or nothing, whenever its writer dies."""

import select

import pytest

from controller.runtimes.tmux_server import PrivateServer
from tests.crash.calls import SILENT
from tests.crash.pilot import wait_for_clients
from tests.crash.tracee import AVAILABLE, Answer, Call, Kill, Tracee
from tests.e2e.lab import Lab

MARK = "@sidekick"
PIPE = select.PIPE_BUF
"""So many bytes Python writes into a pipe at once."""


@pytest.fixture
def server(lab: Lab) -> PrivateServer:
    """A server without sessions."""
    if not AVAILABLE:
        pytest.skip("the registers of other machines than x86-64 have other names")
    server = PrivateServer(lab.socket, deadline=10, environment=lab.environment)
    server.boot(lab.root / "tmux.conf")
    return server


def script() -> str:
    """One whose first bytes, as many as a pipe is given at once, are a script by themselves."""
    begin = "new-session -d -s half -- sleep 1000"
    return f"#{'x' * (PIPE - len(begin) - 2)}\n{begin} ; set-option -p -t =half: {MARK} mark\n"


def test_a_death_at_every_step(server: PrivateServer, lab: Lab) -> None:
    """A session without its mark would be nobody's, and its name would be taken for good."""
    assert script()[:PIPE].endswith("sleep 1000")
    deaths = 0
    while _dies(server, deaths):
        deaths += 1
        wait_for_clients(lab.socket)
        panes = lab.tmux("list-panes", "-a", "-F", f"#{{{MARK}}}").split("\n")[:-1]
        assert panes in ([], ["mark"]), deaths
        lab.tmux("kill-session", "-t", "=half")
    assert deaths > 1


def _dies(server: PrivateServer, death: int) -> bool:
    """Let a child give the script, and die before so many changes; whether it came to that."""
    count = 0

    def judge(call: Call) -> Answer:
        nonlocal count
        count += call.number not in SILENT and call.name not in {"openat", "wait4"}
        return Kill() if count > death else None

    child = Tracee(lambda: server.source(script()))
    child.go(judge)
    return child.status != 0
