"""Calls to tmux, told to whoever counts them."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from controller.runtimes.base import RuntimeFault

COMMANDS = (
    *("list-panes", "new-session", "kill-pane", "capture-pane", "start-server"),
    *("paste-buffer", "send-keys"),
)
"""What a call is for, by the tmux command that does it; one call holds many of them."""
RESULTS = ("success", "no_server", "timeout", "error")
"""How a call ends. `no_server` is an answer: nothing runs; all that is left over is an error."""

OnCall = Callable[[str, str, float], None]
"""Told of each call: its command, its result, and how many seconds it took."""

_BY_REASON = {"NoServer": "no_server", "ServerExited": "no_server", "TmuxTimeout": "timeout"}


@contextmanager
def told(on_call: OnCall, command: str) -> Iterator[None]:
    """Tell of the call that is made meanwhile."""
    began = time.perf_counter()
    result = "error"
    try:
        yield
        result = "success"
    except RuntimeFault as fault:
        result = _BY_REASON.get(fault.reason, "error")
        raise
    finally:
        on_call(command, result, time.perf_counter() - began)
