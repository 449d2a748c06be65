"""The fence: what the terminal was given is in the log before the run's end is told.

tmux loses what it has not read yet when the pane's process ends (1 in 100 of quick agents on a busy
machine), and what it has read takes its way through a pipe and another process to the log.
"""

import posix
import time

from controller.shim.stdlib import Suppress

FENCE = b"\x1b[0;0;0m"
"""Colours set back, in a way that nobody else writes it: no terminal shows anything of it."""

PATIENCE = 3.0
"""Seconds to wait where nobody copies, or the copier is stuck; it takes 3 ms otherwise."""

_PAUSE = 0.001
_END = 4096  # bytes in which the fence is looked for: what somebody types then comes after it


def settle(log: int) -> None:
    """Wait until the log has all that the terminal was given.

    Args:
        log: The log, to which somebody copies what standard output, a terminal, is given.
    """
    if log < 0 or not posix.isatty(1):
        return
    with Suppress(OSError):  # the terminal or the disk is gone
        flags = posix.O_WRONLY | posix.O_NONBLOCK | posix.O_NOCTTY | posix.O_CLOEXEC
        terminal = posix.open("/proc/self/fd/1", flags)
        try:
            _wait(terminal, log)
        finally:
            posix.close(terminal)


def _wait(terminal: int, log: int) -> None:
    end = time.monotonic() + PATIENCE
    rest, pause = FENCE, _PAUSE
    while time.monotonic() < end:
        with Suppress(BlockingIOError):
            rest = rest[posix.write(terminal, rest) :] if rest else rest
        size = posix.fstat(log).st_size
        start = max(0, size - _END)
        last = posix.pread(log, size - start, start)
        if not rest and FENCE in last:
            if last.endswith(FENCE):
                posix.ftruncate(log, size - len(FENCE))
            return
        time.sleep(pause)
        pause = min(2 * pause, 20 * _PAUSE)
