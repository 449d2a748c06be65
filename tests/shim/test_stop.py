"""The end on request: by the file `stop`, and by a signal to the shim."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.shim.world import SHIM, Run, wait_for

STUBBORN = 'trap "" TERM HUP; echo up; while :; do sleep 0.05; done'
POLITE = 'trap "echo bye; exit 5" TERM; echo up; while :; do sleep 0.02; done'


def test_stop(run: Run) -> None:
    """A stop is TERM to the agent, which ends in its own way; the request is in the record."""
    run.shell(POLITE)
    shim = run.spawn()
    run.printed("up")
    run.stop(by="controller", reason="Preempted", message="for Apollo", extra=[1, None])
    record = run.exit()
    assert (record["cause"], record["status"], record["signal"]) == ("stop", 5, None)
    assert record["stop"] == {
        "by": "controller",
        "reason": "Preempted",
        "message": "for Apollo",
        "extra": [1, None],
    }
    assert (record["reason"], record["message"]) == ("Preempted", "for Apollo")
    assert (record["tail"][0], record["tail"][-1]) == ("up", "bye")
    assert shim.wait(10) == 5


def test_stop_is_noticed_at_once(run: Run) -> None:
    """The kernel tells of the file: the median stop takes far less than a look a second would."""
    run.shell("echo up; exec sleep 100")
    shim = run.spawn()
    run.printed("up")
    before = time.time()
    run.stop()
    record = run.exit()
    assert record["ended_at"] - before < 0.5
    assert record["signal"] == signal.SIGTERM
    assert shim.wait(10) == 143


@pytest.mark.slow
def test_stop_without_notices(run: Run) -> None:
    """Where the file system tells nothing, the file is found by looking."""
    run.shell("echo up; exec sleep 100")
    code = (
        f"import sys; sys.path.insert(0, {str(SHIM.parents[2])!r})\n"
        "def refuse(*_): raise OSError(22, 'no dnotify')\n"
        "from controller.shim import notices\n"
        "notices.call = refuse\n"
        "from controller.shim.main import main\n"
        f"main(['shim', {str(run.folder)!r}])"
    )
    shim = subprocess.Popen([sys.executable, "-c", code])
    run.printed("up")
    run.stop()
    assert run.exit()["cause"] == "stop"
    assert shim.wait(10) == 143


def test_whole_group_is_asked(run: Run) -> None:
    """A wrapper that hands no signal on does not keep its child from being asked."""
    run.shell(f"trap : TERM; sh -c '{POLITE}'; exit 6")
    shim = run.spawn()
    run.printed("up")
    run.stop()
    assert run.exit()["status"] == 6
    assert "bye" in run.log()
    shim.wait(10)


def test_stopped_process_is_asked_too(run: Run) -> None:
    """A child that Ctrl-Z or a debugger stopped gets CONT, or it would never see the TERM."""
    run.shell("sh -c 'trap \"echo bye; exit 0\" TERM; echo up; kill -STOP $$; exit 1'; exit 6")
    shim = run.spawn()
    run.printed("up")
    run.stop()
    run.exit()
    assert "bye" in run.log()
    shim.wait(10)


def test_grace_of_the_specification(run: Run) -> None:
    """An agent that ignores TERM is killed after the grace, not before."""
    run.shell(STUBBORN, grace=0.4)
    shim = run.spawn()
    run.printed("up")
    before = time.time()
    run.stop()
    record = run.exit()
    assert record["ended_at"] - before >= 0.4
    assert (record["cause"], record["status"], record["signal"]) == ("stop", None, signal.SIGKILL)
    assert shim.wait(10) == 137


def test_grace_of_the_stop(run: Run) -> None:
    """The request's own grace beats the specification's; 0 kills at once."""
    run.shell(STUBBORN, grace=100)
    shim = run.spawn()
    run.printed("up")
    run.stop(grace=0)
    assert run.exit()["signal"] == signal.SIGKILL
    shim.wait(10)


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"grace": NaN}', '{"a": 1e999}', "\x00"])
def test_malformed_stop(run: Run, text: str) -> None:
    """The file's existence is the request, whatever is in it."""
    run.shell("echo up; exec sleep 100")
    shim = run.spawn()
    run.printed("up")
    run.put("stop", text)
    record = run.exit()
    assert (record["cause"], record["reason"]) == ("stop", "StopUnreadable")
    assert record["stop"]["reason"] == "StopUnreadable"
    shim.wait(10)


@pytest.mark.parametrize("grace", [-1, "soon", None, True])
def test_malformed_grace(run: Run, grace: object) -> None:
    """A grace that is no number leaves the specification's in force."""
    run.shell(STUBBORN, grace=0.1)
    shim = run.spawn()
    run.printed("up")
    run.stop(grace=grace)
    assert run.exit()["stop"]["grace"] == grace
    shim.wait(10)


def test_stop_before_the_start(run: Run) -> None:
    """A run whose stop is there already never begins, and says that it was stopped."""
    run.put("env", '{"SECRET": "hush"}')
    run.shell(f"touch {run.folder}/ran")
    run.stop()
    shim = run.spawn()
    record = run.exit()
    assert (record["cause"], record["started_at"]) == ("stop", None)
    assert (record["status"], record["signal"]) == (None, None)
    assert shim.wait(10) == 143
    assert not (run.folder / "ran").exists()
    assert not (run.folder / "env").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("which", [0, 1])
def test_signal_to_a_shim(run: Run, number: signal.Signals, which: int) -> None:
    """TERM or HUP to either shim ends the run as a stop does; nobody requested it in a file."""
    run.shell(POLITE)
    shim = run.spawn()
    run.printed("up")
    os.kill(run.started()["shim"][which], number)
    record = run.exit()
    assert (record["cause"], record["status"], record["stop"]) == ("signal", 5, None)
    assert record["reason"] == "SessionEnded"
    assert shim.wait(10) == 5


def test_grace_after_a_signal(run: Run) -> None:
    """After a signal too an agent that ignores TERM is killed after the grace."""
    run.shell(STUBBORN, grace=0.2)
    shim = run.spawn()
    run.printed("up")
    shim.terminate()
    record = run.exit()
    assert (record["cause"], record["signal"]) == ("signal", signal.SIGKILL)
    assert shim.wait(10) == 137


def test_other_signals_do_nothing(run: Run) -> None:
    """Keys that reach the shim instead of the agent end nothing."""
    run.shell("echo up; sleep 0.3; exit 4")
    shim = run.spawn()
    run.printed("up")
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGPIPE, signal.SIGIO):
        for pid in run.started()["shim"]:
            os.kill(pid, number)
    assert shim.wait(10) == 4
    assert run.exit()["cause"] == "exit"


def test_end_comes_first(run: Run) -> None:
    """An agent that ended by itself was not stopped, though a request came while it was swept."""
    run.shell(
        f"(setsid sh -c 'trap \"\" TERM; touch {run.folder}/o; exec sleep 100' &) ; "
        f"while ! test -e {run.folder}/o; do :; done; exit 3"
    )
    shim = run.spawn()
    agent = run.started()["pid"]
    wait_for(lambda: not Path(f"/proc/{agent}").exists(), "the end of the agent")
    run.stop()
    record = run.exit()
    assert (record["cause"], record["status"], record["stop"]) == ("exit", 3, None)
    shim.wait(10)
