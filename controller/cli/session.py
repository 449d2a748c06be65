"""`logs` and `attach`: what an agent printed, and a seat at its session."""

import argparse
import os
import re
import shutil
import sys
import time
from pathlib import Path

from controller.app import build_runtime
from controller.cli import exits
from controller.cli.context import pick, settings_of
from controller.cli.errors import NotFound
from controller.cli.views import newest
from controller.core.report import ProjectView
from controller.settings import Settings

POLL_SECONDS = 0.2
_CHUNK = 65_536
_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\)"  # OSC, DCS, SOS, PM, APC
    r"|\x1b[ -/]*[0-~]"  # other two-character sequences
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]",
    re.DOTALL,
)


def plain(text: str) -> str:
    """The text without escapes and control characters, but for tabs and line ends."""
    return _ESCAPES.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def logs(options: argparse.Namespace) -> int:
    """Print what the project's newest run printed, without escapes."""
    settings = settings_of(options)
    project = _project(settings, options.name)
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
    project = _project(settings, options.name)
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


def _project(settings: Settings, name: str) -> ProjectView:
    report = newest(settings)
    full = pick(name, [project.name for project in report.projects])
    return next(project for project in report.projects if project.name == full)


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
