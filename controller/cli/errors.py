"""Errors of the command itself."""

from controller.core.errors import TerminalError


class NotFound(TerminalError):
    """What was asked for is not there, or not to be had so; the answer is no."""
