"""The log is whole as long as it is within its bound, and never holds the agent up."""

import hashlib
import os
import pty
import subprocess
import time
from pathlib import Path

import pytest

from tests.shim.world import Run, Tmux, wait_for

FLOOD = """
import hashlib, os, sys
digest = hashlib.sha256()
for n in range(int(sys.argv[1])):
    block = (b"%08d " % n) * 6553 + b"\\n"
    digest.update(block)
    rest = memoryview(block)
    while rest:
        rest = rest[os.write(1, rest):]
open("digest", "w").write(digest.hexdigest())
"""


def logs(run: Run) -> list[Path]:
    """List the files of the log, the newest first."""
    return sorted(run.folder.glob("output.log*"))


def test_40_megabytes_are_complete(run: Run) -> None:
    """Nothing of a flood is lost between the agent and the log."""
    run.specify("python3", "-I", "-S", "-c", FLOOD, "700", log_bytes=100_000_000)
    record = run.complete()
    data = (run.folder / "output.log").read_bytes()
    assert len(data) > 40_000_000
    assert hashlib.sha256(data).hexdigest() == (run.work / "digest").read_text()
    assert record["tail"][-1] == f"{699:08d} " * 55 + "00000"


def test_terminal_that_takes_nothing(run: Run) -> None:
    """A terminal that nobody reads holds neither the agent nor the log up; the end is shown."""
    ours, theirs = pty.openpty()
    run.specify("python3", "-I", "-S", "-c", FLOOD, "700", log_bytes=100_000_000)
    shim = run.spawn(stdout=theirs)
    record = run.exit()
    assert record["status"] == 0
    data = (run.folder / "output.log").read_bytes()
    assert hashlib.sha256(data).hexdigest() == (run.work / "digest").read_text()
    shown = b""
    os.close(theirs)
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # the other side is gone
        pass
    os.close(ours)
    assert shim.wait(10) == 0
    assert b"bytes not shown; all of it is in output.log" in shown
    assert b"00000699" in shown
    assert len(shown) < 1_000_000


def test_stop_during_a_flood(run: Run) -> None:
    """A flood hides no stop."""
    run.shell("exec yes", log_bytes=1_000_000)
    shim = run.spawn()
    wait_for(lambda: len(logs(run)) > 1, "a rotation")
    before = time.time()
    run.stop()
    assert run.exit()["cause"] == "stop"
    assert time.time() - before < 2
    shim.wait(10)


def test_rotation(run: Run) -> None:
    """A headless log is cut into files of exactly the bound, of which the last are kept."""
    run.shell(
        "i=0; while test $i -lt 1000; do echo line $i; i=$((i + 1)); done",
        log_bytes=1000,
        log_files=3,
    )
    record = run.complete()
    assert [path.name for path in logs(run)] == ["output.log", "output.log.1", "output.log.2"]
    newest, *older = [path.read_text() for path in logs(run)]
    assert [len(text) for text in older] == [1000, 1000]
    assert 0 < len(newest) <= 1000
    everything = "".join(f"line {n}\n" for n in range(1000))
    assert everything.endswith("".join(reversed([newest, *older])))
    assert record["tail"] == [f"line {n}" for n in range(980, 1000)]


def test_one_file(run: Run) -> None:
    """With one file only the current one is kept, within its bound."""
    run.shell(
        "i=0; while test $i -lt 500; do echo line $i; i=$((i + 1)); done",
        log_bytes=1000,
        log_files=1,
    )
    run.complete()
    assert [path.name for path in logs(run)] == ["output.log"]
    assert 0 < (run.folder / "output.log").stat().st_size <= 1000
    assert run.log().endswith("line 499\n")


@pytest.mark.slow
def test_copied_log_is_bounded(run: Run, tmux: Tmux) -> None:
    """What tmux appends to the log of an interactive run is bounded too, and its end kept."""
    run.shell(
        "i=0; while test $i -lt 4000; do echo line $i; i=$((i + 1)); done; "
        "while ! test -e go; do sleep 0.02; done; echo after; sleep 1000",
        mode="interactive",
        log_bytes=10_000,
        log_files=3,
    )
    tmux.start(run)
    wait_for(lambda: run.log() == "" and len(logs(run)) > 1, "a rotation")
    (run.work / "go").touch()
    run.printed("after")
    first = (run.folder / "output.log.1").read_bytes()
    assert len(first) == 10_000
    assert first.endswith(b"line 3999\r\n")
    assert run.log() == "after\r\n"
    assert not (run.folder / "output.log").stat().st_mode & 0o077
    run.stop()
    assert run.exit()["tail"][-2:] == ["line 3999", "after"]


@pytest.mark.slow
def test_copied_log_of_one_file(run: Run, tmux: Tmux) -> None:
    """With one file a copied log is emptied at its bound."""
    run.shell("seq 4000; sleep 1000", mode="interactive", log_bytes=10_000, log_files=1)
    tmux.start(run)
    tmux.shows("4000")
    wait_for(lambda: run.log() == "", "the emptied log")
    assert [path.name for path in logs(run)] == ["output.log"]
    run.stop()
    run.exit()


def test_last_words_on_a_terminal(run: Run, tmux: Tmux) -> None:
    """What an agent prints as it ends is in the log and the record, however short it ran."""
    run.shell("seq 3000; exit 7", mode="interactive")
    tmux.start(run)
    assert run.exit()["tail"][-1] == "3000"
    assert run.log() == "".join(f"{n}\r\n" for n in range(1, 3001))
    assert tmux.ended() == "7"
    assert tmux.screen().rstrip().endswith("2999\n3000")


@pytest.mark.slow
def test_last_words_of_many(tmp_path: Path, tmux: Tmux) -> None:
    """Nor is anything lost where forty end at once, and tmux comes late to each."""
    runs = [Run(tmp_path / f"run{n}") for n in range(40)]
    for n, run in enumerate(runs):
        run.shell("seq 3000", mode="interactive")
        tmux.start(run, f"s{n}")
    expected = "".join(f"{n}\r\n" for n in range(1, 3001))
    for run in runs:
        assert run.exit(30)["tail"][-1] == "3000"
        assert run.log() == expected


def test_small_copied_log_is_left_alone(run: Run, tmux: Tmux) -> None:
    """Below its bound a copied log is whole."""
    run.shell("echo one; echo two; sleep 1000", mode="interactive")
    tmux.start(run)
    run.printed("two")
    run.stop()
    assert run.exit()["tail"] == ["one", "two"]
    assert run.log() == "one\r\ntwo\r\n"


def ticks(pid: int) -> int:
    """Read the processor time that a process has used, in 1/100 s."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return int(fields[11]) + int(fields[12])


def test_output_after_close(run: Run) -> None:
    """An agent that closes its output early is waited for all the same, without spinning."""
    run.shell("echo out; exec >&- 2>&-; sleep 0.8; exit 3")
    shim = run.spawn()
    started = run.started()
    run.printed("out")
    wait_for(lambda: not Path(f"/proc/{started['pid']}/fd/1").exists(), "the closing")
    before = ticks(started["shim"][1])
    time.sleep(0.4)
    assert ticks(started["shim"][1]) - before <= 2
    assert shim.wait(10) == 3
    record = run.exit()
    assert (record["status"], record["tail"]) == (3, ["out"])


def test_closed_pane(run: Run) -> None:
    """A reader of the pane that goes away costs the agent nothing."""
    run.shell("echo one; while ! test -e go; do sleep 0.02; done; seq 100000; exit 3")
    shim = run.spawn(stdout=subprocess.PIPE)
    assert shim.stdout
    assert shim.stdout.readline() == b"one\n"
    shim.stdout.close()
    (run.work / "go").touch()
    assert shim.wait(10) == 3
    assert run.log().endswith("100000\n")
