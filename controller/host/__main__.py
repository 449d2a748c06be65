"""`python -m controller.host`: the main process of the container that the agents work in.

It runs the tmux server in the foreground, and the sweeper beside it. It ends with the server, so
that whoever runs the container starts both anew; SIGTERM ends the sessions first, each with its
grace.
"""

import argparse
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from controller.core.errors import SidekickError
from controller.host.server import TmuxServer, answers
from controller.locks import AlreadyRunning, Lock
from controller.log.forms import LogFormat

if TYPE_CHECKING:
    from controller.host.sweeper import Sweeper

LOOK_SECONDS = 0.2
"""Between two looks for what is to be swept."""
GRACE_SECONDS = 15.0
"""How long the shims get to end their runs; more than an agent's own grace, which is 10 s."""
STALE_SECONDS = 30.0
"""After so long without a look the sweeper counts as hung."""

log = logging.getLogger("controller.host")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM; 0 after it, 1 where the server ended by itself, 2 where it cannot be."""
    given = _parser().parse_args(arguments)
    alive = given.socket.with_suffix(".alive")
    if given.check:
        return 0 if answers(given.socket) and _is_fresh(alive) else 1
    # Slow to import, and a check, which is made every few seconds for ever, does without.
    from controller.host.sweeper import Sweeper
    from controller.log.setup import log_to, printer

    log_to(printer(given.log_format))
    asked = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        asked.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)
    server, sweeper = TmuxServer(given.socket, _environment(os.environ)), Sweeper(given.runs)
    lock = Lock(given.socket.with_suffix(".host"))  # tmux locks a file beside the socket itself
    try:
        lock.acquire(str(given.socket))
        sweeper.load()
        server.start()
    except AlreadyRunning:
        log.error("another host runs the tmux server on %s; end that one first", given.socket)
        return 2
    except (OSError, SidekickError) as error:
        log.error("the tmux server was not started: %s", error)
        return 2
    log.info("the tmux server listens on %s", given.socket)
    lived = True
    while lived and not asked.wait(LOOK_SECONDS):
        sweeper.look()
        alive.touch()
        lived = server.lives()
    server.end()
    _let_end(sweeper)
    log.info("the sessions were ended" if asked.is_set() else "the tmux server ended by itself")
    return 0 if asked.is_set() else 1


def _let_end(sweeper: "Sweeper") -> None:
    end = time.monotonic() + GRACE_SECONDS
    while sweeper.guarded() and time.monotonic() < end:
        time.sleep(LOOK_SECONDS)
    sweeper.look()


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    """What the sessions have in their environment: no secret of this process's."""
    from controller.parts.runtime import SESSION_VARIABLES  # slow to import, as above

    shown = {name: own[name] for name in SESSION_VARIABLES if own.get(name)}
    return {"LANG": "C.UTF-8", "PATH": os.defpath, **shown}


def _is_fresh(file: Path) -> bool:
    try:
        return time.time() - file.stat().st_mtime < STALE_SECONDS
    except OSError:
        return False


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m controller.host", description=__doc__)
    own = os.environ
    parser.add_argument(
        "--socket", type=Path, metavar="FILE",
        default=own.get("SIDEKICK_PATHS_SOCKET", "/run/sidekick/tmux.sock"),
        help="the socket, as the controller's paths.socket names it",
    )  # fmt: skip
    parser.add_argument(
        "--runs", type=Path, metavar="FOLDER",
        default=own.get("SIDEKICK_PATHS_RUNS", "/data/runs"),
        help="the runs, as the controller's paths.runs names them",
    )  # fmt: skip
    parser.add_argument(
        "--log-format", choices=tuple(LogFormat), type=LogFormat,
        default=own.get("SIDEKICK_LOG_FORMAT", LogFormat.AUTO),
        help="text on standard error, JSON lines on standard output, or auto: text at a terminal",
    )  # fmt: skip
    parser.add_argument(
        "--check", action="store_true", help="only say whether the one that runs is well"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
