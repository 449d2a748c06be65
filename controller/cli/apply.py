"""`apply` and `reconcile`: one tick, now."""

import argparse
import time

from controller.app import App
from controller.cli import exits
from controller.cli.context import build_app, settings_in_force, settings_of
from controller.cli.plan import print_actions, tell_errors
from controller.cli.running import Controller, NoAnswer, running
from controller.cli.terminal import command, warn
from controller.core.detail import PlanView
from controller.core.errors import NotFound
from controller.core.planview import view_outcomes
from controller.settings import Settings
from controller.tick import Tick

STARTED_SECONDS = 3.0
"""How long `apply` waits for the sessions that it started to tell that their agents run."""

NOTIFY_SECONDS = 10.0
"""How long `apply` lets notifications take; what did not arrive by then goes with its next tick."""


def apply(options: argparse.Namespace) -> int:
    """One tick: by the running controller, or by ourselves where none runs."""
    settings = settings_of(options)
    controller = running(settings)
    if controller is None:
        return _told(_tick(settings))
    try:
        return _told(controller.reconcile())
    except NoAnswer as error:
        return _woken(controller, error)


def reconcile(options: argparse.Namespace) -> int:
    """Let the running controller tick now, and print what it did."""
    controller = running(settings_in_force(options))
    if controller is None:
        raise NotFound(
            "NotRunning", f"no controller runs; a single tick without one: {command()} apply"
        )
    return _told(controller.reconcile())


def _woken(controller: Controller, error: NoAnswer) -> int:
    warn(error.message)
    if not controller.wake():
        raise error
    warn("it was woken by a signal instead, and does not say what it does")
    print(f"the running controller (process {controller.holder.pid}) was asked to reconcile now")
    return exits.OK


def _tick(settings: Settings) -> PlanView:
    app = build_app(settings)
    try:
        app.lock()
        app.notifier.start()
        tick = app.reconciler.tick()
        done = view_outcomes(tick.plan, tick.outcomes, tick.errors, tick.now)
        _settle(app, tick)
        return done
    finally:
        app.close(NOTIFY_SECONDS)


def _settle(app: App, tick: Tick) -> None:
    """Let the list say that the new sessions run."""
    deadline = time.monotonic() + STARTED_SECONDS
    while tick.plan and any(verdict.brief for verdict in tick.plan.verdicts.values()):
        if time.monotonic() > deadline:
            break
        app.wakes.wait(0.5)
        tick = app.reconciler.tick()


def _told(done: PlanView) -> int:
    """Print what a tick did; 0 all went well, 1 something failed, 2 it could not be planned."""
    tell_errors(done)
    if not done.known:
        return exits.ERROR
    print_actions(done)
    return exits.NO if done.errors else exits.OK
