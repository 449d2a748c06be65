"""The sweep ends what a run left behind, and nothing else."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from controller.core.exits import Cause
from controller.runs import sweep
from controller.runs.folders import RunsUnavailable
from tests.runs.conftest import Bench, Processes
from tests.shim.world import alive, pids_of, wait_for

SLEEP = ("sleep", "1000")
STUBBORN = (sys.executable, "-c", "import signal, sys, time\n"
            "for n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)\n"
            "print('ready', flush=True); time.sleep(1000)")  # fmt: skip


def test_marked_processes_and_only_those(bench: Bench, processes: Processes) -> None:
    """Whatever carries exactly the run's id in its environment is killed, near misses are not."""
    run, other = bench.make("A"), bench.make("B")
    mine = [
        processes.start(*SLEEP, SIDEKICK_RUN_ID=run),
        processes.start(*STUBBORN, A="1", SIDEKICK_RUN_ID=run, Z="2"),
    ]
    bystanders = [
        processes.start(*SLEEP, SIDEKICK_RUN_ID=other),
        processes.start(*SLEEP, SIDEKICK_RUN_ID=run + "0"),
        processes.start(*SLEEP, SIDEKICK_RUN_ID=run[:-1]),
        processes.start(*SLEEP, OLD_SIDEKICK_RUN_ID=run, X=f"SIDEKICK_RUN_ID={run}"),
        processes.start(*SLEEP),
        processes.start("sh", "-c", "sleep 1000; :", f"SIDEKICK_RUN_ID={run}"),
    ]
    assert mine[1].stdout
    assert mine[1].stdout.readline() == b"ready\n"

    assert bench.runs.sweep(run) == 2

    assert [process.wait(5) for process in mine] == [-9, -9]
    assert all(process.poll() is None for process in bystanders)


def test_descendants(bench: Bench, processes: Processes) -> None:
    """Children that got away into sessions of their own are found by the id they inherited."""
    run = bench.make()
    script = "for n in 1 2 3; do setsid sleep 1000 & done; echo ready; wait"
    shell = processes.start("sh", "-c", script, SIDEKICK_RUN_ID=run)
    assert shell.stdout
    assert shell.stdout.readline() == b"ready\n"
    family = wait_for(lambda: found if len(found := pids_of(run)) == 4 else None, "four processes")
    assert family

    assert bench.runs.sweep(run) >= 4

    wait_for(lambda: not any(map(alive, family)), "their end")


def test_the_shim_is_found_by_its_folder(bench: Bench, processes: Processes) -> None:
    """A shim that was not told the id yet is found by the folder it was started on."""
    run = bench.make()
    script = "import time; time.sleep(1000)"
    shim = processes.start(
        sys.executable, "-I", "-S", "-c", script, "controller/shim", str(bench.root / run)
    )
    assert bench.runs.sweep(run) == 1
    assert shim.wait(5) == -9


def started(bench: Bench, run: str, pid: int, later: int = 0) -> None:
    """The record of a process, which bears no mark of the run, as its agent."""
    ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[19])
    bench.put(run, "started.json", json.dumps({"pid": pid, "start_ticks": ticks + later, "at": 1}))


def test_an_adopted_process(bench: Bench, processes: Processes) -> None:
    """It is known by the record; what it began ends with it, and so does what watches over it."""
    run = bench.make()
    script = "setsid sleep 1000 & (sleep 1000 &) ; echo ready; wait"
    shell = processes.start("sh", "-c", script)
    bystander = processes.start(*SLEEP)
    assert shell.stdout
    assert shell.stdout.readline() == b"ready\n"
    words = ("controller/shim/__main__.py", "--adopt", str(bench.root / run), str(shell.pid))
    warden = processes.start(sys.executable, "-I", "-c", "import time; time.sleep(1000)", *words)
    started(bench, run, shell.pid)
    wait_for(lambda: len(sweep.find(run, bench.root / run)) == 4, "four processes")

    assert bench.runs.sweep(run) == 4

    # The shell may see its child's end first, and then end by itself.
    assert shell.wait(5) in {0, -9}
    assert warden.wait(5) == -9
    assert bystander.poll() is None


def test_a_later_process_of_the_same_number(bench: Bench, processes: Processes) -> None:
    """A pid alone names nothing."""
    run = bench.make()
    process = processes.start(*SLEEP)
    started(bench, run, process.pid, later=-1)
    assert bench.runs.sweep(run) == 0
    assert process.poll() is None


def test_a_person_who_looks_into_the_folder(bench: Bench, processes: Processes) -> None:
    """Somebody's editor or pager on the run's folder is none of the run's processes."""
    run = bench.make()
    folder = bench.root / run
    editor = processes.start("sh", "-c", "sleep 1000; :", "vim", str(folder))
    bench.runs.sweep(run)
    with pytest.raises(subprocess.TimeoutExpired):
        editor.wait(0.5)


def test_the_record(bench: Bench) -> None:
    """A swept run has ended: lost, with what it left; its start is kept."""
    run = bench.make()
    bench.put(run, "started.json", '{"pid": 1, "at": 1700000000}')
    bench.runs.look()

    assert bench.runs.sweep(run) == 0

    end = bench.runs.look()[run].exit
    assert end
    assert (end.cause, end.reason, end.leftovers) == (Cause.LOST, "ShimLost", 0)
    assert end.started_at
    assert end.started_at.timestamp() == 1_700_000_000
    assert abs(time.time() - end.ended_at.timestamp()) < 60
    assert {"version", "cause", "status", "signal", "reason", "message", "stop", "started_at",
            "ended_at", "leftovers", "tail"} == set(
        json.loads((bench.root / run / "exit.json").read_text()))  # fmt: skip


def test_a_record_that_is_there_stays(bench: Bench) -> None:
    """A shim that told its end meanwhile has the last word."""
    run = bench.make()
    bench.end(run)
    bench.runs.sweep(run)
    end = bench.runs.look()[run].exit
    assert end
    assert (end.cause, end.status) == (Cause.EXIT, 0)


def test_a_process_that_will_not_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a process cannot be ended, it is named, and the run is not called ended."""
    run = bench.make()
    alive = sweep.Swept(frozenset({10}), frozenset({12, 11}))
    monkeypatch.setattr(sweep, "end_all", lambda *_: alive)
    with pytest.raises(RunsUnavailable) as caught:
        bench.runs.sweep(run)
    assert caught.value.reason == "ProcessesLeft"
    assert "[11, 12]" in caught.value.message
    assert (run,) == bench.runs.unfinished()
    assert not (bench.root / run / "exit.json").exists()


def test_a_folder_that_is_gone(bench: Bench) -> None:
    """A run whose folder was removed by hand is over once nothing of it is left."""
    run = bench.make()
    shutil.rmtree(bench.root / run)
    bench.runs.sweep(run)
    bench.runs.look()
    assert bench.runs.unfinished() == ()
