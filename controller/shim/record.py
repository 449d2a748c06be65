"""The record of a run's end: `exit.json`."""

import posix
import time

from controller.shim.escapes import last_lines
from controller.shim.faults import RunError, say
from controller.shim.folder import RunFolder
from controller.shim.spec import VERSION
from controller.shim.stdlib import TYPE_CHECKING, signal

if TYPE_CHECKING:
    from collections.abc import Mapping


RESERVE = ".reserve"
"""A file that takes room on the disk since before the start, for the record of the end."""


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
        if posix.WIFSIGNALED(self.status):
            return 128 + posix.WTERMSIG(self.status)
        return posix.WEXITSTATUS(self.status)

    def write(self, folder: RunFolder) -> bool:
        """Write `exit.json`.

        Args:
            folder: The run's folder.

        Returns:
            Whether it could be written.
        """
        reason, message = self._words()
        status, number = None, None
        if self.status is not None and posix.WIFSIGNALED(self.status):
            number = posix.WTERMSIG(self.status)
        elif self.status is not None:
            status = posix.WEXITSTATUS(self.status)
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
        if folder.write("exit.json", record, sync=True):
            folder.remove(RESERVE)
            return True
        if folder.spend(RESERVE, "exit.json", record):
            return True
        return folder.spend(RESERVE, "exit.json", {**record, "tail": []})

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
        if self.status is not None and posix.WIFSIGNALED(self.status):
            number = posix.WTERMSIG(self.status)
            return "Killed", f"The agent was ended by signal {number} ({signal.strsignal(number)})."
        return "Exited", f"The agent ended by itself with status {self.code}."


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
