"""`version`."""

import argparse

from controller import __version__
from controller.cli import exits


def version(_options: argparse.Namespace) -> int:
    """Print the version."""
    print(f"sidekick {__version__}")
    return exits.OK
