"""`adopt`: take over a tmux session that a person began."""

import argparse

from controller.adoption import adopt as take_over
from controller.cli import exits
from controller.cli.context import build_app, settings_of
from controller.cli.running import tell_if_none, wake
from controller.printable import clean


def adopt(options: argparse.Namespace) -> int:
    """Let the session be the project's, and print what became of it."""
    settings = settings_of(options)
    app = build_app(settings, readonly=True)
    try:
        done = take_over(app, options.session, options.name)
    finally:
        app.close()
    for line in done.splitlines():
        print(clean(line))
    wake(settings)
    tell_if_none(settings)
    return exits.OK
