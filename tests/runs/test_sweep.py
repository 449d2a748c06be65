"""The sweep ends what a run left behind, and nothing else."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from controller.core.exits import Cause
from controller.runs import sweep
from controller.runs.folders import RunsUnavailable
from controller.runs.processes import read_process, send
from controller.runs.spec import brand
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


def test_who_has_no_environment(bench: Bench, processes: Processes) -> None:
    """Whoever cleared it is found by the brand, and so is all in its session and below it."""
    run = bench.make()
    spec = json.loads((bench.root / run / "spec.json").read_text())
    script = f"ulimit -S -x {spec['brand']}; env -i /bin/sh -c '(/bin/sleep 1000 &); exec sleep 99'"
    shell = processes.start("bash", "-c", f"{script} & echo ready; wait")
    assert shell.stdout
    assert shell.stdout.readline() == b"ready\n"
    found = wait_for(lambda: len(sweep.find(run, bench.root / run)) == 3 and sweep.find(
        run, bench.root / run), "three processes")  # fmt: skip
    assert found
    assert bench.runs.sweep(run) == 3
    assert not any(map(alive, found))


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be two users")
def test_another_users_process(bench: Bench, processes: Processes, tmp_path: Path) -> None:
    """One that may not be killed is named, its environment unread; all others are ended."""
    run = bench.make()
    number = brand(run)
    theirs = processes.start("bash", "-c", f"ulimit -S -x {number}; exec sleep 1000")
    ours = processes.start(
        "bash", "-c", f"ulimit -S -x {number}; exec setpriv --reuid 65534 sleep 1000"
    )
    wait_for(lambda: sweep.find(run, bench.root / run).keys() == {theirs.pid, ours.pid}, "both")
    wait_for(lambda: Path(f"/proc/{ours.pid}").stat().st_uid == 65534, "the other user")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        sweep.PATIENCE = 3
        swept = sweep.end_all(run, bench.root / run)
        os.write(writer, json.dumps([sorted(swept.ended), sorted(swept.alive)]).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert json.loads(os.read(reader, 1000)) == [[ours.pid], [theirs.pid]]
    os.close(reader)
    os.close(writer)
    assert theirs.poll() is None
    assert bench.runs.sweep(run) == 1


def test_a_number_that_passed_on(processes: Processes) -> None:
    """A process that got the number of one that was found is sent nothing."""
    process = processes.start(*SLEEP)
    found = read_process(process.pid)
    assert found
    ticks = found.ticks
    send(process.pid, ticks - 1, signal.SIGKILL)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.2)
    send(process.pid, ticks, signal.SIGKILL)
    assert process.wait(5) == -9


def test_who_forks_faster(bench: Bench, processes: Processes) -> None:
    """A tree that grows while it is swept is stopped, and ended to its last process."""
    run = bench.make()
    script = (
        "import os, time\nfor n in range(7):\n    os.fork(); time.sleep(0.02)\ntime.sleep(1000)"
    )
    first = processes.start(sys.executable, "-I", "-S", "-c", script, SIDEKICK_RUN_ID=run)
    wait_for(lambda: len(pids_of(run)) > 4, "some growth")
    assert bench.runs.sweep(run) > 4
    assert pids_of(run) == set()
    assert first.wait(5) == -9


def test_the_shim_is_found_by_its_folder(bench: Bench, processes: Processes) -> None:
    """A shim that was not told the id yet is found by the folder it was started on."""
    run = bench.make()
    script = "import time; time.sleep(1000)"
    shim = processes.start(
        sys.executable, "-I", "-S", "-c", script, "controller/shim", str(bench.root / run)
    )
    assert bench.runs.sweep(run) == 1
    assert shim.wait(5) == -9


def test_a_copy_of_the_folder(bench: Bench, processes: Processes, tmp_path: Path) -> None:
    """A run whose shim works on another folder that is there is that one's: nothing of it ends."""
    run = bench.make()
    original = tmp_path / "elsewhere" / run
    shutil.copytree(bench.root / run, original)
    script = "import time; time.sleep(1000)"
    words = ("-c", script, "controller/shim/__main__.py", str(original))
    shim = processes.start(sys.executable, "-I", "-S", *words, SIDEKICK_RUN_ID=run)
    agent = processes.start(*SLEEP, SIDEKICK_RUN_ID=run)
    started(bench, run, agent.pid)
    wait_for(lambda: sweep.original_of(bench.root / run), "the shim")

    assert bench.runs.sweep(run) == 0

    end = bench.runs.look()[run].exit
    assert end
    assert (end.cause, str(original) in end.message) == (Cause.LOST, True)
    assert [process.poll() for process in (shim, agent)] == [None, None]


def test_a_folder_that_was_moved(bench: Bench, processes: Processes, tmp_path: Path) -> None:
    """What began where it was before is ended: nobody else has its record."""
    run = bench.make()
    script = "import time; time.sleep(1000)"
    words = ("-c", script, "controller/shim/__main__.py", str(tmp_path / "before" / run))
    shim = processes.start(sys.executable, "-I", "-S", *words)
    wait_for(lambda: sweep.find(run, bench.root / run), "the shim")
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
    end = bench.runs.look()[run].exit
    assert end
    assert (end.cause, end.reason) == (Cause.LOST, "ShimLost")
    assert bench.runs.unfinished() == ()


def test_the_secrets_of_a_run_that_never_came(bench: Bench) -> None:
    """They were for its shim, which would have taken them away."""
    run = bench.make(TOKEN="secret")
    assert bench.runs.sweep(run) == 0
    assert not (bench.root / run / "env").exists()
    assert bench.runs.look()[run].exit
