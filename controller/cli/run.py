"""`run`: the controller, with a live table on a terminal and lines of log elsewhere."""

import argparse
import logging
import os
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from controller.app import App
from controller.cli import dumps, exits
from controller.cli.context import build_app, settings_of
from controller.cli.live import EVENTS_SHOWN, LiveTable
from controller.cli.terminal import command
from controller.core.errors import TerminalError
from controller.files import make_folder
from controller.log.file import LogFile
from controller.log.forms import LogFormat
from controller.log.lines import json_lines, text_lines
from controller.log.setup import log_to, printer
from controller.parts.sources import source_choice
from controller.settings import Settings
from controller.settings.kept import keep
from controller.tick import Tick

LOG_FILE = "sidekick.log"

log = logging.getLogger(__name__)


class _Recent(logging.Handler):
    """Keeps the last lines of the log for the live table."""

    def __init__(self, lines: deque[str], redact: Callable[[str], str]) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(text_lines(redact, brief=True))
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record).splitlines()[0])


def run(options: argparse.Namespace) -> int:
    """Run until SIGTERM or Ctrl-C; agents keep working."""
    dumps.forbid()
    settings = settings_of(options)
    app = build_app(settings)
    try:
        app.lock()
        keep(settings)
        events: deque[str] = deque(maxlen=EVENTS_SHOWN)
        live = sys.stdout.isatty() and not options.plain
        _log_to(settings, events if live else None, app.redactor.text)
        if app.store.set_aside:
            text = "the memory was damaged; it is kept as %s and rebuilt from what runs"
            log.warning(text, app.store.set_aside)
        choice = source_choice(settings, os.environ)
        log.info("the list's kind is %s (%s)", choice.kind, choice.why)
        table = LiveTable(Console(), events) if live else None
        _loop(app, table.show if table else _look_away, table)
        log.info("the controller ended; its agents keep working")
    finally:
        app.close()
    if not settings.log_format.for_people:
        return exits.OK
    print(
        "\nThe controller ended; its agents keep working.\n"
        f"  go on:            {command()} run\n"
        f"  end the agents:   {command()} stop --all"
    )
    return exits.OK


def _loop(app: App, after: Callable[[Tick], None], table: LiveTable | None) -> None:
    loop = app.loop(after)
    server = app.serve(loop)
    try:
        loop.install_signals(on_terminal=table is not None)
        if table:
            table.start()
        else:
            log.info("the controller runs on %s, shown on %s", app.source.name, server.url)
        _tell_whether_it_may_write(app.source.watched)
        loop.run()
    finally:
        if table:
            table.stop()
        server.close()


def _tell_whether_it_may_write(file: Path | None) -> None:
    """At once, and not with the first status that cannot be written."""
    if file is None or all(os.access(path, os.W_OK) for path in (file, file.parent)):
        return
    log.warning(
        "%s and its folder cannot be written by user %d, group %d, as whom the controller runs: "
        "until then the list is only read, and no status reaches it. Give both to that user "
        "(chown -R %d:%d %s); in containers, put the owner's UID and GID into .env "
        "(deploy/make_env.sh) and build again",
        file, os.getuid(), os.getgid(), os.getuid(), os.getgid(), file.parent,
    )  # fmt: skip


def _look_away(_tick: Tick) -> None:
    """The log says it all."""


def _log_to(settings: Settings, recent: deque[str] | None, redact: Callable[[str], str]) -> None:
    """The log goes to its file, and to the live table or the process's own output."""
    folder, form = settings.paths.logs, settings.log_format
    seen = _Recent(recent, redact) if recent is not None else printer(form, redact)
    try:
        make_folder(folder)
        file = LogFile(folder / LOG_FILE, seen)
    except OSError as error:
        raise TerminalError(
            "LogUnavailable", f"{folder}: {error.strerror}; see paths.logs in config.yaml"
        ) from error
    file.setFormatter(text_lines(redact) if form is LogFormat.TEXT else json_lines(redact))
    log_to(file, seen, level=settings.log_level.value)
