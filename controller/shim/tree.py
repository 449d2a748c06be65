"""The tree of processes below the shim, and its end.

Both shims are subreapers: whatever a descendant does (double fork, setsid, ignoring signals), it
stays below them, and ECHILD from waitpid(2) proves that nothing is left.
"""

import posix
import time

from controller.shim.proc import children, state, table_at_need
from controller.shim.stdlib import TYPE_CHECKING, Suppress, signal
from controller.shim.wakes import Wakes

if TYPE_CHECKING:
    from controller.shim.proc import Table

PATIENCE = 0.5
"""Seconds that what outlived the agent has between TERM and KILL; it was asked for nothing, and
a helper that flushes its files needs milliseconds."""

SETTLE = 0.02
"""Seconds for what is ending already (the rest of a pipeline, the group that the same TERM met), so
that only what would have stayed counts as left over."""

_FIRST_ROUND, _LAST_ROUND = 0.01, 1.0
"""Seconds between two rounds of KILL: most trees are gone after the first, but what hangs in the
kernel (a dead network disk) must not be asked a hundred times a second."""


def reap(statuses: dict[int, int]) -> tuple[bool, list[int]]:
    """Collect every child that ended.

    Args:
        statuses: Gets pid → wait status of each.

    Returns:
        Whether any child is left, and the children that were stopped by a signal.
    """
    stopped: list[int] = []
    while True:
        try:
            pid, status = posix.waitpid(-1, posix.WNOHANG | posix.WUNTRACED)
        except ChildProcessError:
            return False, stopped
        if pid == 0:
            return True, stopped
        if posix.WIFSTOPPED(status):
            stopped.append(pid)
        else:
            statuses[pid] = status


class Sweep:
    """Ends everything below this process: TERM, patience, KILL until nothing is left.

    Args:
        patience: Seconds between TERM and KILL; 0 kills at once.
        spared: A pid that `met` leaves out.

    Attributes:
        met: The processes that had to be ended.
    """

    def __init__(self, patience: float, spared: int = 0) -> None:
        self.met: set[int] = set()
        self._patience = patience
        self._spared = spared
        self._round = _FIRST_ROUND
        self._next = time.monotonic() + (SETTLE if patience > 0 else 0)

    def press(self) -> float:
        """Do what is due.

        Returns:
            Seconds until it wants to be called again.
        """
        now = time.monotonic()
        if now >= self._next:
            if self._patience > 0:
                self._send(signal.SIGTERM)
                self._send(signal.SIGCONT)
                self._next = now + self._patience
                self._patience = 0
            else:
                # Where somebody new was met, the tree grows still: it is not let get ahead.
                grows = self._send(signal.SIGKILL)
                self._round = _FIRST_ROUND if grows else min(self._round * 2, _LAST_ROUND)
                self._next = now + self._round
        return self._next - now

    def finish(self, wakes: Wakes, statuses: dict[int, int]) -> None:
        """Press until nothing is left.

        Args:
            wakes: Wakes the wait when a child ends.
            statuses: Gets pid → wait status of what ended.
        """
        while reap(statuses)[0]:
            wakes.wait(self.press())

    def _send(self, number: int) -> bool:
        """Signal all; returns whether any was not met before."""
        new = signal_below(number) - {self._spared} - self.met
        self.met |= new
        return bool(new)


def signal_below(number: int) -> set[int]:
    """Signal every process below this one, parents first; what forks meanwhile may be missed.

    A pid may be given to a stranger between a look at it and the signal. A child of ours keeps its
    pid until we collect it; a deeper descendant is held by a pidfd, and is ours only while its
    parent is.

    Args:
        number: The signal.

    Returns:
        The pids of the processes that were alive.
    """
    me = posix.getpid()
    table = table_at_need(me)
    return _signal_all(children(me, table), me, None, number, table)


def _signal_all(
    pids: list[int], parent: int, parent_fd: int | None, number: int, table: "Table"
) -> set[int]:
    met = set()
    for pid in pids:
        fd = None
        with Suppress(OSError, AttributeError):  # Linux < 5.3, a sandbox, another C library
            fd = posix.pidfd_open(pid)
        fields = state(pid).split(None, 2)
        if len(fields) > 1 and fields[0] not in "ZX" and _is_ours(fields[1], parent, parent_fd):
            met.add(pid)
            below = children(pid, table)
            with Suppress(OSError):
                if fd is None:
                    posix.kill(pid, number)
                else:
                    signal.pidfd_send_signal(fd, number)
            if fd is not None:
                met |= _signal_all(below, pid, fd, number, table)
        if fd is not None:
            posix.close(fd)
    return met


def _is_ours(parent_now: str, parent: int, parent_fd: int | None) -> bool:
    """Tell whether a process is below us, given its present parent and the one it was found by."""
    if int(parent_now) == posix.getpid():
        return True
    if parent_fd is None or int(parent_now) != parent:
        return False
    try:
        signal.pidfd_send_signal(parent_fd, 0)
    except OSError:
        return False
    return True
