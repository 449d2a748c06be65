"""Exits: how a session's shim says that its agent ended."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.core.observed import StopRequest


class Cause(StrEnum):
    """What ended a run; see docs/run-folder.md."""

    EXIT = "exit"
    STOP = "stop"
    SIGNAL = "signal"
    START = "start"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Exit:
    """The shim's record of an end.

    Attributes:
        cause: What ended it.
        ended_at: When.
        status: The agent's exit status, or None.
        signal: The signal that killed it, or None.
        reason: CamelCase, where the shim has one.
        message: For a person, where the shim has one.
        stop: The request that it followed, or None.
        started_at: When the agent had exec'ed, or None.
        leftovers: Processes that outlived the agent and were ended.
        tail: The last lines it printed.
    """

    cause: Cause
    ended_at: datetime
    status: int | None = None
    signal: int | None = None
    reason: str = ""
    message: str = ""
    stop: StopRequest | None = None
    started_at: datetime | None = None
    leftovers: int = 0
    tail: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """How long the agent ran; 0 where it never did."""
        if self.started_at is None:
            return 0.0
        return max(0.0, (self.ended_at - self.started_at).total_seconds())
