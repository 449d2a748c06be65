"""The controller as it is, in a process that says when it has come to rest.

Its parts are those that `controller.assembly` puts together, under its own loop. Only the clock is
another: where all that is left to do is to wait, the time goes by at once.
"""

import logging
import mmap
import os
import signal
import struct
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from controller import layout
from controller.app import App
from controller.assembly import build
from controller.core.observed import Observed
from controller.log.lines import json_lines
from controller.log.setup import log_to
from controller.runs import roll
from controller.settings import load_settings
from controller.tick import Tick
from tests.e2e.lab import Lab

LOG = "pilot.log"
STARTS = "starts"
"""Where the agents of the scenarios note that they began, in their project's folder."""
QUIET_TICKS = 3
"""So many ticks must have had nothing to do."""
SECONDS = 20.0
"""After which one that does not come to rest ends itself."""
HUNG = 86_400.0
"""Seconds until a silent agent counts as hung: no wait that a controller at rest is left with."""
_JUMPS = 30
_OFFSET = struct.Struct("d")
_SAID = 64


class Board:
    """What the processes of one experiment share: the clock, and who is about to be started."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 4096)

    @property
    def ahead(self) -> float:
        """Seconds that the clock is ahead of the real one."""
        return float(_OFFSET.unpack_from(self._memory, 0)[0])

    @ahead.setter
    def ahead(self, seconds: float) -> None:
        _OFFSET.pack_into(self._memory, 0, seconds)

    @property
    def starts(self) -> str:
        """The command line of the program that is started now or was started last."""
        return self._memory[_SAID:].split(b"\0", 1)[0].decode()

    @starts.setter
    def starts(self, words: str) -> None:
        text = words.encode()[:1000] + b"\0"
        self._memory[_SAID : _SAID + len(text)] = text

    @property
    def ticks(self) -> int:
        """How many ticks there were."""
        return int.from_bytes(self._memory[8:16], "little")

    def tick(self) -> None:
        """One more."""
        self._memory[8:16] = (self.ticks + 1).to_bytes(8, "little")

    def now(self) -> datetime:
        """The time."""
        return layout.clock() + timedelta(seconds=self.ahead)


def parts(lab: Lab, board: Board, *, readonly: bool = False) -> App:
    """The parts of a controller, or of a command, on the board's clock."""
    sys.addaudithook(lambda event, told: _note(board, event, told))
    roll.SWEEP_SECONDS = 0.0  # what is done seldom is done always
    os.chdir(lab.root)
    handler = logging.FileHandler(lab.root / LOG)
    handler.setFormatter(json_lines())
    log_to(handler)
    settings = load_settings(lab.root / "config.yaml", lab.environment)
    return build(settings, lab.environment, readonly=readonly, clock=board.now)


def warm_up() -> None:
    """Import all that the parts import when they are first used, once for all processes."""
    lab = Lab()
    try:
        lab.settle_in()
        settings = load_settings(lab.root / "config.yaml", lab.environment)
        app = build(settings, lab.environment, readonly=True)
        app.reconciler.tick()
        app.close()
    finally:
        lab.close()


def fly(lab: Lab, board: Board, played: Callable[[Lab], bool]) -> None:
    """Run the controller; it stops itself (SIGSTOP) whenever it is at rest.

    Args:
        lab: Where it runs.
        board: What it shares with who watches it.
        played: Whether the agents have done what is to be waited for.
    """
    app = parts(lab, board)
    app.lock()
    pilot = _Pilot(lab, board, app, played)
    app.loop(pilot.after).run()


class _Pilot:
    def __init__(self, lab: Lab, board: Board, app: App, played: Callable[[Lab], bool]) -> None:
        self._lab = lab
        self._played = played
        self._board = board
        self._wakes = app.wakes
        self._begin()

    def _begin(self) -> None:
        self._quiet = self._jumps = 0
        self._deadline = time.monotonic() + SECONDS

    def after(self, tick: Tick) -> None:
        """Told of every tick: rest, let the time go by, or go on."""
        self._board.tick()
        if time.monotonic() > self._deadline or self._jumps > _JUMPS:
            _say(self._lab, f"it does not come to rest: {tick.plan and tick.plan.changes}")
            os._exit(71)
        if tick.errors or tick.plan is None or tick.observed is None or _in_flight(tick.observed):
            self._quiet = 0
            return
        due = tick.plan.requeue_at
        wait = (due - self._board.now()).total_seconds() if due else HUNG
        if tick.rested and wait < HUNG / 2:
            wait_for_clients(self._lab.socket)
            self._board.ahead += max(0.0, wait) + 0.01
            self._jumps += 1
            self._quiet = 0
        self._quiet = self._quiet + 1 if tick.rested and self._played(self._lab) else 0
        if self._quiet == QUIET_TICKS:
            os.kill(os.getpid(), signal.SIGSTOP)
            self._begin()
        self._wakes.wake()


def _in_flight(observed: Observed) -> bool:
    """Whether a session is about to say something by itself, or to end after its last word."""
    return any(
        session.alive and (run.result or run.stop or run.started_at is None)
        for run_id, session in observed.sessions.items()
        if (run := observed.runs.get(run_id))
    )


def wait_for_clients(socket: Path) -> None:
    """Let what a killed controller asked of tmux arrive before the time goes by."""
    deadline = time.monotonic() + SECONDS
    while _clients(socket) and time.monotonic() < deadline:
        time.sleep(0.005)


def _clients(socket: Path) -> list[int]:
    mark = os.fsencode(socket)
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            try:
                if Path(entry.path, "comm").read_bytes() != b"tmux: client\n":
                    continue
                if mark in Path(entry.path, "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def _note(board: Board, event: str, told: tuple[object, ...]) -> None:
    if event == "subprocess.Popen" and isinstance(told[1], tuple | list):
        board.starts = " ".join(str(word) for word in told[1])


def _say(lab: Lab, text: str) -> None:
    with (lab.root / LOG).open("a", encoding="utf-8") as file:
        file.write(f"{text}\n")
