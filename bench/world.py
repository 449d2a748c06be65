"""A world: a folder below the temporary one in which everything that a round starts lives.

Whatever is started in it has HOME=<the folder> in its environment, and inherits it, so that at
the end everything can be found and ended, whoever started it.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import MappingProxyType

from bench import processes

SECONDS = 60.0
"""That anything in a world may take before it counts as broken."""
FOREVER = "1000000"
"""Seconds that an agent sleeps."""
LOG = "spawned.log"
"""What spawned programs print."""


class World:
    """A folder, an environment, and the duty to leave nothing behind.

    Attributes:
        root: The folder; its path is short, as sockets need.
        socket: Of the tmux server.
        bin: The first folder on the PATH; empty but while calls are counted.
        environment: For everything that is started here.
    """

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="sb"))
        self.socket = self.root / "s"
        self.bin = self.root / "bin"
        self.environment = {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "HOME": str(self.root),
            "LANG": "C.UTF-8",
        }
        self._mark = f"HOME={self.root}".encode()
        self._closing = ExitStack()
        try:
            self.bin.mkdir()
            sleep = shutil.which("sleep")
            if sleep is None:
                raise FileNotFoundError("the program sleep is not on the PATH")
            self._sleep = self.root / "sleep"
            shutil.copy(os.path.realpath(sleep), self._sleep)
        except BaseException:
            shutil.rmtree(self.root, ignore_errors=True)
            raise

    def program(self, name: str) -> Path:
        """A bare program, `sleep`, in a folder of its own, so that its start can be told."""
        path = self.root / "agents" / name / "sleep"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.hardlink_to(self._sleep)
        return path

    def on_close(self, callback: Callable[[], object]) -> None:
        """Have something done at the end, last things first."""
        self._closing.callback(callback)

    def tmux(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """One raw call of tmux on this world's socket."""
        return subprocess.run(
            ("tmux", "-u", "-S", str(self.socket), *arguments),
            env=self.environment, capture_output=True, timeout=SECONDS, check=False,
        )  # fmt: skip

    def boot_tmux(self) -> None:
        """Start an empty tmux server with nobody's configuration."""
        with_nothing = ("-f", os.devnull, "start-server", ";", "set-option", "-s", "exit-empty")
        self.tmux(*with_nothing, "off").check_returncode()

    def spawn(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str] = MappingProxyType({}),
        pipes: bool = False,
    ) -> "subprocess.Popen[bytes]":
        """Start a program in this world, away from the terminal's Ctrl-C; ended at the end.

        Args:
            argv: Program and arguments.
            environment: Variables on top of the world's own.
            pipes: Whether its standard input and output are pipes to us.
        """
        with (self.root / LOG).open("ab") as log:
            process = subprocess.Popen(
                argv, cwd=self.root, env={**self.environment, **environment},
                stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
                stdout=subprocess.PIPE if pipes else log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.on_close(lambda: _end(process))
        return process

    def said(self) -> str:
        """The last line that spawned programs printed."""
        try:
            lines = (self.root / LOG).read_text(encoding="utf-8").splitlines()
        except OSError:
            return ""
        return lines[-1] if lines else ""

    def processes(self) -> frozenset[int]:
        """Everything that lives here."""
        return processes.marked(self._mark)

    def trees(self) -> frozenset[int]:
        """Everything but tmux's server."""
        return frozenset(
            pid for pid in self.processes() if not processes.name_of(pid).startswith("tmux")
        )

    def close(self) -> None:
        """End everything and clear it away; Ctrl-C does not cut it short."""
        with undisturbed():
            try:
                self._closing.close()
            finally:
                if self.socket.exists():
                    self.tmux("kill-server")
                self._end_all()
                shutil.rmtree(self.root, ignore_errors=True)

    def _end_all(self) -> None:
        """Agents get their time to end by themselves; whoever outlasts it is ended."""
        deadline = time.monotonic() + 5
        left = self.processes()
        while left and time.monotonic() < deadline:
            ends = processes.Ends(left)
            ends.wait(deadline - time.monotonic())
            ends.close()
            left = self.processes()
        if left:
            processes.end(left, 10)
            with suppress(OSError):  # whoever read this may be gone
                sys.stderr.write(f"bench: ended by force: {sorted(left)}\n")

    def __enter__(self) -> "World":
        """Use it."""
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Leave nothing behind; a failure is given the last word of what was spawned here."""
        if error is not None and self.said():
            error.add_note(f"last printed: {self.said()}")
        self.close()


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let signals that ask for the end wait until what must be done whole is done.

    Raises:
        KeyboardInterrupt: At the end, when one came.
    """
    came: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {
        number: signal.signal(number, lambda number, _: came.append(number)) for number in numbers
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt


def wait_for(what: str, look: Callable[[], object], seconds: float = SECONDS) -> None:
    """Wait until a look gives something true; never within a measurement.

    Raises:
        TimeoutError: It did not.
    """
    deadline = time.monotonic() + seconds
    while not look():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(0.02)


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=5)
