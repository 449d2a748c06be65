"""Agents that reach for what is around them: nothing holds the shim up, and all is bounded."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.shim.world import PROGRAM, Run, Tmux, alive, wait_for

LIMIT = 100_000
FLOODS = {
    "lines": "yes 'a line of output'",
    "one endless line": "yes | tr -d '\\n'",
    "binary": "cat /dev/urandom",
}


def on_disk(run: Run) -> int:
    """Bytes of the files in the run's folder."""
    total = 0
    for path in run.folder.iterdir():
        with suppress(FileNotFoundError):  # rotated away meanwhile
            total += path.lstat().st_size
    return total


@pytest.mark.parametrize("flood", FLOODS)
def test_headless_output_is_bounded(run: Run, flood: str) -> None:
    """Whatever it prints, at no moment is more on the disk than the log's files may hold."""
    run.shell(f'exec sh -c "{FLOODS[flood]}"', log_bytes=LIMIT, log_files=3)
    shim = run.spawn()
    wait_for((run.folder / "output.log.2").exists, "two rotations")
    most = 0
    for _ in range(50):
        most = max(most, on_disk(run))
        time.sleep(0.005)
    run.stop()
    assert run.exit()["cause"] == "stop"
    shim.wait(10)
    assert most < 3 * LIMIT + 10_000


@pytest.mark.slow
@pytest.mark.parametrize("flood", FLOODS)
@pytest.mark.parametrize("deleted", [False, True])
def test_terminal_output_is_bounded(run: Run, tmux: Tmux, flood: str, deleted: bool) -> None:
    """Also on a terminal, within a second's output of the bound; and for a log that is deleted."""
    away = f"sleep 0.5; rm {run.folder}/output.log; " if deleted else ""
    run.shell(f'echo up; {away}exec sh -c "{FLOODS[flood]}"', log_bytes=LIMIT, mode="interactive")
    tmux.start(run)
    wait_for((run.folder / "output.log.1").exists, "a rotation", 20)
    (copier,) = (
        pid for pid in Path("/proc").iterdir()
        if pid.name.isdecimal() and _writes(pid, run.folder / "output.log")
        and int(pid.name) != run.started()["shim"][1]
    )  # fmt: skip
    most = kept = 0
    until = time.monotonic() + 4
    while time.monotonic() < until:
        most = max(most, (copier / "fd" / "1").stat().st_size)
        kept = max(kept, (run.folder / "output.log.1").stat().st_size)
        time.sleep(0.02)
    run.stop()
    assert run.exit()["cause"] == "stop"
    assert most < 200_000_000  # three seconds of all that tmux moves, on a busy machine
    assert kept < 50_000_000


def _writes(process: Path, log: Path) -> bool:
    try:
        return (process / "fd" / "1").readlink().name.startswith(log.name) and (
            process / "fd" / "1"
        ).readlink().parent == log.parent
    except OSError:
        return False


REPLACEMENTS = {
    "pipe": "mkfifo {0}",
    "folder": "mkdir {0}",
    "link": "ln -s /dev/zero {0}",
    "dangling": "ln -s /nowhere/at/all {0}",
}


@pytest.mark.slow
@pytest.mark.parametrize("replacement", REPLACEMENTS)
@pytest.mark.parametrize("mode", ["interactive", "headless"])
def test_everything_in_the_folder_is_replaced(
    run: Run, tmux: Tmux, mode: str, replacement: str
) -> None:
    """Pipes, folders and links in the place of every file: the run ends, and its record is told."""
    files = ("output.log", "output.log.1", "exit.json", "events.jsonl", "prompt")
    script = " && ".join(
        f"rm -rf {run.folder}/{name} && {REPLACEMENTS[replacement].format(f'{run.folder}/{name}')}"
        for name in files
    )
    run.put("prompt", "words")
    run.shell(f"while ! test -e go; do sleep 0.02; done; {script}; seq 1000; exit 5",
              mode=mode, log_bytes=1000, log_files=2)  # fmt: skip
    tmux.start(run)
    run.started()
    (run.work / "go").touch()
    record = wait_for(lambda: (run.folder / "exit.json").is_file() and run.exit(), "the record")
    assert isinstance(record, dict)
    assert (record["cause"], record["status"]) == ("exit", 5)
    assert tmux.ended() == "5"


def test_a_pipe_in_the_place_of_a_stop(run: Run) -> None:
    """Its existence is the request; nobody waits for what it might say."""
    run.shell(f"mkfifo {run.folder}/stop; exec sleep 1000")
    shim = run.spawn()
    assert run.exit()["reason"] == "StopUnreadable"
    shim.wait(10)


@pytest.mark.slow
@pytest.mark.parametrize("which", ["itself", "inner", "outer", "both"])
def test_it_stops_who_watches_over_it(run: Run, tmux: Tmux, which: str) -> None:
    """SIGSTOP holds nobody up: a stop is heard, and the run ends."""
    pids = r"s/.*shim.: \[\([0-9]*\), \([0-9]*\).*/\1 \2/"
    shims = f"$(sed '{pids}' {run.folder}/started.json)"
    number = {"itself": "$$", "inner": "$2", "outer": "$1", "both": "$1 $2"}[which]
    run.shell(
        f"while ! test -e {run.folder}/started.json; do sleep 0.02; done; set -- {shims}; "
        f"kill -STOP {number}; echo on; exec sleep 1000"
    )
    tmux.start(run)
    run.printed("on")
    run.stop()
    assert run.exit()["cause"] == "stop"


def test_a_later_request_is_sooner(run: Run) -> None:
    """A second stop with less grace counts; one with more does not, nor changes why it ends."""
    run.shell('trap "echo asked" TERM; echo up; while :; do sleep 0.05; done', grace=100)
    shim = run.spawn()
    run.printed("up")
    run.stop(grace=60, reason="First")
    run.printed("asked")
    run.stop(grace=90, reason="Second")
    # In place, as an editor saves: the folder tells nothing of it.
    (run.folder / "stop").write_text('{"grace": 0.1, "reason": "Third"}')
    record = run.exit()
    assert (record["cause"], record["reason"], record["signal"]) == ("stop", "First", 9)
    shim.wait(10)


def test_an_agent_that_eats_all_descriptors(run: Run) -> None:
    """They are its own: the shim hears the stop, and writes the record."""
    script = (
        "import os, time\n"
        "try:\n    while True: os.dup(0)\n"
        "except OSError: print('full', flush=True)\n"
        "time.sleep(999)"
    )
    run.specify(sys.executable, "-c", script)
    shim = run.spawn()
    run.printed("full")
    run.stop()
    assert run.exit()["cause"] == "stop"
    shim.wait(10)


def test_a_megabyte_in_one_sequence(run: Run, tmux: Tmux) -> None:
    """A title of that length holds nobody up; what follows it is in the record."""
    script = (
        "import sys; sys.stdout.write('\\x1b]0;' + 'A' * 1_000_000 + '\\x07'); print('\\nafter')"
    )
    run.specify(sys.executable, "-c", script)
    tmux.start(run)
    assert run.exit()["tail"][-1] == "after"
    assert tmux.ended() == "0"


@pytest.mark.parametrize("name", ["raw", "alternate", "mouse"])
def test_a_terminal_left_in_disorder(run: Run, tmux: Tmux, name: str) -> None:
    """After an agent that died with the terminal in its hands the pane can be read and attached."""
    disorder = {
        "raw": "stty raw -echo",
        "alternate": "printf '\\033[?1049h'",
        "mouse": "printf '\\033[?1003h\\033[?1006h\\033[?25l'",
    }[name]
    run.shell(f"echo first; {disorder}; printf 'last words\\r\\n'; kill -9 $$", mode="interactive")
    tmux.start(run)
    record = run.exit()
    assert (record["signal"], record["tail"][-1]) == (9, "last words")
    assert tmux.ended() == "137"
    tmux.shows("last words")


def test_brand_is_kept(run: Run) -> None:
    """A cleared environment, a session of its own, other parents: the number stays."""
    script = (
        f"env -i /usr/bin/setsid sh -c 'cat /proc/self/limits >{run.folder}/limits; exec sleep 99' "
        f"</dev/null >/dev/null 2>&1 & while ! test -s {run.folder}/limits; do sleep 0.02; done"
    )
    run.shell(script, brand=123_456_789)
    assert run.complete()["leftovers"] == 1
    (line,) = (
        line for line in (run.folder / "limits").read_text().splitlines() if "file locks" in line
    )
    assert line.split()[3] == "123456789"


def test_a_chain_that_forks_on(run: Run) -> None:
    """Who forks and ends, again and again, is not got ahead of for long."""
    script = (
        "import os, time\n"
        "for n in range(400):\n"
        "    if os.fork(): os._exit(0)\n"
        "    os.setsid(); time.sleep(0.005)\n"
        "time.sleep(1000)"
    )
    run.specify(sys.executable, "-I", "-S", "-c", script)
    shim = run.spawn()
    record = run.exit(20)
    assert record["cause"] == "exit"
    assert record["leftovers"] >= 1
    shim.wait(10)


def test_a_warden_takes_over(run: Run, tmux: Tmux) -> None:
    """A killed warden can be replaced: the start is the old one's, a second one is refused."""
    run.specify("sh", mode="interactive", grace=0.5, brand=987_654_321)
    tmux("new-session", "-d", "-s", "hand", "--", "sleep", "1000")
    pid = int(tmux("display-message", "-p", "-t", "=hand:", "#{pane_pid}"))
    try:
        assert _adopt(run, pid) == 0
        first = run.started()
        assert _adopt(run, pid) == 125
        os.kill(first["shim"][0], signal.SIGKILL)
        wait_for(lambda: not alive(first["shim"][0]), "its end")
        assert _adopt(run, os.getpid()) == 125
        assert _adopt(run, pid) == 0
        second = run.started()
        assert (second["pid"], second["at"]) == (pid, first["at"])
        assert second["shim"] != first["shim"]
        run.stop()
        assert run.exit()["cause"] == "stop"
        assert not alive(pid)
    finally:
        for process in (pid, *run.started()["shim"]):
            if alive(process):
                os.kill(process, signal.SIGKILL)


def test_a_daemon_of_an_adopted_process(run: Run, tmux: Tmux) -> None:
    """What left the tree between two looks, its environment cleared, is found by its brand."""
    run.specify("sh", mode="interactive", grace=0.5, brand=555_555_555)
    daemon = f"env -i /usr/bin/setsid sh -c 'echo $$ >{run.folder}/daemon; exec sleep 1000'"
    script = f"while ! test -e {run.work}/go; do sleep 0.02; done; ({daemon} &) ; exec sleep 1000"
    tmux("new-session", "-d", "-s", "hand", "--", "sh", "-c", script)
    pid = int(tmux("display-message", "-p", "-t", "=hand:", "#{pane_pid}"))
    assert _adopt(run, pid) == 0
    (run.work / "go").touch()
    orphan = run.orphan("daemon")
    run.stop()
    assert run.exit()["cause"] == "stop"
    assert not alive(orphan)


def _adopt(run: Run, pid: int) -> int:
    argv = [*PROGRAM, "--adopt", str(run.folder), str(pid)]
    return subprocess.run(argv, stderr=subprocess.DEVNULL, timeout=10, check=False).returncode
