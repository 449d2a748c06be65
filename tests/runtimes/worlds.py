"""What surrounds a runtime in the contract suite: one world for each implementation."""

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from controller.core.observed import Session, Sessions, Unknown
from controller.runtimes.base import Runtime, RuntimeFault, StartRequest
from controller.runtimes.memory import MemoryRuntime
from controller.runtimes.tmux_mark import MARK
from tests.runtimes.lab import Lab, sessions_of, wait_for


class World(Protocol):
    """A runtime, and what may happen around it."""

    @property
    def runtime(self) -> Runtime:
        """The runtime under test."""
        ...

    def request(self, name: str, run: str = "") -> StartRequest:
        """A request for a run that stays until it is ended."""
        ...

    def reader(self, name: str) -> StartRequest:
        """A request for a run that reads lines."""
        ...

    def read(self, run: str) -> list[str]:
        """The lines that it read, once they are all there."""
        ...

    def end(self, run: str) -> None:
        """Let the run's process end."""
        ...

    def write(self, run: str, text: str) -> None:
        """Let the run's process print."""
        ...

    def lose_server(self) -> None:
        """Kill the server with all its sessions."""
        ...

    def stall(self) -> None:
        """Let the server not answer."""
        ...

    def resume(self) -> None:
        """Let it answer again."""
        ...

    def add_foreign(self, name: str, owner: str) -> None:
        """Start another's session, or with an owner another controller's."""
        ...

    def split(self, name: str) -> None:
        """Open a second pane in a session."""
        ...

    def kill_session(self, name: str) -> None:
        """End a session as a person does."""
        ...

    def lose_mark(self, name: str) -> None:
        """Take the mark off a session."""
        ...


class MemoryWorld:
    """The world of the in-memory runtime, which has all faults built in."""

    def __init__(self) -> None:
        self.runtime = MemoryRuntime()
        self.end = self.runtime.end
        self.lose_server = self.runtime.lose_server
        self.split = self.runtime.split
        self.kill_session = self.runtime.kill_session
        self.lose_mark = self.runtime.lose_mark

    def request(self, name: str, run: str = "") -> StartRequest:
        """A request; the folder need not exist."""
        return StartRequest(run or f"run-{name}", name, Path("/runs") / (run or name))

    def reader(self, name: str) -> StartRequest:
        """Everything that is typed counts as read."""
        return self.request(name)

    def read(self, run: str) -> list[str]:
        """The lines that were typed to it."""
        said = [("".join(keys), text) for to, keys, text in self.runtime.told if to == run]
        whole = "".join(f"{keys.replace('Enter', chr(10))}{text}\n" for keys, text in said)
        return [line for line in whole.split("\n") if line]

    def write(self, run: str, text: str) -> None:
        """Let the run's process print."""
        self.runtime.write(run, text)

    def stall(self) -> None:
        """Let the server not answer."""
        self.runtime.unknown = Unknown("TmuxTimeout", "The server did not answer.")
        for method in ("start", "unmarked", "adopt"):
            self.runtime.fail_next(
                method, RuntimeFault("TmuxTimeout", "The server did not answer.")
            )

    def resume(self) -> None:
        """Let it answer again."""
        self.runtime.unknown = None

    def add_foreign(self, name: str, owner: str) -> None:
        """Start another's session."""
        self.runtime.add_foreign(name, owner=owner, run=f"run-{name}" if owner else "")


class TmuxWorld:
    """The world of the tmux runtime: a real server, real processes and signals."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.runtime = lab.runtime(deadline=1.0)
        self.request = lab.request

    def reader(self, name: str) -> StartRequest:
        """A shell that writes each line that it reads into a file."""
        script = 'while IFS= read -r line; do printf "%s\\n" "$line" >>"$1/read"; done'
        return self.lab.request(name, script=script)

    def read(self, run: str) -> list[str]:
        """The lines, once nothing more comes."""
        file = self.lab.folder / "runs" / run / "read"
        found: list[str] = []
        for _ in range(100):
            time.sleep(0.05)
            before, found = found, file.read_text().splitlines() if file.exists() else []
            if found and found == before:
                break
        return found

    def end(self, run: str) -> None:
        """Let the run's process end."""
        os.kill(self._session(run).pid, signal.SIGKILL)
        wait_for(lambda: not self._session(run).alive)

    def write(self, run: str, text: str) -> None:
        """Let the run's terminal show a text."""
        session = self._session(run)
        Path(f"/proc/{session.pid}/fd/1").readlink().write_text(text)
        last = text.split("\n")[-2]
        wait_for(lambda: last in self.runtime.screen(session, 5))

    def lose_server(self) -> None:
        """Kill the server with all its sessions."""
        os.kill(self.lab.server_pid(), signal.SIGKILL)
        wait_for(lambda: not self.lab.pids())

    def stall(self) -> None:
        """Stop the server's process."""
        os.kill(self.lab.server_pid(), signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        os.kill(self.lab.server_pid(), signal.SIGCONT)

    def add_foreign(self, name: str, owner: str) -> None:
        """Start another's session."""
        if owner:
            assert self.lab.runtime(owner=owner).start([self.request(name)]) == {}
        else:
            self.lab.begin(name, "sleep", "600")

    def split(self, name: str) -> None:
        """Open a second pane."""
        self.lab.tmux("split-window", "-d", "-t", f"={name}:", "sleep 600")

    def kill_session(self, name: str) -> None:
        """End a session, its process included."""
        self.lab.tmux("kill-session", "-t", f"={name}")

    def lose_mark(self, name: str) -> None:
        """Take the mark off a session's pane."""
        self.lab.tmux("set-option", "-pu", "-t", f"={name}:", MARK)

    def _session(self, run: str) -> Session:
        return next(s for s in sessions_of(self.runtime) if s.run == run)


def seen(world: World) -> Sequence[Session]:
    """The sessions of an observation that must succeed."""
    observed = world.runtime.observe()
    assert isinstance(observed, Sessions), observed
    return observed.sessions


def runs(world: World) -> set[str]:
    """The runs that have a session."""
    return {session.run for session in seen(world)}
