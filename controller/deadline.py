"""A deadline for what only computes: a rule of the user's that would go on for ever.

Calls have time limits of their own. A regular expression has none, and holds up every thread
meanwhile; but Python looks for signals within it.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Let the block compute for so long at most.

    Counted is the process's own time on processors, so that a busy machine takes nothing away. In
    another thread than the main one, which alone is told of signals, there is no limit.

    Args:
        seconds: Time on a processor.

    Raises:
        TimeoutError: It was over before the block was done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGVTALRM, _expire)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _expire(_number: int, _frame: FrameType | None) -> None:
    raise TimeoutError
