"""`stop`, `resume`, `approve-prune`: the user's word, as they would type it into the list."""

import argparse
import os
import signal
import time

from controller.app import DATABASE, App, clock
from controller.cli import exits
from controller.cli.columns import clean
from controller.cli.context import (
    build_app,
    command,
    controller_of,
    pick,
    settings_of,
    warn,
)
from controller.cli.errors import NotFound
from controller.core import row as columns
from controller.core.errors import TransientError
from controller.core.words import Status, status_of
from controller.fleet import Fleet
from controller.settings import Settings
from controller.sources.base import Edit
from controller.store import read_report

TRIES = 5
MARGIN_SECONDS = 10.0
"""How much longer than the agents' own grace `stop --all` waits for the last session."""


def stop(options: argparse.Namespace) -> int:
    """Pause a project, or let the fleet rest and wait until its sessions are gone."""
    settings = settings_of(options)
    if not options.all:
        return _write(settings, options.name, Status.PAUSED, "paused")
    message = options.message or f"stopped by {os.environ.get('USER') or 'the user'}"
    Fleet(settings.paths.state).suspend(clock(), message)
    left = _drain(settings)
    if left:
        warn(f"{left} sessions still end; look again with: {command()} get")
        return exits.NO
    print(f"the fleet rests, no session is left; to go on: {command()} resume --all")
    return exits.OK


def resume(options: argparse.Namespace) -> int:
    """Let a paused project, or the resting fleet, go on."""
    settings = settings_of(options)
    if not options.all:
        return _write(settings, options.name, Status.PENDING, "resumed")
    rested = Fleet(settings.paths.state).resume()
    _wake(settings)
    print("the fleet goes on" if rested else "the fleet did not rest")
    return exits.OK


def approve_prune(options: argparse.Namespace) -> int:
    """Let the sessions of the rows that vanished at once end."""
    settings = settings_of(options)
    report = read_report(settings.paths.state / DATABASE)
    blocked = report.prune if report else ""
    if not blocked:
        print("nothing is blocked")
        return exits.OK
    if options.plan and options.plan != blocked:
        warn(f"the plan changed: it is {blocked} now; see {command()} status")
        return exits.NO
    Fleet(settings.paths.state).approve_prune(blocked)
    _wake(settings)
    print(f"plan {blocked} approved")
    return exits.OK


def _write(settings: Settings, name: str, status: Status, done: str) -> int:
    """Write the word into the row's Status cell, as an editor would."""
    app = build_app(settings, readonly=True)
    try:
        full = _write_row(app, name, status)
    finally:
        app.close()
    print(f"project/{clean(full)} {done}")
    if controller_of(settings) is None:
        warn(f"no controller runs; it acts on this when it does ({command()} run, or apply)")
    return exits.OK


def _write_row(app: App, name: str, status: Status) -> str:
    for _ in range(TRIES):
        snapshot = app.source.read()
        names = [row.cell(columns.PROJECT) for row in snapshot.rows]
        full = pick(name, [item for item in names if item])
        rows = [row for row in snapshot.rows if row.cell(columns.PROJECT) == full]
        if len(rows) > 1:
            raise NotFound("DuplicateProject", f"{len(rows)} rows bear the name {full}")
        written = status_of(rows[0].cell(columns.STATUS))
        if status is Status.PENDING and written is Status.COMPLETED:
            raise NotFound(
                "Completed", f"{full} is completed; to run it again type Pending into its Status"
            )
        if not app.source.write([Edit(rows[0], {columns.STATUS: status.value})]).conflicts:
            return full
    raise TransientError("ListBusy", "the list changes all the time; try again in a moment")


def _drain(settings: Settings) -> int:
    """Wait until no session is left; returns how many are, at the end of patience."""
    deadline = time.monotonic() + settings.times.stop_grace + MARGIN_SECONDS
    if _wake(settings):
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
            ended = {run.id for run in tick.observed.runs.values() if run.result}
            sessions = tick.observed.sessions.items()
            left = sum(item.alive and run not in ended for run, item in sessions)
            if not left or time.monotonic() > deadline:
                return left
            app.wakes.wait(1.0)
    finally:
        app.close()


def _living(settings: Settings) -> int:
    """How many sessions live, by a look of our own."""
    app = build_app(settings, readonly=True)
    try:
        observed = app.reconciler.preview().observed
        if observed is None:
            return 1
        ended = {run.id for run in observed.runs.values() if run.result}
        return sum(item.alive and run not in ended for run, item in observed.sessions.items())
    finally:
        app.close()


def _wake(settings: Settings) -> bool:
    """Wake the running controller; returns whether there is one."""
    holder = controller_of(settings)
    if holder is None or not holder.pid:
        return False
    os.kill(holder.pid, signal.SIGUSR1)
    return True
