"""What the tests of the shim act on: runs, tmux servers, processes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

SHIM = Path(__file__).parents[2] / "controller" / "shim" / "__main__.py"
PROGRAM = [sys.executable, "-I", "-S", str(SHIM)]

ORPHAN = """(setsid sh -c 'trap "" TERM HUP INT; echo $$ >>%s; sleep 1000; sleep 1000' &);"""
"""Shell for a process that does all it can to outlive its session; its pid goes into a file."""

Found = TypeVar("Found")


def wait_for(look: Callable[[], Found], what: str, seconds: float = 10.0) -> Found:
    """Wait until a look at the world finds something, and return it."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.005)


def alive(pid: int) -> bool:
    """Tell whether a process exists and is no zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rpartition(") ")[2][0] not in "ZX"


def pids_of(run: str) -> set[int]:
    """Find the living processes that carry a run's id in their environment."""
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                variables = (folder / "environ").read_bytes().split(b"\0")
                if b"SIDEKICK_RUN_ID=" + run.encode() in variables and alive(int(folder.name)):
                    found.add(int(folder.name))
    return found


class Run:
    """A run's folder and the shim on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.id = f"r{os.getpid()}-{time.monotonic_ns()}"
        self.work = folder.parent / "work"
        self.work.mkdir(exist_ok=True)
        folder.mkdir(mode=0o700)

    def specify(self, *argv: str, **fields: object) -> None:
        """Write `spec.json`: headless with a short grace unless said."""
        spec = {
            "version": 1,
            "run": self.id,
            "argv": list(argv),
            "folder": str(self.work),
            "environment": [],
            "mode": "headless",
            "stdin": None,
            "grace": 5.0,
            "log_bytes": 10_485_760,
            "log_files": 2,
        }
        self.put("spec.json", json.dumps(spec | fields))

    def shell(self, script: str, **fields: object) -> None:
        """Write `spec.json` with a shell script for an agent."""
        self.specify("sh", "-c", script, **fields)

    def put(self, name: str, text: str) -> None:
        """Write a file of the folder whole, as the controller does."""
        temporary = self.folder / f".{name}.test"
        temporary.write_text(text)
        temporary.rename(self.folder / name)

    def stop(self, **content: object) -> None:
        """Request the end."""
        self.put("stop", json.dumps({"by": "user", "reason": "Asked", "message": "m"} | content))

    def spawn(self, **options: Any) -> subprocess.Popen[bytes]:
        """Start the shim apart from any terminal."""
        settings: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        settings |= {"start_new_session": True} | options
        shim: subprocess.Popen[bytes] = subprocess.Popen([*PROGRAM, str(self.folder)], **settings)
        return shim

    def complete(self, **options: Any) -> dict[str, Any]:
        """Run to the end, hold the shim's exit status against the record, return the record."""
        shim = self.spawn(**options)
        code = shim.wait(30)
        record = self.exit()
        if record["cause"] != "start":
            assert code == (
                record["status"] if record["signal"] is None else 128 + record["signal"]
            )
        return record

    def read(self, name: str) -> Any:
        """Read a JSON file of the folder, None where it is missing."""
        try:
            return json.loads((self.folder / name).read_text())
        except FileNotFoundError:
            return None

    def started(self) -> dict[str, Any]:
        """Wait for `started.json`."""
        found = wait_for(lambda: self.read("started.json"), "started.json")
        assert isinstance(found, dict)
        return found

    def exit(self, seconds: float = 10.0) -> dict[str, Any]:
        """Wait for `exit.json`."""
        found = wait_for(lambda: self.read("exit.json"), "exit.json", seconds)
        assert isinstance(found, dict)
        return found

    def log(self) -> str:
        """Read `output.log`, empty where there is none."""
        try:
            return (self.folder / "output.log").read_bytes().decode(errors="replace")
        except FileNotFoundError:
            return ""

    def printed(self, text: str) -> None:
        """Wait until the agent has printed something."""
        wait_for(lambda: text in self.log(), f"{text!r} in output.log")

    def orphan(self, name: str = "orphan") -> int:
        """Wait for an orphan's pid."""
        file = self.folder / name
        return int(wait_for(lambda: file.exists() and file.read_text().strip(), "the orphan"))


class Tmux:
    """A tmux server of our own."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        settings = socket.parent / "ctl.conf"
        settings.write_text(
            'set -g exit-empty off\nset -g remain-on-exit on\nset -g remain-on-exit-format ""\n'
            "set -g default-size 100x30\nset -g status off\n"
        )
        clean = {"PATH": os.environ["PATH"], "HOME": str(socket.parent), "LANG": "C.UTF-8"}
        subprocess.run(
            ["tmux", "-u", "-S", str(socket), "-f", str(settings), "start-server"],
            env=clean,
            check=True,
            timeout=10,
        )
        self.pid = int(self("display-message", "-p", "#{pid}"))

    def __call__(self, *arguments: str) -> str:
        """Run a tmux command and return what it says."""
        done = subprocess.run(
            ["tmux", "-u", "-S", str(self.socket), *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
        return done.stdout.rstrip("\n")

    def start(self, run: Run, name: str = "s") -> None:
        """Start a session with the shim in its pane; an interactive one's stream is copied."""
        copied = run.read("spec.json")["mode"] == "interactive"
        pipe = [";", "pipe-pane", "-o", f"exec cat >>{run.folder}/output.log"] if copied else []
        self("new-session", "-d", "-s", name, "--", *PROGRAM, str(run.folder), *pipe)

    def screen(self) -> str:
        """Read what the pane shows."""
        return self("capture-pane", "-p", "-t", "s")

    def shows(self, text: str) -> None:
        """Wait until the pane shows something."""
        wait_for(lambda: text in self.screen(), f"{text!r} on the screen")

    def keys(self, *keys: str) -> None:
        """Type keys, by tmux's names for them."""
        self("send-keys", "-t", "s", *keys)

    def ended(self) -> str:
        """Wait for the pane's end; its exit status."""

        def look() -> list[str]:
            dead, status = self("display", "-p", "#{pane_dead},#{pane_dead_status}").split(",")
            if dead == "1" and not status:
                # tmux < 3.6 loses SIGCHLD now and then, that of this very nudge included, so
                # that without -b it could wait for ever.
                self("run-shell", "-b", "true")
            return [status] if dead == "1" and status else []

        return wait_for(look, "the end of the pane")[0]


@contextmanager
def tmux_server() -> Iterator[Tmux]:
    """Have a tmux server whose socket path is short enough (107 bytes), and end it."""
    folder = Path(tempfile.mkdtemp(prefix="shim", dir="/tmp"))
    server = Tmux(folder / "t")
    try:
        yield server
    finally:
        with suppress(ProcessLookupError):
            os.kill(server.pid, signal.SIGKILL)
        shutil.rmtree(folder)
