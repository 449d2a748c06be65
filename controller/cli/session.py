"""`logs` and `attach`: what an agent printed, and a seat at its session."""

import argparse
import os
import shutil
import sys
import time
from pathlib import Path

from controller.cli import exits
from controller.cli.context import settings_in_force
from controller.cli.printing import Events, Raw, Text
from controller.cli.views import project_of, told
from controller.core.errors import NotFound
from controller.parts.redactor import build_redactor
from controller.parts.runtime import build_runtime
from controller.redaction import Redactor
from controller.runs import printed, stream
from controller.runs.files import exists, is_folder

POLL_SECONDS = 0.2
ROOM = 2
"""A log may be so many times as long as its bound before it is held against it."""


def logs(options: argparse.Namespace) -> int:
    """Print what the project's newest run printed: as text, byte by byte, or its events alone."""
    settings = settings_in_force(options)
    project = project_of(told(settings), options.name)
    folder = settings.paths.runs / project.run
    if not project.run or not is_folder(folder):
        raise NotFound("NoRun", f"{project.name} has not run yet, or its runs are cleared away")
    name = stream.NAME if options.events else printed.NAME
    found = printed.Printed(folder, ROOM * settings.retention.log_bytes, name)
    show = Events() if options.events else Raw() if options.raw else Text()
    # What a terminal was given is redacted a moment after it came.
    redactor = build_redactor(settings, os.environ)
    show.show(map(redactor.feed, found.so_far()), options.lines)
    if options.follow:
        _follow(folder, found, show, redactor)
    show.show([redactor.end()])
    show.end()
    return exits.OK


def attach(options: argparse.Namespace) -> int:
    """Become tmux, attached to the project's session."""
    settings = settings_in_force(options)
    project = project_of(told(settings), options.name)
    if not project.session:
        raise NotFound(
            "NoSession", f"{project.name} has no session ({project.status}: {project.reason})"
        )
    try:
        argv = build_runtime(settings, os.environ).attach_argv(project.session)
    except ValueError as error:
        text = f"the session of {project.name} was renamed to {project.session!r}; name it anew"
        raise NotFound("SessionRenamed", text) from error
    environment = {name: value for name, value in os.environ.items() if name != "TMUX"}
    if shutil.which(argv[0]) is None:
        raise NotFound(
            "TmuxMissing", f"{argv[0]} is not on the PATH; install it: apt-get install tmux"
        )
    sys.stdout.flush()
    os.execvpe(argv[0], argv, environment)  # noqa: S606 - no shell: an argv of our own
    return exits.ERROR


def _follow(
    folder: Path, found: printed.Printed, show: Text | Raw | Events, redactor: Redactor
) -> None:
    """Print as it grows, until the run ended and all of it is printed."""
    while True:
        ended = exists(folder / "exit.json")
        show.show(map(redactor.feed, found.more()))
        if ended or not is_folder(folder):
            return
        time.sleep(POLL_SECONDS)
