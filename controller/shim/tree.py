"""The tree of processes below the shim, and its end.

Both shims are subreapers: whatever a descendant does (double fork, setsid, ignoring signals), it
stays below them, and ECHILD from waitpid(2) proves that nothing is left.
"""

# ruff: noqa: PTH110, PTH208 - pathlib costs 6 ms

import os
import time

from controller.shim.stdlib import TYPE_CHECKING, Suppress, prctl, signal
from controller.shim.wakes import Wakes

if TYPE_CHECKING:
    _Table = dict[int, list[int]] | None

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

PATIENCE = 0.5
"""Seconds that what outlived the agent has between TERM and KILL; it was asked for nothing, and
a helper that flushes its files needs milliseconds."""

_SETTLE = 0.02
"""Seconds for what is ending already (the rest of a pipeline, the group that the same TERM met), so
that only what would have stayed counts as left over."""

_FIRST_ROUND, _LAST_ROUND = 0.01, 1.0
"""Seconds between two rounds of KILL: most trees are gone after the first, but what hangs in the
kernel (a dead network disk) must not be asked a hundred times a second."""


def become_subreaper() -> None:
    """Have orphans below this process become its own children."""
    with Suppress(OSError):
        prctl(_PR_SET_CHILD_SUBREAPER, 1)


def follow_parent(parent: int) -> bool:
    """Have SIGTERM sent to this process when its parent dies.

    Args:
        parent: The parent's pid.

    Returns:
        False where it is dead already, so that no signal will come.
    """
    with Suppress(OSError):
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
    return os.getppid() == parent


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
            pid, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED)
        except ChildProcessError:
            return False, stopped
        if pid == 0:
            return True, stopped
        if os.WIFSTOPPED(status):
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
        self._next = time.monotonic() + (_SETTLE if patience > 0 else 0)

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
                self._send(signal.SIGKILL)
                self._next = now + self._round
                self._round = min(self._round * 2, _LAST_ROUND)
        return self._next - now

    def finish(self, wakes: Wakes, statuses: dict[int, int]) -> None:
        """Press until nothing is left.

        Args:
            wakes: Wakes the wait when a child ends.
            statuses: Gets pid → wait status of what ended.
        """
        while reap(statuses)[0]:
            wakes.wait(self.press())

    def _send(self, number: int) -> None:
        self.met |= signal_below(number) - {self._spared}


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
    me = os.getpid()
    table = None if os.path.exists(f"/proc/{me}/task/{me}/children") else _table()
    return _signal_all(_children(me, table), me, None, number, table)


def _signal_all(
    pids: list[int], parent: int, parent_fd: int | None, number: int, table: "_Table"
) -> set[int]:
    met = set()
    for pid in pids:
        fd = None
        with Suppress(OSError, AttributeError):  # Linux < 5.3, a sandbox, another C library
            fd = os.pidfd_open(pid)
        fields = state(pid).split(None, 2)
        if len(fields) > 1 and fields[0] not in "ZX" and _is_ours(fields[1], parent, parent_fd):
            met.add(pid)
            below = _children(pid, table)
            with Suppress(OSError):
                if fd is None:
                    os.kill(pid, number)
                else:
                    signal.pidfd_send_signal(fd, number)
            if fd is not None:
                met |= _signal_all(below, pid, fd, number, table)
        if fd is not None:
            os.close(fd)
    return met


def _is_ours(parent_now: str, parent: int, parent_fd: int | None) -> bool:
    """Tell whether a process is below us, given its present parent and the one it was found by."""
    if int(parent_now) == os.getpid():
        return True
    if parent_fd is None or int(parent_now) != parent:
        return False
    try:
        signal.pidfd_send_signal(parent_fd, 0)
    except OSError:
        return False
    return True


def state(pid: int) -> str:
    """Read a process's line of /proc from its state on.

    Args:
        pid: The process.

    Returns:
        The third and all later fields of /proc/PID/stat, empty where it is gone.
    """
    # The second field is the program's name, which may hold spaces and parentheses itself.
    return _read(f"/proc/{pid}/stat").rpartition(") ")[2]


def start_ticks(pid: int) -> int:
    """Tell when a process started, which together with its pid names it for ever.

    Args:
        pid: The process.

    Returns:
        Field 22 of /proc/PID/stat: clock ticks since boot; 0 where it is gone.
    """
    fields = state(pid).split()
    return int(fields[19]) if len(fields) > 19 else 0


def _children(pid: int, table: "_Table") -> list[int]:
    if table is not None:
        return table.get(pid, [])
    pids: list[int] = []
    with Suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            pids += map(int, _read(f"/proc/{pid}/task/{task}/children").split())
    return pids


def _table() -> dict[int, list[int]]:
    """Read all of /proc, for kernels without CONFIG_PROC_CHILDREN; else 20 times too dear."""
    table: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = state(int(name)).split(None, 2)
            if len(fields) > 1:
                table.setdefault(int(fields[1]), []).append(int(name))
    return table


def _read(path: str) -> str:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        parts = []
        while part := os.read(fd, 65536):
            parts.append(part)
        return b"".join(parts).decode("utf-8", "replace")
    except OSError:
        return ""
    finally:
        os.close(fd)
