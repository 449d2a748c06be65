"""A session that somebody made by hand becomes a run, though it is no child of the shim's."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from controller.shim.clan import Clan
from controller.shim.process import Process
from tests.shim.world import ORPHAN, PROGRAM, SHIM, Run, Tmux, alive, tmux_server, wait_for


@pytest.fixture
def hand(run: Run) -> Iterator[Tmux]:
    """Have a tmux server as a person has it: an ended pane closes, and so does an empty server."""
    with tmux_server() as server:
        server("set-option", "-g", "remain-on-exit", "off")
        yield server


@pytest.fixture
def adopted(run: Run) -> Iterator[list[int]]:
    """Note processes that must not be left; the adopted carry no run's id."""
    pids: list[int] = []
    yield pids
    try:
        wait_for(lambda: not any(map(alive, pids)), "the end of the adopted", seconds=5)
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def open_session(tmux: Tmux, script: str) -> int:
    """Open a session that runs a shell script; the pid in its pane."""
    tmux("new-session", "-d", "-s", "hand", "--", "sh", "-c", script)
    return int(tmux("display-message", "-p", "-t", "=hand:", "#{pane_pid}"))


def adopt(run: Run, tmux: Tmux, pid: int) -> int:
    """Adopt a process by a job of the tmux server; the warden's pid."""
    run.specify("sh", mode="interactive", grace=0.5)
    tmux("run-shell", "-b", " ".join([*PROGRAM, "--adopt", str(run.folder), str(pid)]))
    started = run.started()
    assert started["pid"] == pid
    assert started["start_ticks"] > 0
    (warden,) = started["shim"]
    assert isinstance(warden, int)
    return warden


def adopt_here(run: Run, pid: int) -> "subprocess.CompletedProcess[str]":
    """Call the program itself, and see what it says."""
    return subprocess.run(
        [*PROGRAM, "--adopt", str(run.folder), str(pid)],
        capture_output=True,
        text=True,
        check=False,
        timeout=10,
    )


def test_end_by_itself(run: Run, hand: Tmux, adopted: list[int]) -> None:
    """The run ends with the process; its status is nobody's to know."""
    pid = open_session(hand, f"while ! test -e {run.work}/go; do sleep 0.02; done; exit 3")
    adopted += [pid, adopt(run, hand, pid)]
    assert run.read("exit.json") is None
    (run.work / "go").touch()
    record = run.exit()
    assert (record["cause"], record["reason"]) == ("exit", "Exited")
    assert (record["status"], record["signal"], record["stop"]) == (None, None, None)
    assert "not known" in record["message"]
    assert record["leftovers"] == 0
    assert record["started_at"] == run.started()["at"] <= record["ended_at"]


def test_stop(run: Run, hand: Tmux, adopted: list[int]) -> None:
    """A stop is TERM to the groups of the tree, at once."""
    script = f"trap 'echo bye >{run.work}/bye; exit 0' TERM; echo up; while :; do sleep 0.02; done"
    pid = open_session(hand, script)
    adopted += [pid, adopt(run, hand, pid)]
    run.stop(message="for Apollo")
    record = run.exit()
    assert (record["cause"], record["reason"], record["message"]) == ("stop", "Asked", "for Apollo")
    assert record["status"] is None
    assert (run.work / "bye").read_text() == "bye\n"
    assert not alive(pid)


def test_stubborn_tree(run: Run, hand: Tmux, adopted: list[int]) -> None:
    """What ignores TERM and HUP, in a session of its own or orphaned before, is killed."""
    pid = open_session(
        hand,
        "trap '' TERM HUP;"
        + ORPHAN % f"{run.folder}/orphan"
        # A child in another session and group that stays in the tree.
        + f"setsid sh -c 'echo $$ >{run.folder}/child; while :; do sleep 0.05; done' & "
        # An orphan within the session, which only the look at the session finds.
        + f"(sh -c 'echo $$ >{run.folder}/lost; while :; do sleep 0.05; done' &) ; "
        + f"touch {run.work}/up; while :; do sleep 0.05; done",
    )
    orphan, child, lost = (run.orphan(name) for name in ("orphan", "child", "lost"))
    adopted += [pid, child, lost, adopt(run, hand, pid)]
    run.stop(grace=0.2)
    record = run.exit()
    assert record["cause"] == "stop"
    assert record["leftovers"] >= 3
    assert not any(map(alive, (pid, child, lost)))
    # Orphaned into another session before the adoption: nothing tells whose it was.
    assert alive(orphan)
    os.killpg(orphan, signal.SIGKILL)


def test_orphans_that_were_seen(run: Run, hand: Tmux, adopted: list[int]) -> None:
    """A child that was seen in the tree is ended, though its parent ends and it has left."""
    pid = open_session(
        hand,
        f'setsid sh -c \'trap "" TERM HUP; echo $$ >{run.folder}/child; '
        f"while :; do sleep 0.05; done' & while ! test -e {run.work}/go; do sleep 0.02; done",
    )
    child = run.orphan("child")
    adopted += [pid, child, adopt(run, hand, pid)]
    (run.work / "go").touch()
    record = run.exit()
    assert (record["cause"], record["leftovers"] >= 1) == ("exit", True)
    assert not alive(child)


def test_shell_that_ignores_term(run: Run, hand: Tmux, adopted: list[int]) -> None:
    """A shell at its prompt ignores TERM; the stop need not wait for the end of the grace."""
    hand("new-session", "-d", "-s", "hand", "--", "bash", "--norc", "-i")
    pid = int(hand("display-message", "-p", "-t", "=hand:", "#{pane_pid}"))
    hand("send-keys", "-t", "=hand:", f"sleep 1000 & echo $! >{run.folder}/job", "Enter")
    adopted += [pid, run.orphan("job"), adopt(run, hand, pid)]
    run.stop(grace=30)
    assert run.exit(5)["cause"] == "stop"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signal_to_the_warden(
    run: Run, hand: Tmux, adopted: list[int], number: signal.Signals
) -> None:
    """A signal to the warden ends neither it nor the process."""
    pid = open_session(hand, "exec sleep 1000")
    warden = adopt(run, hand, pid)
    adopted += [pid, warden]
    os.kill(warden, number)
    run.stop()
    record = run.exit()
    assert record["cause"] == "stop"


def test_server_is_killed(run: Run, hand: Tmux, adopted: list[int]) -> None:
    """The warden outlives the tmux server, and tells of the end that this brings."""
    pid = open_session(hand, "exec sleep 1000")
    adopted += [pid, adopt(run, hand, pid)]
    os.kill(hand.pid, signal.SIGKILL)
    assert run.exit()["cause"] == "exit"


def test_warden_is_apart(run: Run, hand: Tmux, adopted: list[int]) -> None:
    """It has a session of its own, no terminal, and no descriptor of its caller's."""
    pid = open_session(hand, "exec sleep 1000")
    warden = adopt(run, hand, pid)
    adopted += [pid, warden]
    assert os.getsid(warden) not in (os.getsid(pid), os.getsid(hand.pid))
    standard = [Path(f"/proc/{warden}/fd/{fd}") for fd in range(3)]
    wait_for(lambda: {str(fd.readlink()) for fd in standard} == {"/dev/null"}, "no descriptor")
    run.stop()
    run.exit()


def test_log_is_bounded(run: Run, hand: Tmux, adopted: list[int]) -> None:
    """What the controller has copied from the pane is bounded, and its end is in the record."""
    pid = open_session(hand, f"while ! test -e {run.work}/go; do sleep 0.02; done; seq 4000; cat")
    adopted += [pid, adopt(run, hand, pid)]
    run.specify("sh", mode="interactive", log_bytes=10_000)
    hand("pipe-pane", "-o", "-t", "=hand:", f"exec cat >>{run.folder}/output.log")
    (run.work / "go").touch()
    run.printed("4000")
    run.stop()
    assert run.exit()["tail"][-1] == "4000"


def test_adopted_once(run: Run, hand: Tmux, adopted: list[int]) -> None:
    """A second warden on a run's folder refuses, and leaves the records as they are."""
    pid = open_session(hand, "exec sleep 1000")
    adopted += [pid, adopt(run, hand, pid)]
    before = run.read("started.json")
    done = adopt_here(run, pid)
    assert done.returncode == 125
    assert "started before" in done.stderr
    assert run.read("started.json") == before
    assert run.read("exit.json") is None
    run.stop()
    run.exit()


def test_two_at_once(run: Run, hand: Tmux, adopted: list[int]) -> None:
    """Of wardens that start at the same moment, one watches."""
    pid = open_session(hand, "exec sleep 1000")
    run.specify("sh", mode="interactive")
    calls = [
        subprocess.Popen(
            [*PROGRAM, "--adopt", str(run.folder), str(pid)], stderr=subprocess.DEVNULL
        )
        for _ in range(4)
    ]
    assert sorted(call.wait(10) for call in calls) == [0, 125, 125, 125]
    adopted += [pid, *run.started()["shim"]]
    run.stop()
    run.exit()


def test_process_is_gone(run: Run) -> None:
    """A process that ended before it was adopted is refused with a record."""
    with subprocess.Popen(["true"]) as process:
        process.wait()
    run.specify("sh")
    run.put("env", '{"SECRET": "hush"}')
    done = adopt_here(run, process.pid)
    record = run.exit()
    assert done.returncode == 125
    assert (record["cause"], record["reason"]) == ("start", "ProcessMissing")
    assert record["message"] in done.stderr
    assert not (run.folder / "env").exists()


@pytest.mark.parametrize("above", ["init", "caller"])
def test_process_above(run: Run, above: str) -> None:
    """A stop would end the warden's own parents, the tmux server among them."""
    run.specify("sh")
    assert adopt_here(run, 1 if above == "init" else os.getpid()).returncode == 125
    assert run.exit()["reason"] == "ProcessForbidden"


def test_broken_spec(run: Run, hand: Tmux, adopted: list[int]) -> None:
    """A specification that cannot be used leaves the process as it is."""
    pid = open_session(hand, "exec sleep 1000")
    run.put("spec.json", "{")
    assert adopt_here(run, pid).returncode == 125
    assert run.exit()["reason"] == "SpecInvalid"
    assert alive(pid)


def test_fault_of_the_warden(run: Run, hand: Tmux, adopted: list[int]) -> None:
    """A defect of the warden's own ends nothing, and no record says that it did."""
    pid = open_session(hand, "exec sleep 1000")
    run.specify("sh")
    code = (
        f"import sys\nsys.path.insert(0, {str(SHIM.parents[2])!r})\n"
        "from controller.shim import adopt, main\n"
        "def fail(*_):\n    raise ZeroDivisionError('a defect')\n"
        "adopt.Warden.run = fail\n"
        f"main.main(['shim', '--adopt', {str(run.folder)!r}, '{pid}'])"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    (warden,) = run.started()["shim"]
    wait_for(lambda: not alive(warden), "the end of the warden")
    assert alive(pid)
    assert run.read("exit.json") is None


def test_pid_of_another() -> None:
    """A process that has the pid of one that ended is neither watched nor sent a signal."""
    with subprocess.Popen(["sleep", "1000"]) as process:
        earlier = Process(process.pid)
        assert earlier.alive
        earlier.ticks -= 1
        assert not earlier.alive
        earlier.send(signal.SIGKILL)
        clan = Clan(earlier)
        clan.kill()
        assert clan.look(everywhere=True) == []
        assert alive(process.pid)
        process.kill()


@pytest.mark.parametrize("arguments", [[], ["/tmp"], ["/tmp", "x"], ["/tmp", "1", "2"]])
def test_usage(arguments: list[str]) -> None:
    """Other arguments are refused with what they should be."""
    done = subprocess.run(
        [*PROGRAM, "--adopt", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "--adopt" in done.stderr
