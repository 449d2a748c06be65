"""From words to deeds: parse, do, and turn every error into one clear message."""

import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from controller.cli import exits
from controller.cli.columns import clean
from controller.cli.errors import NotFound
from controller.cli.parser import build_parser
from controller.core.errors import SidekickError

_DEEDS = {
    "run": "controller.cli.run:run",
    "plan": "controller.cli.plan:plan",
    "apply": "controller.cli.plan:apply",
    "get": "controller.cli.get:get",
    "status": "controller.cli.status:status",
    "logs": "controller.cli.session:logs",
    "attach": "controller.cli.session:attach",
    "stop": "controller.cli.change:stop",
    "resume": "controller.cli.change:resume",
    "approve-prune": "controller.cli.change:approve_prune",
    "validate": "controller.cli.check:validate",
    "doctor": "controller.cli.doctor:doctor",
    "version": "controller.cli.check:version",
}
"""Each sub-command's function is imported when it is used: quick commands start quickly."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    _have_streams()
    options = build_parser().parse_args(argv)
    module, _, name = _DEEDS[options.command].partition(":")
    try:
        deed = getattr(importlib.import_module(module), name)
        code = int(deed(options))
        sys.stdout.flush()
    except SidekickError as error:
        for line in error.message.splitlines():
            print(f"sidekick: {clean(line)}", file=sys.stderr)
        return exits.NO if isinstance(error, NotFound) else exits.ERROR
    except KeyboardInterrupt:
        return exits.INTERRUPTED
    except BrokenPipeError:
        _drop_output()  # the reader went away (`| head`); nothing is left to say to it
        return exits.OK
    except OSError as error:
        _drop_output()
        print(f"sidekick: {error.strerror or error}", file=sys.stderr)
        return exits.ERROR
    return code


def _drop_output() -> None:
    """What Python still holds back for standard output must not fail once more at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _have_streams() -> None:
    """A closed standard stream (`>&-`) is one that nobody reads."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 - for good
