"""What ties the two shims and the agent together, so that none is lost when another is killed."""

import posix

from controller.shim.stdlib import Suppress, call, signal

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


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
