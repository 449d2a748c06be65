"""What ties the two shims and the agent together, so that none is lost when another is killed."""

import posix
import sys

from controller.shim.stdlib import Suppress, call, signal

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_RLIMIT_LOCKS = 10
_UNLIMITED = 0xFFFF_FFFF_FFFF_FFFF


def become_subreaper() -> None:
    """Have orphans below this process become its own children."""
    with Suppress(OSError):
        call("prctl", _PR_SET_CHILD_SUBREAPER, 1)


def follow_parent(parent: int) -> bool:
    """Have SIGTERM sent to this process when its parent dies.

    Args:
        parent: The parent's pid.

    Returns:
        False where it is dead already, so that no signal will come.
    """
    with Suppress(OSError):
        call("prctl", _PR_SET_PDEATHSIG, int(signal.SIGTERM))
    return posix.getppid() == parent


def brand(number: int, pid: int = 0) -> None:
    """Give a process, and all that it begins from now on, a number that it does not lose.

    It is the soft limit of file locks, which no kernel since 2.4.25 holds anybody to. Whatever a
    process does with its environment, its session, its user or its parent, the limit is handed
    down, and anybody can read it in /proc/PID/limits.

    Args:
        number: The number; 0 for none.
        pid: The process, this one by default; another user's gets none.
    """
    if number:
        limits = b"".join(limit.to_bytes(8, sys.byteorder) for limit in (number, _UNLIMITED))
        with Suppress(OSError):
            call("prlimit", pid, _RLIMIT_LOCKS, limits, None)
