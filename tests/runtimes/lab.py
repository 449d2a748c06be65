"""A private tmux server for one test, and a person who can do anything to it."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from controller.core.observed import Session, Sessions
from controller.runtimes.base import StartRequest
from controller.runtimes.tmux import TmuxRuntime
from controller.runtimes.tmux_process import find_server

AGENT = """\
#!/bin/sh
# Stands for the shim: does what the test left in the run's folder, then stays.
if [ "$1" = --adopt ]; then
    printf '%s\\n' "$2" "$3" >"$2/watches.new" && mv "$2/watches.new" "$2/watches"
    exec sleep 600
fi
[ -e "$1/script" ] && . "$1/script"
exec sleep 600
"""


class Lab:
    """A folder with a socket, run folders, a `tmux` that counts its calls, and a stand-in shim."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "s"
        self.bin = folder / "bin"
        self.calls = folder / "calls"
        self.agent = folder / "agent.sh"
        self.agent.write_text(AGENT)
        self.bin.mkdir()
        self.environment = {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "SIDEKICK_LAB": str(folder),
        }

    def runtime(self, *, owner: str = "me", deadline: float = 5.0) -> TmuxRuntime:
        """A runtime on this lab's socket."""
        return TmuxRuntime(
            self.socket,
            owner=owner,
            shim=("/bin/sh", str(self.agent)),
            environment=self.environment,
            configuration=self.folder / "conf" / "tmux.conf",
            deadline=deadline,
        )

    def request(
        self, name: str, run: str = "", *, script: str = "", folder: str = "", piped: bool = True
    ) -> StartRequest:
        """A request with its run's folder; the script is what the agent does first."""
        run = run or f"run-{name}"
        path = self.folder / "runs" / (folder or run)
        path.mkdir(parents=True, exist_ok=True)
        (path / "script").write_text(script)
        return StartRequest(run, name, path, pipe_output=piped)

    def fake_tmux(self, script: str) -> None:
        """Put another `tmux` before the real one."""
        fake = self.bin / "tmux"
        fake.write_text(f"#!/bin/sh\n{script}\n")
        fake.chmod(0o755)

    def count_calls(self) -> None:
        """Let every call of tmux leave a line in `calls`."""
        self.calls.write_text("")
        self.fake_tmux(f'echo x >>{self.calls}; PATH={os.environ["PATH"]}; exec tmux "$@"')

    def called(self) -> int:
        """How often tmux was called since the file `calls` was made."""
        return len(self.calls.read_text().splitlines())

    def tmux(self, *args: str) -> str:
        """What a person does to the server, with plain tmux."""
        done = subprocess.run(
            ("tmux", "-u", "-S", str(self.socket), *args),
            capture_output=True,
            check=False,
            env={**self.environment, "PATH": os.environ["PATH"]},
            text=True,
            timeout=10,
        )
        return done.stdout.strip()

    def begin(self, name: str, *command: str, folder: str = "/") -> str:
        """Begin a session as a person does; its command runs then, and is no more a fork of tmux.

        Returns:
            The name that tmux gave it.
        """
        said = self.tmux(
            "new-session", "-d", "-P", "-F", "#{session_name}\t#{pane_pid}", "-c", folder,
            *([f"-s{name}"] if name else []), "--", *command,
        )  # fmt: skip
        assert said, name
        given, _, pid = said.rpartition("\t")
        wait_for(lambda: not _words(pid).startswith(b"tmux\0"))
        return given

    def server_pid(self) -> int:
        """The pid of the one living server on the socket."""
        pid = find_server(self.socket)
        assert pid is not None
        return pid

    def pids(self) -> list[int]:
        """Every process that has this lab's environment."""
        mark = f"SIDEKICK_LAB={self.folder}".encode()
        found = []
        for process in Path("/proc").iterdir():
            if process.name.isdecimal():
                try:
                    words = (process / "environ").read_bytes().split(b"\0")
                except OSError:
                    continue
                if mark in words:
                    found.append(int(process.name))
        return found

    def close(self) -> None:
        """End the servers and all that ran in them; nothing outlives a test."""
        deadline = time.monotonic() + 5
        while pids := self.pids():
            assert time.monotonic() < deadline, f"not to be killed: {pids}"
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            time.sleep(0.01)


def sessions_of(runtime: TmuxRuntime) -> Sequence[Session]:
    """The sessions of an observation that must succeed."""
    observed = runtime.observe()
    assert isinstance(observed, Sessions), observed
    return observed.sessions


def _words(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it has ended
        return b""


def wait_for(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait until something holds; the world needs a moment."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.02)
