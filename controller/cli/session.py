"""`logs` and `attach`: what an agent printed, and a seat at its session."""

import argparse
import os
import shutil
import sys
import time
from pathlib import Path

from controller.cli import exits
from controller.cli.context import settings_of
from controller.cli.views import project_of, told
from controller.core.errors import NotFound
from controller.parts import build_runtime
from controller.runs.history import plain

POLL_SECONDS = 0.2
_CHUNK = 65_536


def logs(options: argparse.Namespace) -> int:
    """Print what the project's newest run printed, without escapes."""
    settings = settings_of(options)
    project = project_of(told(settings), options.name)
    folder = settings.paths.runs / project.run
    log = folder / "output.log"
    if not project.run or not folder.is_dir():
        raise NotFound("NoRun", f"{project.name} has not run yet, or its runs are cleared away")
    older = sorted(folder.glob("output.log.[0-9]*"), key=lambda path: -int(path.suffix[1:]))
    text = "".join(plain(_read(path)) for path in (*older, log))
    lines = text.splitlines(keepends=True)
    if options.lines is not None:
        lines = lines[-options.lines :] if options.lines > 0 else []
    sys.stdout.write("".join(lines))
    sys.stdout.flush()
    if options.follow:
        _follow(folder, log)
    return exits.OK


def attach(options: argparse.Namespace) -> int:
    """Become tmux, attached to the project's session."""
    settings = settings_of(options)
    project = project_of(told(settings), options.name)
    if not project.session:
        raise NotFound(
            "NoSession", f"{project.name} has no session ({project.status}: {project.reason})"
        )
    argv = build_runtime(settings, os.environ).attach_argv(project.session)
    environment = {name: value for name, value in os.environ.items() if name != "TMUX"}
    if shutil.which(argv[0]) is None:
        raise NotFound(
            "TmuxMissing", f"{argv[0]} is not on the PATH; install it: apt-get install tmux"
        )
    sys.stdout.flush()
    os.execvpe(argv[0], argv, environment)  # noqa: S606 - no shell: an argv of our own
    return exits.ERROR


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _follow(folder: Path, log: Path) -> None:
    """Print as it grows, until the run ended and all of it is printed."""
    position = log.stat().st_size if log.exists() else 0
    while True:
        ended = (folder / "exit.json").exists()
        size = log.stat().st_size if log.exists() else 0
        if size < position:
            position = 0  # rotated
        while position < size:
            with log.open("rb") as file:
                file.seek(position)
                chunk = file.read(min(_CHUNK, size - position))
            if not chunk:
                break
            position += len(chunk)
            sys.stdout.write(plain(chunk.decode("utf-8", "replace")))
        sys.stdout.flush()
        if ended or not folder.exists():
            return
        time.sleep(POLL_SECONDS)
