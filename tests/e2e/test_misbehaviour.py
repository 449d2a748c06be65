"""Agents that reach for their own session, folder and server: their row says it, others go on."""

import json
import time
from contextlib import suppress

import pytest

from tests.e2e.lab import Lab, alive, wait_for

WORKS = '"echo started; exec sleep 1000"'
ONCE = "test -e done && touch again && exec sleep 1000; touch done; "
"""The second run works; the first one does what follows."""


def settle(lab: Lab, script: str, *, agent: str = "sh") -> int:
    """Start a row that runs a script once, beside one that works; the other one's agent."""
    lab.settle_in(
        f"Good,1,Pending,,,{WORKS},,,,", f'Bad,1,Pending,{agent},,"{ONCE}{script}",,,,',
        times={"tick": 1, "stop_grace": 1},
    )  # fmt: skip
    lab.start()
    lab.wait_status("Good", "In Progress", 30)
    good = {run: pid for run, pid in lab.agents().items() if _project(lab, run) == "Good"}
    return next(iter(good.values()), 0)


def _project(lab: Lab, run: str) -> str:
    with suppress(FileNotFoundError):  # the bad one may have removed its own folder
        return str(json.loads((lab.root / "runs" / run / "meta.json").read_text())["project"])
    return ""


def again(lab: Lab) -> None:
    """Wait until the bad row's second run works."""
    wait_for("its next run", (lab.root / "workspaces" / "bad" / "again").exists, 40)
    lab.wait_status("Bad", "In Progress", 40)
    wait_for("two sessions", lambda: lab.sessions() == ["bad", "good"], 30)


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "misdeed",
    [
        "tmux kill-session -t $TMUX_PANE; exec sleep 1000",
        "tmux kill-pane -t $TMUX_PANE; exec sleep 1000",
        "tmux set-option -pu -t $TMUX_PANE @sidekick; exec sleep 1000",
        "tmux set-option -p -t $TMUX_PANE @sidekick garbage; exec sleep 1000",
        "tmux respawn-pane -k -t $TMUX_PANE sleep 1000; exec sleep 1000",
        "rm -rf $SIDEKICK_RUN_DIR; exit 0",
    ],
)
def test_its_own_session(lab: Lab, misdeed: str) -> None:
    """It is lost and runs again, in one session of its name; the other row's agent goes on."""
    good = settle(lab, misdeed)
    again(lab)
    assert alive(good)
    assert lab.rows()["Good"]["Reason"].startswith("Running")


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_its_server(lab: Lab) -> None:
    """A killed server takes all; all come back, and nobody counts it as a crash."""
    settle(lab, "tmux kill-server; exec sleep 1000")
    again(lab)
    assert "Crash" not in lab.rows()["Good"]["Reason"]
    assert "Crash" not in lab.rows()["Bad"]["Reason"]


@pytest.mark.slow
def test_names_and_titles(lab: Lab) -> None:
    """A session that its agent renames and retitles stays the row's, and is stopped like any."""
    lab.settle_in(
        "Bad,1,Pending,tty,,\"tmux rename-session -t $TMUX_PANE 'x y'; "
        "printf '\\\\033]2;title\\\\007'; touch done; exec sleep 1000\",,,,"
    )
    lab.start()
    wait_for("its new name", lambda: lab.sessions() == ["x y"], 30)
    lab.wait_status("Bad", "In Progress", 30)
    lab.edit("Bad", Status="Paused")
    wait_for("its end", lambda: not lab.sessions(), 30)
    lab.wait_status("Bad", "Paused")


@pytest.mark.slow
def test_a_record_of_its_own(lab: Lab) -> None:
    """An exit.json that an agent wrote is no end: no second agent is started beside it."""
    lab.settle_in(
        "Bad,1,Pending,,,\"echo '{}' >$SIDEKICK_RUN_DIR/exit.json; touch done; exec sleep 99\",,,,",
        times={"tick": 1, "stop_grace": 1},
    )
    lab.start()
    wait_for("its misdeed", (lab.root / "workspaces" / "bad" / "done").exists, 30)
    lab.wait_reason("Bad", "Running", 30)
    lab.sidekick("reconcile", check=True)
    assert lab.rows()["Bad"]["Reason"].startswith("Running")
    assert len(list((lab.root / "runs").glob("*-*"))) == 1
    lab.edit("Bad", Status="Paused")
    lab.wait_reason("Bad", "UserPaused", 30)
    wait_for("its end", lambda: not lab.processes(), 30)


@pytest.mark.slow
def test_its_workspace_is_removed(lab: Lab) -> None:
    """The next run has the folder again."""
    script = "test -e ../was && exec sleep 1000; touch ../was; rm -rf $PWD; exit 1"
    lab.settle_in(f'Bad,1,Pending,,,"{script}",,,,')
    lab.start()
    lab.wait_reason("Bad", "CrashBackoff", 30)
    lab.wait_reason("Bad", "Running", 40)
    assert (lab.root / "workspaces" / "bad").is_dir()


@pytest.mark.slow
def test_a_daemon_and_a_good_end(lab: Lab) -> None:
    """It is done; what it left behind is ended and counted."""
    lab.settle_in(
        'Bad,1,Pending,,,"(setsid env -i /bin/sleep 1000 </dev/null >/dev/null 2>&1 &); exit 0",,,,'
    )
    lab.start()
    lab.wait_status("Bad", "Completed", 30)
    (folder,) = (lab.root / "runs").glob("*-*")
    assert '"leftovers": 1' in (folder / "exit.json").read_text()


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("agent", ["sh", "tty"])
def test_a_flood(lab: Lab, agent: str) -> None:
    """100 MB/s of one agent: ticks, tmux and the others answer."""
    good = settle(lab, "exec yes", agent=agent)
    wait_for("its flood", lambda: any(
        log.stat().st_size > 1_000_000 for log in (lab.root / "runs").glob("*/output.log*")
    ), 40)  # fmt: skip
    longest = 0.0
    for _ in range(5):
        began = time.monotonic()
        lab.sidekick("reconcile", check=True)
        assert "good" in lab.tmux("list-sessions")
        longest = max(longest, time.monotonic() - began)
    assert longest < 20
    lab.edit("Bad", Status="Paused")
    lab.wait_reason("Bad", "UserPaused", 40)
    assert alive(good)
    assert (
        sum(log.stat().st_size for log in (lab.root / "runs").glob("*/output.log*")) < 200_000_000
    )
