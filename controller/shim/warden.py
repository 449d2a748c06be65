"""Watches over an adopted process until it and, as far as it can be found, its tree has ended."""

import posix
import time

from controller.redaction import Redactor, secret_values
from controller.shim import log
from controller.shim.clan import Clan
from controller.shim.folder import RunFolder
from controller.shim.notices import are_certain, notice_files
from controller.shim.output import Output
from controller.shim.proc import read
from controller.shim.process import Process
from controller.shim.record import Ending
from controller.shim.spec import Spec
from controller.shim.stdlib import Suppress, signal
from controller.shim.stops import Stop, find_stop
from controller.shim.supervise import REST, TICK
from controller.shim.tree import PATIENCE, SETTLE
from controller.shim.wakes import Wakes

ROUND = 10.0
"""Seconds between two looks at the tree, which takes 0.3 ms. Where no brand can be given, what is
begun and then orphaned within one, outside of the session, is not found later."""

_GLANCE = 0.05
"""Seconds between two looks at a tree that is ending; no signal tells of it."""

_MESSAGE = "The process ended by itself; the exit status of an adopted process is not known."


class Warden:
    """Watches; SIGTERM and SIGHUP to it do nothing, for its end would leave the process alone.

    Args:
        folder: The run's folder.
        spec: Says how long the grace is and how large the log may grow.
        head: The process.
    """

    def __init__(self, folder: RunFolder, spec: Spec, head: Process) -> None:
        self._folder = folder
        self._spec = spec
        self._head = head
        self._clan = Clan(head, spec.brand)
        self._clan.mark()
        self._wakes = Wakes()
        redactor = Redactor(secret_values(_environment(head.pid)))
        self._output = Output(folder, spec, log.create(folder), redactor)
        self._noticed = notice_files(folder.fd) and are_certain(folder.fd)
        self._next_look = 0.0
        self._fd: int | None = None
        with Suppress(ProcessLookupError):
            self._fd = head.open()
        if self._fd is not None:
            self._wakes.watch(self._fd)

    def run(self) -> Ending:
        """Return once the process has ended, and all that can be found of its tree.

        Returns:
            How it ended, as far as that is known.
        """
        stop = self._watch()
        if stop is not None:
            grace = self._spec.grace if stop.grace is None else stop.grace
            self._ask(time.monotonic() + grace)
        ending = Ending("stop") if stop else Ending("exit", "Exited", _MESSAGE)
        ending.leftovers = self._sweep()
        ending.stop = stop.content if stop else None
        ending.output = self._output.end()
        return ending

    def _watch(self) -> Stop | None:
        """Wait for the process's end, or for the request to end it, which is returned."""
        next_round = time.monotonic() + ROUND
        while self._head.alive:
            stop = find_stop(self._folder)
            if stop is not None:
                return stop
            now = time.monotonic()
            if now >= next_round:
                self._clan.look()
                next_round = now + ROUND
            self._pause(next_round - now if self._fd is not None else min(TICK, next_round - now))
        return None

    def _ask(self, kill_at: float) -> None:
        """Ask the tree to end, and wait until the head has or the grace is over."""
        self._clan.ask()
        hung_up = False
        while self._head.alive and time.monotonic() < kill_at:
            alone = self._clan.look() == [self._head]
            if alone and not hung_up and _ignores_term(self._head.pid):
                # A shell at a terminal, most likely: it ends as when its terminal is closed.
                hung_up = True
                self._head.send(signal.SIGHUP)
            self._pause(_GLANCE)

    def _sweep(self) -> int:
        """End what is left; returns how many processes that were, without the head."""
        met: set[int] = set()
        if not self._head.alive:
            self._pause_for_all(SETTLE)
            met |= self._left()
            if met:
                self._clan.ask()
                self._pause_for_all(PATIENCE)
        pause = SETTLE
        while left := self._left():
            met |= left
            self._clan.kill()
            self._pause(pause)
            pause = min(2 * pause, TICK)
        return len(met - {self._head.pid})

    def _left(self) -> set[int]:
        return {member.pid for member in self._clan.look(everywhere=True)}

    def _pause_for_all(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while self._left() and time.monotonic() < end:
            self._pause(min(seconds, _GLANCE))

    def _pause(self, seconds: float) -> None:
        """Sleep until something happens, and keep the log within its bound."""
        if self._fd is not None and not self._head.alive:
            self._wakes.unwatch(self._fd)
        now = time.monotonic()
        if now >= self._next_look:
            rests = self._output.tick() and self._noticed
            self._next_look = now + (REST if rests else TICK)
        elif self._wakes.stirred:
            self._next_look = min(self._next_look, now + TICK)
        self._wakes.stirred = False
        self._wakes.wait(min(seconds, self._next_look - now))


def _environment(pid: int) -> dict[bytes, bytes]:
    """What a process was begun with; nothing where it may not be looked into."""
    text = b""
    with Suppress(OSError):
        fd = posix.open(f"/proc/{pid}/environ", posix.O_RDONLY | posix.O_CLOEXEC)
        try:
            while part := posix.read(fd, 1 << 20):
                text += part
        finally:
            posix.close(fd)
    parts = (line.partition(b"=") for line in text.split(b"\0"))
    return {name: value for name, _, value in parts}


def _ignores_term(pid: int) -> bool:
    words = read(f"/proc/{pid}/status").partition("SigIgn:")[2].split()
    return bool(words) and bool(int(words[0], 16) & 1 << (signal.SIGTERM - 1))
