"""`status`: the controller's health, whose exit code is a health check."""

import argparse

from controller.cli import exits, quick


def status(options: argparse.Namespace) -> int:
    """0 where the loop makes progress, 1 where it does not or none runs; with --quiet no words."""
    if options.quiet and not options.config:
        healthy = quick.is_healthy()
        if healthy is not None:
            return exits.OK if healthy else exits.NO
    from controller.cli.overview import overview  # imports all that a quick look does without

    return overview(options)
