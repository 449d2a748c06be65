"""`run`: the controller, with a live table on a terminal and lines of log elsewhere."""

import argparse
import logging
import sys
from collections import deque
from collections.abc import Callable
from logging.handlers import RotatingFileHandler

from rich.console import Console

from controller.app import App
from controller.cli import exits
from controller.cli.context import build_app, settings_of
from controller.cli.live import EVENTS_SHOWN, LiveTable
from controller.cli.terminal import command
from controller.core.errors import TerminalError
from controller.settings import Settings
from controller.tick import Tick

LOG_FILE = "sidekick.log"
_LOG_BYTES = 10_485_760
_LOG_FILES = 3
_LINE = "%(asctime)s %(levelname)-7s %(message)s"


class _Recent(logging.Handler):
    """Keeps the last lines of the log for the live table."""

    def __init__(self, lines: deque[str]) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record).splitlines()[0])


def run(options: argparse.Namespace) -> int:
    """Run until SIGTERM or Ctrl-C; agents keep working."""
    settings = settings_of(options)
    app = build_app(settings)
    try:
        app.lock()
        events: deque[str] = deque(maxlen=EVENTS_SHOWN)
        live = sys.stdout.isatty() and not options.plain
        _log_to(settings, events if live else None)
        if app.store.set_aside:
            text = "the memory was damaged; it is kept as %s and rebuilt from what runs"
            logging.getLogger(__name__).warning(text, app.store.set_aside)
        table = LiveTable(Console(), events) if live else None
        _loop(app, table.show if table else _look_away, table)
    finally:
        app.close()
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
            logging.getLogger(__name__).info(
                "the controller runs on %s, shown on %s", app.source.name, server.url
            )
        loop.run()
    finally:
        if table:
            table.stop()
        server.close()


def _look_away(_tick: Tick) -> None:
    """The log says it all."""


def _log_to(settings: Settings, recent: deque[str] | None) -> None:
    """The log goes to its file, and to the live table or standard error."""
    folder = settings.paths.logs
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = RotatingFileHandler(
            folder / LOG_FILE, maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8"
        )
        (folder / LOG_FILE).chmod(0o600)
    except OSError as error:
        raise TerminalError(
            "LogUnavailable", f"{folder}: {error.strerror}; see paths.logs in config.yaml"
        ) from error
    seen: logging.Handler = _Recent(recent) if recent is not None else logging.StreamHandler()
    for handler in (file, seen):
        if handler.formatter is None:
            handler.setFormatter(logging.Formatter(_LINE))
    logging.basicConfig(level=settings.log_level.value, handlers=[file, seen], force=True)
    logging.getLogger("libtmux").setLevel(logging.WARNING)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
