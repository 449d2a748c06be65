"""`get`: the projects, in the form that is asked for."""

import argparse

from controller.cli import exits, quick


def get(options: argparse.Namespace) -> int:
    """Print the projects; with --watch again whenever they change."""
    if not quick.get(options):
        from controller.cli.watch import watch  # imports all that a quick look does without

        watch(options)
    return exits.OK
