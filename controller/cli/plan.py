"""`plan` and `apply`: what would be done, and doing it once."""

import argparse
import os
import signal
import time

from controller.app import App
from controller.cli import exits
from controller.cli.columns import clean, table
from controller.cli.context import build_app, controller_of, settings_of, tell_demo, warn
from controller.core.actions import Action, Plan, Remove
from controller.reconciler import Tick

STARTED_SECONDS = 3.0
"""How long `apply` waits for the sessions that it started to tell that their agents run."""


def plan(options: argparse.Namespace) -> int:
    """Print what the next tick would do; 0 nothing, 1 something, 2 it cannot be told."""
    settings = settings_of(options)
    tell_demo(demo=settings.demo)
    app = build_app(settings, readonly=True)
    try:
        tick = app.reconciler.preview()
    finally:
        app.close()
    return _told(tick)


def apply(options: argparse.Namespace) -> int:
    """One tick; beside a running controller that one is woken instead."""
    settings = settings_of(options)
    holder = controller_of(settings)
    if holder:
        os.kill(holder.pid, signal.SIGUSR1)
        print(f"the running controller (process {holder.pid}) was asked to reconcile now")
        return exits.OK
    app = build_app(settings)
    try:
        app.lock()
        tick = app.reconciler.tick()
        _report_back(app, tick)
    finally:
        app.close()
    return exits.OK if tick.plan is not None and not tick.errors else _told(tick)


def _report_back(app: App, tick: Tick) -> None:
    """Print what was done, and let the list say that the new sessions run."""
    for outcome in tick.outcomes:
        name = outcome.action.project or "sessions"
        verb = type(outcome.action).__name__.lower()
        done = f"{verb}: done" if outcome.ok else f"{verb} failed: {outcome.message}"
        print(f"project/{clean(name)} {done}")
    if not tick.outcomes and not tick.errors:
        print("nothing to do")
    deadline = time.monotonic() + STARTED_SECONDS
    while tick.plan and any(verdict.brief for verdict in tick.plan.verdicts.values()):
        if time.monotonic() > deadline:
            break
        app.wakes.wait(0.5)
        tick = app.reconciler.tick()


def _told(tick: Tick) -> int:
    for stage, message in tick.errors.items():
        warn(f"{stage}: {message}")
    if tick.plan is None:
        return exits.ERROR
    if tick.plan.actions:
        print(_table(tick.plan))
    if not tick.plan.changes:
        print("nothing to do")
        return exits.OK
    return exits.NO


def _table(decided: Plan) -> str:
    rows = [(type(a).__name__, _whose(a), a.reason, a.message) for a in decided.actions]
    return table(("action", "project", "reason", "message"), rows, (8, 32, 20, 100))


def _whose(action: Action) -> str:
    if isinstance(action, Remove):
        return ", ".join(session.name for session in action.sessions)
    return action.project
