"""No process outlives its run, whoever ends it and however."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from controller.shim import proc
from tests.shim.world import ORPHAN, SHIM, Run, Tmux, alive, pids_of, wait_for

AGENTS = {
    "weak": "echo up; exec sleep 1000",
    "stubborn": 'trap "" TERM HUP; echo up; while :; do sleep 0.05; done',
}


def stop(run: Run, tmux: Tmux) -> None:
    """Request the end."""
    run.stop()


def kill_session(run: Run, tmux: Tmux) -> None:
    """End the session, as a person may at any time."""
    tmux("kill-session", "-t", "s")


def kill_server(run: Run, tmux: Tmux) -> None:
    """Kill the whole tmux server."""
    os.kill(tmux.pid, signal.SIGKILL)


def kill_inner(run: Run, tmux: Tmux) -> None:
    """Kill the agent's parent."""
    os.kill(run.started()["shim"][1], signal.SIGKILL)


def kill_outer(run: Run, tmux: Tmux) -> None:
    """Kill the pane's process."""
    os.kill(run.started()["shim"][0], signal.SIGKILL)


@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize("mode", ["interactive", "headless"])
@pytest.mark.parametrize(
    ("harm", "cause", "reason"),
    [
        (stop, "stop", "Asked"),
        (kill_session, "signal", "SessionEnded"),
        (kill_server, "signal", "SessionEnded"),
        (kill_inner, "lost", "ShimLost"),
        (kill_outer, "lost", "ShimLost"),
    ],
)
def test_orphans_are_swept(
    run: Run,
    tmux: Tmux,
    agent: str,
    mode: str,
    harm: Callable[[Run, Tmux], None],
    cause: str,
    reason: str,
) -> None:
    """A double-forked, setsid'ed process that ignores TERM and HUP is gone with its run."""
    run.shell(ORPHAN % f"{run.folder}/orphan" + AGENTS[agent], mode=mode, grace=0.3)
    tmux.start(run)
    orphan = run.orphan()
    run.printed("up")
    started = run.started()
    harm(run, tmux)
    record = run.exit()
    assert not pids_of(run.id) - set(started["shim"])
    assert not alive(orphan)
    assert (record["cause"], record["reason"]) == (cause, reason)
    assert record["started_at"] == started["at"]
    assert record["leftovers"] >= 1
    assert record["tail"] == ["up"]
    assert record["signal"] in (signal.SIGHUP, signal.SIGTERM, signal.SIGKILL)
    assert agent == "weak" or record["signal"] == signal.SIGKILL


@pytest.mark.parametrize("mode", ["interactive", "headless"])
def test_natural_exit_is_swept(run: Run, tmux: Tmux, mode: str) -> None:
    """After the agent's own exit too, and the record counts what was left."""
    orphans = "".join(ORPHAN % f"{run.folder}/orphan{n}" for n in range(3))
    wait = "".join(f"while ! test -s {run.folder}/orphan{n}; do :; done;" for n in range(3))
    run.shell(f"{orphans} {wait} exit 3", mode=mode)
    tmux.start(run)
    record = run.exit()
    assert not any(alive(run.orphan(f"orphan{n}")) for n in range(3))
    assert (record["cause"], record["status"]) == ("exit", 3)
    assert record["leftovers"] == 6  # three shells and their sleeps
    assert tmux.ended() == "3"


def test_leftovers_may_end_in_their_own_way(run: Run) -> None:
    """What outlives the agent gets TERM first, and its last words are in the log."""
    run.shell(
        "(setsid sh -c 'trap \"echo bye; exit\" TERM; echo up; while :; do sleep 0.02; done' &) ; "
        "sleep 0.2"
    )
    record = run.complete()
    assert record["leftovers"] >= 1
    assert (record["tail"][0], record["tail"][-1]) == ("up", "bye")


def test_growing_tree(run: Run) -> None:
    """A tree that forks on while it is killed is killed to its end."""
    run.shell(
        "trap '' TERM; for i in 1 2 3 4 5 6; do"
        " (for j in 1 2 3 4 5 6; do (sleep 0.1; sleep 1000 & wait) & sleep 0.1; done; wait) &"
        " done; wait",
        grace=0.1,
    )
    shim = run.spawn()
    wait_for(lambda: len(pids_of(run.id)) > 20, "a large tree")
    run.stop()
    record = run.exit(20)
    assert not pids_of(run.id) - set(run.started()["shim"])
    assert record["leftovers"] > 20
    shim.wait(10)


def test_both_shims_killed(run: Run) -> None:
    """Then nobody is left to sweep, but the run's id in the environment finds what remains."""
    run.shell(ORPHAN % f"{run.folder}/orphan" + AGENTS["stubborn"])
    shim = run.spawn()
    orphan = run.orphan()
    outer, inner = run.started()["shim"]
    os.kill(outer, signal.SIGSTOP)  # so that it sees nothing of its partner's end
    os.kill(inner, signal.SIGKILL)
    os.kill(outer, signal.SIGKILL)
    shim.wait(10)
    assert orphan in pids_of(run.id)
    for pid in pids_of(run.id):
        with suppress(ProcessLookupError):  # it went with another
            os.kill(pid, signal.SIGKILL)
    assert run.read("exit.json") is None


def test_inner_killed_before_the_agent_ran_on(run: Run) -> None:
    """The outer shim's record is whole: the agent's own end, the tail, the exit status."""
    run.shell('trap "echo bye >&2; exit 9" TERM; echo up; while :; do sleep 0.02; done')
    shim = run.spawn()
    run.printed("up")
    os.kill(run.started()["shim"][1], signal.SIGKILL)
    record = run.exit()
    assert record["cause"] == "lost"
    assert record["message"].startswith("One of the two processes")
    assert record["tail"] == ["up"]
    assert shim.wait(10) in (9, 128 + signal.SIGPIPE)


WALK = """
import os, posix, sys
sys.path.insert(0, {root!r})
{hide}
from controller.shim import kinship, tree
kinship.become_subreaper()
if os.fork() == 0:
    os.execvp("sh", ["sh", "-c", "sleep 50 & (setsid sh -c 'sleep 50; true' &); echo up; wait"])
os.read(0, 1)
print(len(tree.signal_below(0)), flush=True)
tree.Sweep(0).finish(tree.Wakes(), {{}})
"""


@pytest.mark.parametrize(
    "hide",
    [
        "",
        "access = posix.access; posix.access = lambda p, m: 'children' not in p and access(p, m)",
        "del posix.pidfd_open",
    ],
)
def test_walks_agree(hide: str) -> None:
    """Kernels without lists of children or without pidfds get the same tree to its end."""
    code = WALK.format(root=str(SHIM.parents[2]), hide=hide)
    walk = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with walk:
        assert walk.stdin
        assert walk.stdout
        assert walk.stdout.readline() == "up\n"
        wait_for(lambda: len(below(walk.pid)) == 4, "the tree")
        pids = below(walk.pid)
        walk.stdin.write("x")
        walk.stdin.close()
        # Without pidfds only own children are safe to signal; the rest become own children.
        assert walk.stdout.readline() == ("2\n" if "pidfd" in hide else "4\n")
    assert walk.returncode == 0
    assert not any(map(alive, pids))


def below(root: int) -> list[int]:
    """List the processes below one."""
    pids = [int(pid) for pid in Path(f"/proc/{root}/task/{root}/children").read_text().split()]
    return pids + [deeper for pid in pids for deeper in below(pid)]


def test_names_with_spaces_and_parentheses(tmp_path: Path) -> None:
    """A program's name cannot forge the fields of /proc."""
    place = tmp_path / "a) R (1 b"
    place.symlink_to("/bin/sleep")
    with subprocess.Popen([str(place), "50"]) as process:
        wait_for(lambda: "a) R" in Path(f"/proc/{process.pid}/stat").read_text(), "the name")
        assert proc.state(process.pid).split()[1] == str(os.getpid())
        assert proc.start_ticks(process.pid) > 0
        process.kill()
    assert proc.start_ticks(process.pid) == 0
