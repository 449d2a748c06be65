"""The records that a run leaves: `started.json` and `exit.json`."""

import os
import time

from controller.shim.escapes import last_lines
from controller.shim.faults import RunError, say
from controller.shim.folder import RunFolder
from controller.shim.spec import VERSION
from controller.shim.stdlib import TYPE_CHECKING, Suppress, loads, signal
from controller.shim.tree import start_ticks

if TYPE_CHECKING:
    from collections.abc import Mapping


class Ending:
    """How a run ended, as far as it is known.

    Attributes:
        cause: As `docs/run-folder.md` lists them.
        reason: CamelCase; empty where the cause and the status say it all.
        message: For a person; empty likewise.
        status: The agent's wait status, None where it never ran or nobody could collect it.
        stop: The request that ended it.
        started_at: When the agent had exec'ed, in seconds since the epoch.
        ended_at: When the agent ended.
        leftovers: How many processes outlived it and were ended.
        output: The end of what it printed.
    """

    def __init__(self, cause: str, reason: str = "", message: str = "") -> None:
        self.cause = cause
        self.reason = reason
        self.message = message
        self.status: int | None = None
        self.stop: Mapping[str, object] | None = None
        self.started_at: float | None = None
        self.ended_at = time.time()
        self.leftovers = 0
        self.output = b""

    @property
    def code(self) -> int:
        """The exit status that says the same to a shell: 128 + n for signal n."""
        if self.status is None:
            return 128 + signal.SIGTERM
        if os.WIFSIGNALED(self.status):
            return 128 + os.WTERMSIG(self.status)
        return os.WEXITSTATUS(self.status)

    def write(self, folder: RunFolder) -> bool:
        """Write `exit.json`.

        Args:
            folder: The run's folder.

        Returns:
            Whether it could be written.
        """
        reason, message = self._words()
        status, number = None, None
        if self.status is not None and os.WIFSIGNALED(self.status):
            number = os.WTERMSIG(self.status)
        elif self.status is not None:
            status = os.WEXITSTATUS(self.status)
        record = {
            "version": VERSION,
            "cause": self.cause,
            "status": status,
            "signal": number,
            "reason": self.reason or reason,
            "message": self.message or message,
            "stop": self.stop,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "leftovers": self.leftovers,
            "tail": last_lines(self.output),
        }
        return folder.write("exit.json", record)

    def _words(self) -> tuple[str, str]:
        if self.cause == "stop":
            stop = self.stop or {}
            words = [stop.get("reason"), stop.get("message")]
            reason, message = (word if isinstance(word, str) else "" for word in words)
            return reason or "Stopped", message or "The agent ended after a request to stop."
        if self.cause == "signal":
            return "SessionEnded", "The session, or its server, was ended from outside."
        if self.cause == "lost":
            return "ShimLost", (
                "One of the two processes that watch over the agent was killed; "
                "the other ended the agent. Look for the out-of-memory killer in the system's log."
            )
        if self.status is not None and os.WIFSIGNALED(self.status):
            number = os.WTERMSIG(self.status)
            return "Killed", f"The agent was ended by signal {number} ({signal.strsignal(number)})."
        return "Exited", f"The agent ended by itself with status {self.code}."


def write_started(folder: RunFolder, outer: int, agent: int, at: float) -> None:
    """Write `started.json`; called by the inner shim.

    Args:
        folder: The run's folder.
        outer: The outer shim's pid.
        agent: The agent's pid.
        at: When it had exec'ed.
    """
    folder.write(
        "started.json",
        {
            "version": VERSION,
            "pid": agent,
            "start_ticks": start_ticks(agent),
            "shim": [outer, os.getpid()],
            "at": at,
        },
    )


def read_started(folder: RunFolder) -> tuple[int, float | None]:
    """Read `started.json` again, where only its writer knew what is in it.

    Args:
        folder: The run's folder.

    Returns:
        The agent's pid, and when it had exec'ed; 0 and None where it never ran.
    """
    with Suppress(OSError, ValueError):
        started = loads(folder.read("started.json").decode())
        if isinstance(started, dict):
            return int(started["pid"]), float(started["at"])
    return 0, None


def refuse(folder: RunFolder, refusal: RunError, started_at: float | None = None) -> int:
    """Leave word, in the record and in the pane, of why the run cannot be.

    Args:
        folder: The run's folder.
        refusal: Why.
        started_at: When the agent had exec'ed, None where it never ran.

    Returns:
        The exit status that the pane's process shall have.
    """
    ending = Ending("start" if started_at is None else "lost", refusal.reason, refusal.message)
    ending.started_at = started_at
    ending.write(folder)
    say(refusal.message)
    return refusal.status
