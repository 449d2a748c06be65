"""Drain: wait until the resting fleet has no session left."""

import time

from controller.cli.context import build_app
from controller.cli.running import wake
from controller.core.errors import TransientError
from controller.core.observed import Observed
from controller.settings import Settings

MARGIN_SECONDS = 10.0
"""How much longer than the agents' own grace the last session is waited for."""


def drain(settings: Settings) -> int:
    """Wait until no session is left; returns how many are, at the end of patience."""
    deadline = time.monotonic() + settings.times.stop_grace + MARGIN_SECONDS
    if wake(settings):
        while left := _living(settings):
            if time.monotonic() > deadline:
                return left
            time.sleep(0.2)
        return 0
    app = build_app(settings)
    try:
        app.lock()
        while True:
            tick = app.reconciler.tick()
            if tick.observed is None:
                raise TransientError("ObservationFailed", tick.errors.get("observe", ""))
            left = _count(tick.observed)
            if not left or time.monotonic() > deadline:
                return left
            app.wakes.wait(1.0)
    finally:
        app.close()


def _living(settings: Settings) -> int:
    """How many sessions live, by a look of our own; 1 where that cannot be seen."""
    app = build_app(settings, readonly=True)
    try:
        observed = app.reconciler.preview().observed
        return 1 if observed is None else _count(observed)
    finally:
        app.close()


def _count(observed: Observed) -> int:
    ended = {run.id for run in observed.runs.values() if run.result}
    return sum(item.alive and run not in ended for run, item in observed.sessions.items())
