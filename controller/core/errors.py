"""The tree of errors that the controller knows how to live with.

    SidekickError
    ├── TransientError   the surroundings fail: back off, look again
    └── TerminalError    somebody's word is wrong: show it, wait for a change
        └── NotFound     what was asked for is not there, or not to be had so: the answer is no

Every family of plug-ins derives its own errors from one of the two. What is neither is a
defect, and is caught, logged and counted at the boundary of one tick.
"""


class SidekickError(Exception):
    """An error that a person may read.

    Attributes:
        reason: A CamelCase word for machines, the same in the list, the command and the metrics.
        message: What happened, where, and what to do next, in one or two sentences.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class TransientError(SidekickError):
    """The surroundings fail; the same call may work later."""


class TerminalError(SidekickError):
    """Somebody's word is wrong; only a change of that word mends it."""


class NotFound(TerminalError):
    """What was asked for is not there, or not to be had so; the answer is no."""
