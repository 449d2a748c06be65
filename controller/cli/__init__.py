"""The command line: the only place that prints."""

from controller.cli.main import main

__all__ = ["main"]
