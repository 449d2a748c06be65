"""The command beside a real controller: over its API, and from inside a session."""

import json
import subprocess
import sys

import pytest

from tests.e2e.lab import SIDEKICK, Lab, alive, wait_for

WORKS = '"echo started; exec sleep 1000"'
SLOW = {"tick": 60, "stop_grace": 1}
"""Nothing happens by itself: what happens was asked for."""


@pytest.mark.slow
def test_reconcile_and_apply_tell_what_the_controller_did(lab: Lab) -> None:
    """The tick is its own, and what it started runs; without one only `apply` does a tick."""
    lab.settle_in(f"One,1,Pending,,,{WORKS},,,,")
    assert lab.sidekick("reconcile").returncode == 1
    lab.start()
    lab.wait_status("One", "In Progress")
    for word in ("reconcile", "apply"):
        done = lab.sidekick(word)
        assert (done.returncode, done.stdout, done.stderr) == (0, "nothing to do\n", "")
    (pid,) = lab.agents().values()
    lab.edit("One", Status="Paused")
    assert lab.sidekick("reconcile").returncode == 0
    wait_for("its end", lambda: not alive(pid))
    lab.list.unlink()
    done = lab.sidekick("reconcile")
    assert done.returncode == 1
    assert "read: " in done.stderr


def test_pause_resume_restart_and_wait(lab: Lab) -> None:
    """A script's way: say a word, wait until it is so; the reasons are shown."""
    lab.settle_in(f"One,1,Pending,,,{WORKS},,,,")
    lab.start()
    assert lab.sidekick("wait", "one", "--for", "Running").returncode == 0
    (pid,) = lab.agents().values()
    assert lab.sidekick("pause", "one", "-m", "lunch").stdout == "project/One paused\n"
    assert lab.sidekick("wait", "one", "--for", "Paused").returncode == 0
    wait_for("its end", lambda: not alive(pid))
    assert "lunch" in lab.sidekick("describe", "one").stdout
    assert lab.sidekick("resume", "one").returncode == 0
    done = lab.sidekick("wait", "one", "--for", "Ready")
    assert (done.returncode, done.stdout) == (0, "project/One condition met\n")
    wait_for("an agent", lab.agents)
    (pid,) = lab.agents().values()
    assert lab.sidekick("restart", "one", "-m", "stuck").stdout == "project/One restarted\n"
    wait_for("its end", lambda: not alive(pid))
    assert lab.sidekick("wait", "one", "--for", "Running").returncode == 0
    wait_for("another agent", lambda: lab.agents() and pid not in lab.agents().values())
    done = lab.sidekick("wait", "one", "--for", "Completed", "--timeout", "0")
    assert done.returncode == 1
    assert "One is In Progress" in done.stderr
    runs = json.loads(lab.sidekick("describe", "one", "-o", "json").stdout)["runs"]
    assert [run["ending"] for run in runs] == ["", "Stopped", "Stopped"]


@pytest.mark.slow
def test_wait_for_the_end_of_a_row(lab: Lab) -> None:
    """A row that was just added is waited for; a deleted one is gone once its session is."""
    lab.settle_in('Zero,1,Paused,,,"x",,,,', times={"tick": 1, "stop_grace": 1})
    lab.start()
    lab.append('One,1,Pending,,,"exit 0",,,,')
    assert lab.sidekick("wait", "One", "--for", "Completed").returncode == 0
    lab.write('Zero,1,Paused,,,"x",,,,')
    assert lab.sidekick("wait", "One", "--for", "deleted").returncode == 0
    done = lab.sidekick("wait", "Two", "--for", "Ready")
    assert done.returncode == 1
    assert "no project 'Two'" in done.stderr


def test_an_agent_reports_from_inside_its_session(lab: Lab) -> None:
    """Its word is its row's status within moments, and its reason is its message."""
    script = f"\"{SIDEKICK} report waiting -m 'which way?'; read answer; exec sleep 1000\""
    lab.settle_in(f"One,1,Pending,tty,,{script},,,,", times=SLOW)
    lab.start()
    row = lab.wait_status("One", "Waiting")
    assert "which way?" in row["Reason"]
    (run,) = lab.agents()
    environment = {"SIDEKICK_RUN_DIR": str(lab.root / "runs" / run)}
    assert lab.sidekick("report", "working", extra=environment).returncode == 0
    lab.wait_status("One", "In Progress")
    assert lab.sidekick("wait", "One", "--for", "in progress").returncode == 0


def test_events_come_as_they_happen(lab: Lab) -> None:
    """What the controller writes is told by a command that was there before it."""
    lab.settle_in(f"One,1,Pending,,,{WORKS},,,,")
    process = subprocess.Popen(
        [SIDEKICK, "events", "-f", "-o", "json"], cwd=lab.root, env=lab.environment,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        lab.start()
        told = []
        while "Running" not in told:
            told.append(json.loads(process.stdout.readline())["reason"])
        assert "Start" in told
    finally:
        process.terminate()
        process.communicate(timeout=10)
    shown = lab.sidekick("events", "One").stdout.splitlines()
    assert shown[0].split() == ["AGE", "COUNT", "REASON", "PROJECT", "MESSAGE"]
    assert shown[1].split()[1:4] == ["x1", "Start", "One"]


def test_describe_beside_the_controller(lab: Lab) -> None:
    """What runs, how to sit down at it, and what it printed."""
    lab.settle_in(f"One,1,Pending,,,{WORKS},,,,", f"Two,2,Pending,,,{WORKS},,,,", slots=1)
    lab.start()
    lab.wait_status("One", "In Progress")
    wait_for("its output", lambda: "started" in lab.sidekick("logs", "One").stdout)
    done = lab.sidekick("describe", "one")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Attach:       sidekick attach One" in done.stdout
    assert done.stdout.endswith("Output:\n  started\n")
    assert "Capacity" in lab.sidekick("describe", "two").stdout


def test_a_quick_look_beside_the_controller(lab: Lab) -> None:
    """The table is the controller's own, and nothing is said on the side."""
    lab.settle_in(f"One,1,Pending,,,{WORKS},,,,")
    lab.start()
    lab.wait_status("One", "In Progress")
    lab.sidekick("wait", "One", "--for", "Running", check=True)
    for _ in range(2):
        done = lab.sidekick("get", "-o", "wide")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines()[1].split()[:4] == ["One", "In", "Progress", "Running"]


@pytest.mark.slow
def test_a_wake_before_the_first_tick_ends_nobody(lab: Lab) -> None:
    """Whoever holds the lock may be woken at once, even while it is still starting."""
    lab.settle_in()
    lab.start_unready()
    process = lab.controllers[-1]
    lab.stop()
    script = (
        "import os, signal, sys; from pathlib import Path;"
        "from controller.assembly import build; from controller.settings import load_settings;"
        "app = build(load_settings(Path('config.yaml'), os.environ), os.environ); app.lock();"
        "os.kill(os.getpid(), signal.SIGUSR1); app.close(); print('alive')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=lab.root, env=lab.environment,
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert process.returncode == 0
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr
