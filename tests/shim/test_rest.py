"""A run at rest costs nothing, and misses nothing."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from controller.shim import notices
from controller.shim.folder import RunFolder
from tests.shim.world import SHIM, Run, wait_for

SOON = f"""
import sys
sys.path.insert(0, {str(SHIM.parents[2])!r})
from controller.shim import inner, main, supervise
inner.CALM, supervise.TICK = 0.05, 0.1
main.main(["shim", sys.argv[1]])
"""
"""A shim that is at rest soon."""


def sleeps(pid: int) -> int:
    """Count how often a process has gone to sleep."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0])


def rest(run: Run) -> list[int]:
    """Wait until the shims sleep on; their pids."""
    shims: list[int] = run.started()["shim"]

    def look() -> bool:
        before = [sleeps(pid) for pid in shims]
        time.sleep(0.4)  # several looks of a shim that is not at rest
        return before == [sleeps(pid) for pid in shims]

    wait_for(look, "rest")
    return shims


@pytest.fixture
def resting(run: Run, request: pytest.FixtureRequest) -> Any:
    """Have a run at rest; what its test is given is the mode."""
    run.shell("echo up; exec sleep 1000", mode=request.param, log_bytes=10_000)
    with subprocess.Popen(
        [sys.executable, "-c", SOON, str(run.folder)], start_new_session=True, stdout=-3
    ) as shim:
        rest(run)
        yield run
        run.stop()
        assert shim.wait(10) == 143


@pytest.mark.parametrize("resting", ["interactive", "headless"], indirect=True)
def test_rest(resting: Run) -> None:
    """Nobody wakes where nothing happens: ten looks' time later they are asleep still."""
    shims = resting.started()["shim"]
    before = [sleeps(pid) for pid in shims]
    time.sleep(1)
    assert [sleeps(pid) for pid in shims] == before


@pytest.mark.parametrize("resting", ["interactive", "headless"], indirect=True)
def test_stop_at_rest(resting: Run) -> None:
    """A stop is seen at once."""
    before = time.time()
    resting.stop()
    assert resting.exit()["ended_at"] - before < 0.5


@pytest.mark.parametrize("resting", ["interactive"], indirect=True)
def test_growth_at_rest(resting: Run) -> None:
    """A log that begins to grow again is bounded as soon as ever, time after time."""
    for _ in range(2):
        with (resting.folder / "output.log").open("ab") as log:
            log.write(b"x" * 20_000)
        wait_for(lambda: (resting.folder / "output.log").stat().st_size == 0, "rotation", 3)
        rest(resting)


def test_first_second(run: Run) -> None:
    """In its first second too a headless run shows its output at once, and hears of a stop."""
    run.shell("echo up; exec sleep 1000")
    with run.spawn(stdout=subprocess.PIPE) as shim:
        assert shim.stdout
        before = time.time()
        assert shim.stdout.readline() == b"up\n"
        run.stop()
        assert run.exit()["ended_at"] - before < 0.5


@pytest.mark.parametrize("end", ["stop", "signal", "exit"])
def test_first_second_of_an_interactive_run(run: Run, end: str) -> None:
    """In its first second a new file does not keep a shim from hearing what matters."""
    run.shell("while ! test -e go; do sleep 0.02; done", mode="interactive")
    with run.spawn() as shim:
        run.started()
        before = time.time()
        run.put("output.log", "begun by the runtime")
        if end == "stop":
            run.stop()
        elif end == "signal":
            shim.terminate()
        else:
            (run.work / "go").touch()
        record = run.exit()
    assert record["cause"] == end
    assert record["ended_at"] - before < 0.5


def test_pane_that_lags(run: Run) -> None:
    """What was too much for one second is shown in the next, though no more output comes."""
    run.specify("sh", "-c", "yes | head -c 9000000; echo end; exec sleep 1000")
    with run.spawn(stdout=subprocess.PIPE) as shim:
        assert shim.stdout
        assert b"end\n" in iter(shim.stdout.readline, b"")
        run.stop()


def test_where_notices_are_certain(tmp_path: Path) -> None:
    """A file system that others may write to past this kernel is told from one of its own."""
    folder = RunFolder(str(tmp_path))
    kind = subprocess.run(
        ["stat", "-f", "-c", "%T", str(tmp_path)], capture_output=True, text=True, check=True
    ).stdout.strip()
    known = {"ext2/ext3": True, "tmpfs": True, "xfs": True, "overlayfs": True, "nfs": False}
    if kind in known:
        assert notices.are_certain(folder.fd) is known[kind]
    assert not notices.are_certain(RunFolder("/proc").fd)
    assert not notices.are_certain(-1)
