"""Whatever becomes of the run's folder, the agent runs and its status passes."""

import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shim.world import PROGRAM, SHIM, Run, Tmux, alive, wait_for

WITHOUT_OVERRIDE = ["setpriv", "--bounding-set", "-dac_override", "--inh-caps", "-dac_override"]
"""Root may write everywhere unless it gives that up."""


@pytest.mark.parametrize("mode", ["interactive", "headless"])
def test_deleted_folder(run: Run, tmux: Tmux, mode: str) -> None:
    """The folder is deleted while the agent runs: its status still reaches the pane."""
    run.shell("while ! test -e go; do sleep 0.02; done; echo late; exit 9", mode=mode)
    tmux.start(run)
    started = run.started()
    shutil.rmtree(run.folder)
    (run.work / "go").touch()
    assert tmux.ended() == "9"
    assert "late" in tmux.screen()
    assert "Traceback" not in tmux.screen()
    assert not any(map(alive, started["shim"]))
    assert not run.folder.exists()


def test_renamed_folder(run: Run) -> None:
    """A folder that is renamed is the same folder: the record is in it."""
    run.shell("while ! test -e go; do sleep 0.02; done; exit 9")
    shim = run.spawn()
    run.started()
    run.folder = run.folder.rename(run.folder.parent / "archive")
    (run.work / "go").touch()
    assert shim.wait(10) == 9
    assert run.exit()["status"] == 9


def test_read_only_folder(run: Run) -> None:
    """Nothing can be made in the folder: the agent runs, is shown, and `env` is emptied."""
    if not shutil.which("setpriv"):
        pytest.skip("no setpriv here")
    run.put("env", '{"SECRET": "hush"}')
    run.shell("echo shown $SECRET; exit 9")
    run.folder.chmod(0o500)
    try:
        done = subprocess.run(
            [*(WITHOUT_OVERRIDE if os.geteuid() == 0 else ()), *PROGRAM, str(run.folder)],
            capture_output=True,
            check=False,
            timeout=20,
        )
    finally:
        run.folder.chmod(0o700)
    assert (done.returncode, done.stdout, done.stderr) == (9, b"shown hush\n", b"")
    assert sorted(path.name for path in run.folder.iterdir()) == ["env", "spec.json"]
    assert (run.folder / "env").read_text() == ""


def test_full_disk(run: Run) -> None:
    """No byte can be written to a file: output is shown, the status passes."""
    run.shell("echo shown; exit 9")
    shim = subprocess.run(
        [*PROGRAM, str(run.folder)],
        stdout=subprocess.PIPE,
        check=False,
        timeout=20,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
    )
    assert (shim.returncode, shim.stdout) == (9, b"shown\n")
    assert run.read("exit.json") is None
    assert not list(run.folder.glob(".*"))


def faulty(run: Run, fault: str) -> subprocess.CompletedProcess[str]:
    """Run a shim that has a defect."""
    code = (
        f"import sys\nsys.path.insert(0, {str(SHIM.parents[2])!r})\n"
        "from controller.shim import child, inner, main, record, supervise\n"
        "inner.CALM = 0.05\n"
        "def fail(*_):\n    raise ZeroDivisionError('a defect')\n"
        f"{fault}\nmain.main(['shim', {str(run.folder)!r}])"
    )
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=20
    )


FAIL_ONCE = """
write = record.Ending.write
def once(*_):
    record.Ending.write = write
    fail()
record.Ending.write = once
"""


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("main.find_program = fail", "start"),
        ("child.start = fail", "start"),
        ("inner.write_started = fail", "lost"),
        ("supervise.Supervisor._act = fail", "lost"),
        (FAIL_ONCE, "lost"),
    ],
)
def test_own_fault(run: Run, fault: str, cause: str) -> None:
    """A defect of the shim's own ends the run, leaves word, and shows no traceback."""
    run.shell("exec sleep 0.4", grace=0.2)
    done = faulty(run, fault)
    record = run.exit()
    assert (record["cause"], record["reason"]) == (cause, "ShimError")
    assert "a defect" in record["message"]
    assert (record["started_at"] is None) is (cause == "start")
    assert "Traceback" not in done.stderr
    assert record["message"] in done.stderr
    assert done.returncode == 125


def test_fault_of_the_outer_shim(run: Run) -> None:
    """Where the outer shim itself fails, the inner one sees it die and ends the run."""
    run.shell("exec sleep 1000")
    done = faulty(run, "main.stand_by = fail")
    assert done.returncode == 125
    assert "Traceback" not in done.stderr
    assert run.exit()["cause"] == "lost"


def test_no_standard_descriptors(run: Run) -> None:
    """Started with all three descriptors closed, nothing of the shim's becomes the agent's."""
    run.shell("ls -l /proc/self/fd/; exit 3")
    code = "import os, sys; os.closerange(0, 3); os.execv(sys.argv[1], sys.argv[1:])"
    done = subprocess.run([sys.executable, "-c", code, *PROGRAM, str(run.folder)], check=False)
    assert done.returncode == 3
    assert run.exit()["status"] == 3
    assert "pipe:" in run.log()


def test_usage(tmp_path: Path) -> None:
    """Without a folder the program says whose it is."""
    done = subprocess.run(PROGRAM, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "started by the controller" in done.stderr


@pytest.mark.parametrize("way", ["folder", "file", "module"])
def test_ways_to_start(run: Run, way: str) -> None:
    """The shim runs as a file, as a folder, and as a module."""
    run.shell("exit 3")
    arguments = {
        "folder": ["-I", "-S", str(SHIM.parent)],
        "file": ["-I", "-S", str(SHIM)],
        "module": ["-m", "controller.shim"],
    }[way]
    done = subprocess.run(
        [sys.executable, *arguments, str(run.folder)], cwd=SHIM.parents[2], check=False
    )
    assert done.returncode == 3


def test_started_ignoring_signals(run: Run) -> None:
    """Under `nohup` and the like the shim and its agent hear signals all the same."""
    run.shell("trap 'echo hup; exit 5' HUP; echo up; while :; do sleep 0.02; done")
    shim = run.spawn(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    run.printed("up")
    os.kill(run.started()["pid"], signal.SIGHUP)
    assert shim.wait(10) == 5
    wait_for(lambda: "hup" in run.log(), "the agent's word")
