"""`approve-prune` and `source approve`: leave that only a person can give."""

import argparse

from controller.cli import exits
from controller.cli.context import build_app, controller_of, settings_in_force, settings_of
from controller.cli.running import wake
from controller.cli.terminal import command, warn
from controller.fleet import Fleet
from controller.layout import DATABASE
from controller.sources.approval import approve, pending
from controller.store import read_report


def approve_prune(options: argparse.Namespace) -> int:
    """Let the sessions of the rows that vanished at once end."""
    settings = settings_in_force(options)
    report = read_report(settings.paths.state / DATABASE)
    blocked = report.prune if report else ""
    if not blocked:
        print("nothing is blocked")
        return exits.OK
    if options.plan and options.plan != blocked:
        warn(f"the plan changed: it is {blocked} now; see {command()} status")
        return exits.NO
    Fleet(settings.paths.state).approve_prune(blocked)
    wake(settings)
    print(f"plan {blocked} approved")
    return exits.OK


def approve_source(options: argparse.Namespace) -> int:
    """Let the kind of list that the settings mean be used, where another was in use."""
    settings = settings_of(options)
    app = build_app(settings, readonly=True)
    try:
        kind, name = app.source.kind, app.source.name
    finally:
        app.close()
    earlier = pending(settings.paths.state, kind)
    if not earlier:
        print(f"nothing waits for it: the list is of kind {kind} ({name})")
        return exits.OK
    approve(settings.paths.state, kind)
    wake(settings)
    print(f"the list is of kind {kind} ({name}) from here on, and no longer {earlier}")
    report = read_report(settings.paths.state / DATABASE)
    if controller_of(settings) and report and report.source.kind != kind:
        warn(f"the running controller began with {report.source.kind}: restart it")
    return exits.OK
