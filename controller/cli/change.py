"""`pause`, `resume`, `restart`, `answer`, `release`: the user's word on one project, or on more."""

import argparse
import os
import sys
from collections.abc import Callable

from controller.cli import exits
from controller.cli.context import build_app, settings_in_force
from controller.cli.drain import drain
from controller.cli.running import tell_if_none, wake
from controller.cli.terminal import command, warn
from controller.core.errors import NotFound, TerminalError
from controller.core.project import TEXT_LIMIT
from controller.core.words import fold
from controller.fleet import Fleet
from controller.layout import DATABASE, clock
from controller.orders import Orders
from controller.printable import clean
from controller.settings import Settings
from controller.store import read_report


def pause(options: argparse.Namespace) -> int:
    """Pause a project, or let the fleet rest and wait until its sessions are gone."""
    settings = settings_in_force(options)
    if not options.all:
        return _order(settings, "paused", lambda o: o.pause(options.name, options.message))
    message = options.message or f"stopped by {os.environ.get('USER') or 'the user'}"
    Fleet(settings.paths.state).suspend(clock(), message)
    left = drain(settings)
    if left:
        warn(f"{left} sessions still end; look again with: {command()} get")
        return exits.NO
    print(f"the fleet rests, no session is left; to go on: {command()} resume --all")
    return exits.OK


def resume(options: argparse.Namespace) -> int:
    """Let a paused project, or the resting fleet, go on."""
    settings = settings_in_force(options)
    if not options.all:
        return _order(settings, "resumed", lambda o: o.resume(options.name, options.message))
    if options.message:
        raise TerminalError("Usage", "resume --all takes no message: a fleet that works needs none")
    rested = Fleet(settings.paths.state).resume()
    wake(settings)
    print("the fleet goes on" if rested else "the fleet did not rest")
    return exits.OK


def restart(options: argparse.Namespace) -> int:
    """End a project's run and start it again."""
    settings = settings_in_force(options)
    return _order(settings, "restarted", lambda o: o.restart(options.name, options.message))


def answer(options: argparse.Namespace) -> int:
    """Give a waiting agent its answer, as the next message of its conversation."""
    settings = settings_in_force(options)
    text = sys.stdin.read() if options.text == "-" else options.text
    if not text.strip():
        raise TerminalError("Usage", "the answer is empty")
    if len(text) > TEXT_LIMIT:
        raise TerminalError("Usage", f"the answer has more than {TEXT_LIMIT:,} characters")
    return _order(settings, "answered", lambda o: o.answer(options.name, text))


def release(options: argparse.Namespace) -> int:
    """Let an agent that is held work again."""
    settings = settings_in_force(options)
    agent = fold(options.agent)
    if agent not in settings.agents:
        known = ", ".join(sorted(settings.agents)) or "none"
        raise NotFound("UnknownAgent", f"no agent {options.agent}; config.yaml has {known}")
    report = read_report(settings.paths.state / DATABASE)
    held = report is None or any(one.held for one in report.agents if one.name == agent)
    Fleet(settings.paths.state).release(agent, clock())  # a hold may have come just now
    wake(settings)
    print(f"agent/{agent} {'released' if held else 'was not held'}")
    tell_if_none(settings)
    return exits.OK


def _order(settings: Settings, done: str, give: Callable[[Orders], str]) -> int:
    """Give an order as the user's own hand would, and say so."""
    app = build_app(settings, readonly=True)
    try:
        name = give(app.orders())
    finally:
        app.close()
    print(f"project/{clean(name)} {done}")
    tell_if_none(settings)
    return exits.OK
