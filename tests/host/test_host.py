"""The host runs the tmux server, and a controller that is only its client works through it."""

import json
import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.lab import Lab, alive, wait_for
from tests.host.conftest import Host

pytestmark = pytest.mark.slow

EXTERNAL = {"server": "external"}


def test_a_row_is_worked_on_in_the_hosts_server(lab: Lab, host: Host) -> None:
    """The session runs in the host's server; a restart of the controller leaves it alone."""
    lab.settle_in("Alpha,1,,,,sleep 600,,,", tmux=EXTERNAL)
    host.start()
    lab.start()
    pid = wait_for("the agent", lambda: _agent(lab))
    assert _ancestor(pid, host.process)
    lab.stop()
    lab.start()
    wait_for("adoption", lambda: "Alpha,1,In Progress" in lab.list.read_text())
    assert alive(pid)
    assert _agent(lab) == pid


def test_a_missing_server_is_told_and_never_started(lab: Lab, host: Host) -> None:
    """Without a host the row says why and what to do; with one it begins, whoever came first."""
    lab.settle_in("Alpha,1,,,,sleep 600,,,", tmux=EXTERNAL)
    lab.start()
    _wait_told(lab, "ServerMissing")
    assert not lab.socket.exists()
    host.start()
    wait_for("the agent", lambda: _agent(lab), 40)


def test_what_dead_shims_left_is_ended_by_the_host(lab: Lab, host: Host) -> None:
    """Both shims killed: the host ends the agent, and only then another run begins."""
    lab.settle_in("Alpha,1,,,,trap '' HUP TERM; sleep 600 & sleep 600,,,", tmux=EXTERNAL)
    host.start()
    lab.start()
    first = wait_for("the agent", lambda: _agent(lab))
    folder = _run(lab)
    shims = json.loads((folder / "started.json").read_text())["shim"]
    for pid in shims:
        os.kill(pid, signal.SIGSTOP)  # neither may end what the other left
    for pid in shims:
        os.kill(pid, signal.SIGKILL)
    end = wait_for("the record", lambda: _end(folder), 40)
    assert end["reason"] == "ShimLost"
    assert not alive(first)
    wait_for("another run", lambda: _agent(lab) not in (0, first), 40)


def test_a_host_that_was_killed_is_told_by_the_row(lab: Lab, host: Host) -> None:
    """Nobody is there who could say that nothing is left: the row says so, with what to do."""
    lab.settle_in("Alpha,1,,,,sleep 600,,,", tmux=EXTERNAL)
    host.start()
    lab.start()
    pid = wait_for("the agent", lambda: _agent(lab))
    shims = json.loads((_run(lab) / "started.json").read_text())["shim"]
    assert host.process is not None
    host.process.kill()
    host.process.wait(timeout=30)
    server = int(lab.tmux("display-message", "-p", "#{pid}"))
    for one in shims:
        os.kill(one, signal.SIGSTOP)  # neither may end the run, or tell of its end
    # The server last: its end orphans the shims' groups, and the kernel continues those stopped.
    for one in (*shims, pid, server):
        with suppress(ProcessLookupError):  # it went with one before it
            os.kill(one, signal.SIGKILL)
    _wait_told(lab, "NotSwept")
    wait_for("the list", lambda: "Alpha,1,Queued" in lab.list.read_text())
    host.start()
    wait_for("another run", lambda: _agent(lab) not in (0, pid), 40)


def test_sigterm_ends_the_sessions_with_their_word(lab: Lab, host: Host) -> None:
    """Told to end, the host lets every shim record its run; nothing is left."""
    lab.settle_in("Alpha,1,,,,sleep 600,,,", tmux=EXTERNAL)
    host.start()
    lab.start()
    pid = wait_for("the agent", lambda: _agent(lab))
    folder = _run(lab)
    lab.stop()
    assert host.end() == 0
    end = _end(folder)
    assert end["cause"] == "signal"
    assert not alive(pid)
    assert not host.healthy()


def test_a_server_that_ends_takes_the_host_with_it(lab: Lab, host: Host) -> None:
    """Whoever runs the container starts both anew; the exit code says that it was no request."""
    host.start()
    subprocess.run(["tmux", "-S", str(lab.socket), "kill-server"], check=True, timeout=10)
    assert host.process is not None
    assert host.process.wait(timeout=30) == 1


def test_there_is_one_host_at_a_socket(lab: Lab, host: Host) -> None:
    """A second one is refused, and so is one beside a killed one's server; the work goes on."""
    lab.settle_in("Alpha,1,,,,sleep 600,,,", tmux=EXTERNAL)
    host.start()
    lab.start()
    pid = wait_for("the agent", lambda: _agent(lab))
    assert "another host runs" in _refused(host)
    assert host.process is not None
    host.process.kill()
    host.process.wait(timeout=30)
    assert "kill-server" in _refused(host)
    assert alive(pid)
    assert "Alpha,1,In Progress" in lab.list.read_text()
    assert lab.tmux("list-sessions")


def test_its_log_is_json_where_no_terminal_is(lab: Lab, host: Host) -> None:
    """An object a line where no terminal is, until its end; text on demand."""
    host.start()
    assert host.end() == 0
    lines = [json.loads(line) for line in (lab.root / "host.log").read_text().splitlines()]
    assert [line["level"] for line in lines] == ["info", "info"]
    assert "listens on" in lines[0]["event"]
    lab.environment["SIDEKICK_LOG_FORMAT"] = "text"
    host.start()
    assert host.end() == 0
    *_, first, last = (lab.root / "host.log").read_text().splitlines()
    assert "INFO    the tmux server listens on" in first
    assert "INFO    the sessions were ended" in last


def test_a_lost_socket_is_made_again(lab: Lab, host: Host) -> None:
    """A cleaner deleted the socket: the server listens on a new one within a moment."""
    host.start()
    lab.socket.unlink()
    wait_for("the socket", host.healthy)


def test_no_session_has_the_hosts_secrets(lab: Lab, host: Host) -> None:
    """What the host's own environment holds beside the usual words reaches no session."""
    lab.environment["ANTHROPIC_API_KEY"] = "sk-of-the-host"
    lab.settle_in("Alpha,1,,,,sleep 600,,,", tmux=EXTERNAL)
    host.start()
    lab.start()
    pid = wait_for("the agent", lambda: _agent(lab))
    assert b"sk-of-the-host" not in Path(f"/proc/{pid}/environ").read_bytes()


def test_programs_are_looked_for_where_the_host_is(lab: Lab, host: Host) -> None:
    """The sessions have the PATH of the host, and not the controller's."""
    lab.settle_in('Beta,1,,,,echo "it is $PATH"; sleep 600,,,', tmux=EXTERNAL)
    there = f"/of/the/host:{lab.environment['PATH']}"
    here = lab.environment["PATH"]
    lab.environment["PATH"] = there
    host.start()
    lab.environment["PATH"] = here
    lab.start()
    wait_for("its PATH", lambda: "/of/the/host:" in lab.sidekick("logs", "Beta").stdout)


def _run(lab: Lab) -> Path:
    return max(path for path in (lab.root / "runs").iterdir() if path.is_dir())


def _agent(lab: Lab) -> int:
    """The newest run's agent; 0 where it has not begun."""
    try:
        return int(json.loads((_run(lab) / "started.json").read_text())["pid"])
    except (OSError, ValueError):
        return 0


def _refused(host: Host) -> str:
    """What another host says, that may not serve the socket."""
    done = subprocess.run(
        host.argv, env=host.lab.environment, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 2
    return done.stdout + done.stderr


def _end(folder: Path) -> dict[str, object]:
    """The run's last record; empty before."""
    try:
        return dict(json.loads((folder / "exit.json").read_text()))
    except (OSError, ValueError):
        return {}


def _wait_told(lab: Lab, reason: str) -> None:
    """Wait until the row itself gives the reason, and what to do."""

    def told() -> bool:
        text = lab.sidekick("describe", "Alpha").stdout
        return f"Reason:       {reason}" in text and "docker compose up -d agents" in text

    wait_for(reason, told, 30)


def _ancestor(pid: int, process: subprocess.Popen[bytes] | None) -> bool:
    """Whether the process is below the other."""
    assert process is not None
    while pid > 1 and pid != process.pid:
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2]
        pid = int(stat.split()[1])
    return pid == process.pid
