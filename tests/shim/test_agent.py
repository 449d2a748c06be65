"""What the agent finds when it runs, and what is recorded of it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.shim.world import SHIM, Run

LOOK = """
import json, os, signal, sys
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines()
              if ":\\t" in line)
print(json.dumps({"argv": sys.argv[1:], "cwd": os.getcwd(), "pwd": os.environ.get("PWD"),
    "run": os.environ["SIDEKICK_RUN_ID"], "dir": os.environ["SIDEKICK_RUN_DIR"],
    "extra": os.environ.get("EXTRA"), "session": os.environ.get("SESSION"),
    "fds": sorted(map(int, os.listdir("/proc/self/fd"))), "blocked": int(status["SigBlk"], 16),
    "leader": os.getsid(0) == os.getpid() == os.getpgrp(), "pid": os.getpid()}))
"""


def look(run: Run, *argv: str) -> dict[str, object]:
    """Run an agent that tells what it finds."""
    run.specify("python3", "-I", "-S", "-c", LOOK, *argv)
    assert run.complete(env={**os.environ, "SESSION": "s"})["status"] == 0
    found = json.loads(run.log())
    assert isinstance(found, dict)
    return found


def test_surroundings(run: Run) -> None:
    """The agent has its folder, its variables over the session's, and nothing of the shim's."""
    run.put("env", '{"EXTRA": "ä b", "SIDEKICK_RUN_ID": "forged"}')
    found = look(run, "a b", "", "ü")
    assert found["argv"] == ["a b", "", "ü"]
    assert found["cwd"] == found["pwd"] == str(run.work)
    assert (found["run"], found["dir"]) == (run.id, str(run.folder))
    assert (found["extra"], found["session"]) == ("ä b", "s")
    assert found["fds"] == [0, 1, 2, 3]  # 3 is its own look at /proc
    assert found["blocked"] == 0
    assert found["leader"]
    assert run.started()["pid"] == found["pid"]


def test_signals_are_default(run: Run) -> None:
    """No ignored signal is handed down: a closed pipe ends its writer as everywhere."""
    run.shell("exec cat /proc/self/status")
    run.complete()
    ignored = next(line for line in run.log().splitlines() if line.startswith("SigIgn"))
    # The C library keeps signals 32 and 33 to itself: nobody can undo what was done to them before.
    assert int(ignored.split()[1], 16) & ~(0b11 << 31) == 0


def test_long_prompt_by_argv(run: Run) -> None:
    """100 KB of many lines, quotes and umlauts arrive unchanged."""
    prompt = "".join(f"{n}: 'ä' \"$HOME\" `x` \\ ; #{{pid}}\n" for n in range(3000))[:100_000]
    run.specify("printf", "%s", prompt)
    run.complete()
    assert run.log() == prompt


def test_prompt_by_standard_input(run: Run) -> None:
    """The prompt file is the standard input, and ends."""
    prompt = "first\n" + "ä" * 300_000
    run.put("prompt", prompt)
    run.specify("cat", stdin="prompt")
    run.complete()
    assert run.log() == prompt


def test_no_standard_input(run: Run) -> None:
    """Without a prompt file the standard input is at its end, not a wait for ever."""
    run.shell("cat; echo done")
    run.complete()
    assert run.log() == "done\n"


def test_no_terminal(run: Run) -> None:
    """A headless agent that asks on the terminal fails instead of hanging."""
    run.shell("(read answer </dev/tty) 2>/dev/null || echo failed")
    run.complete()
    assert run.log() == "failed\n"


def test_environment_file_is_gone_before_the_agent(run: Run) -> None:
    """The agent never sees `env`; secrets are in its environment and in no file."""
    run.put("env", '{"SECRET": "hush-7f3a"}')
    run.shell(f"ls -a {run.folder}; echo length ${{#SECRET}}")
    run.complete()
    assert "env" not in run.log().split()
    assert "length 9" in run.log()
    for path in run.folder.iterdir():
        assert "hush-7f3a" not in path.read_text()


def test_secrets_are_not_in_the_shims_arguments(run: Run) -> None:
    """`ps` shows the run's folder of a shim, no more; its own environment has no secret."""
    run.put("env", '{"SECRET": "hush-7f3a"}')
    run.shell("echo up; sleep 30")
    shim = run.spawn()
    for pid in run.started()["shim"]:
        assert Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[-2:] == [
            str(run.folder).encode(),
            b"",
        ]
        assert b"hush-7f3a" not in Path(f"/proc/{pid}/environ").read_bytes()
    run.stop()
    shim.wait(10)


@pytest.mark.parametrize("code", [0, 1, 3, 255])
def test_status(run: Run, code: int) -> None:
    """The status is recorded, and is the shim's own."""
    before = time.time()
    run.shell(f"echo out; echo err >&2; exit {code}")
    record = run.complete()
    assert (record["cause"], record["status"], record["signal"]) == ("exit", code, None)
    assert record["reason"] == "Exited"
    assert (record["version"], record["stop"], record["leftovers"]) == (1, None, 0)
    assert record["tail"] == ["out", "err"]
    assert before <= record["started_at"] <= record["ended_at"] <= time.time()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_signal(run: Run, number: signal.Signals) -> None:
    """An agent that a signal ends is no exit with a status."""
    run.shell(f"kill -{int(number)} $$")
    record = run.complete()
    assert (record["cause"], record["status"], record["signal"]) == ("exit", None, number)
    assert record["reason"] == "Killed"


def test_started(run: Run) -> None:
    """`started.json` names the agent for ever: pid and start; and the pair of shims."""
    run.shell("echo up; sleep 30")
    shim = run.spawn()
    started = run.started()
    text = Path(f"/proc/{started['pid']}/stat").read_text()
    assert int(text.rpartition(") ")[2].split()[19]) == started["start_ticks"]
    outer, inner = started["shim"]
    assert outer == shim.pid
    assert Path(f"/proc/{inner}/task/{inner}/children").read_text().split() == [str(started["pid"])]
    assert abs(started["at"] - time.time()) < 10
    assert started["version"] == 1
    run.stop()
    assert run.exit()["started_at"] == started["at"]
    shim.wait(10)


@pytest.mark.parametrize("module", ["_json", "_ctypes", "_signal"])
def test_without_private_modules(run: Run, module: str) -> None:
    """On a Python without one of the private modules the public one does the same."""
    run.put("env", '{"A": "ä"}')
    run.shell("echo $A; (setsid sleep 50 &) ; exit 3")
    code = (
        # `signal` itself is built on `_signal`, so the public modules must be there before.
        f"import ctypes, json, signal, sys; sys.modules[{module!r}] = None\n"
        f"sys.path.insert(0, {str(SHIM.parents[2])!r})\n"
        "from controller.shim.main import main\n"
        f"main(['shim', {str(run.folder)!r}])"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=20).returncode == 3
    record = run.exit()
    assert (record["status"], record["leftovers"], record["tail"]) == (3, 1, ["ä"])
