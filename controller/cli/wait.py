"""`wait`: until a project is as it should be, for scripts."""

import argparse
import math
import time

from controller.cli import exits
from controller.cli.context import controller_of, settings_in_force
from controller.cli.goal import parse_goal
from controller.cli.running import NoAnswer, running
from controller.cli.terminal import start
from controller.core.errors import NotFound, SidekickError
from controller.core.names import pick
from controller.core.report import ProjectView, Report
from controller.layout import DATABASE
from controller.printable import clean
from controller.settings import Settings
from controller.store import read_report

POLL_SECONDS = 0.2
PATIENCE = 3.0
"""Seconds that a controller may take to come up (again), or a row that was just added to be read,
before its absence is the answer."""
_TICK_SECONDS = 0.5
"""For a tick that was asked for by a signal, whose end nobody tells."""


def wait(options: argparse.Namespace) -> int:
    """Wait until the project is there; 0 it is, 1 it is not, and will not be, or not in time."""
    settings = settings_in_force(options)
    goal = parse_goal(options.goal)
    began = time.monotonic()
    deadline = began + options.timeout if options.timeout >= 0 else math.inf
    _ask_for_a_tick(settings)
    name = ""
    while True:
        holder, report = controller_of(settings), read_report(settings.paths.state / DATABASE)
        name = name or _full_name(report, options.name)
        project = _project(report, name)
        stale = holder is not None and (report is None or report.at.timestamp() < holder.since)
        if goal.met(project) and not stale:
            print(f"project/{clean(name or options.name)} condition met")
            return exits.OK
        now = time.monotonic()
        if now >= deadline:
            raise NotFound("TimedOut", f"not {goal.text} in time: {_standing(project, options)}")
        if holder is None and now - began >= PATIENCE:
            text = f"no controller runs, so nothing changes; start it with: {start()}"
            raise NotFound("NotRunning", f"{text} ({_standing(project, options)})")
        if project is None and not stale and now - began >= PATIENCE:
            pick(options.name, _names(report))  # says which there are
        time.sleep(min(POLL_SECONDS, max(0.0, deadline - now)))


def _ask_for_a_tick(settings: Settings) -> None:
    """Let what was just written into the list be in the report that is looked at."""
    controller = running(settings)
    if controller is None:
        return
    try:
        controller.reconcile()
    except NoAnswer:
        if controller.wake():
            time.sleep(_TICK_SECONDS)
    except SidekickError:
        return  # it has no time just now; the report is looked at all the same


def _full_name(report: Report | None, name: str) -> str:
    """The project that a name means; empty where there is none, yet or any more.

    Raises:
        NotFound: It may mean several.
    """
    try:
        return pick(name, _names(report))
    except NotFound as error:
        if error.reason == "Ambiguous":
            raise
        return ""


def _names(report: Report | None) -> list[str]:
    return [project.name for project in report.projects if project.name] if report else []


def _project(report: Report | None, name: str) -> ProjectView | None:
    projects = report.projects if report else ()
    return next((project for project in projects if name and project.name == name), None)


def _standing(project: ProjectView | None, options: argparse.Namespace) -> str:
    """What the project is now."""
    if project is None:
        return f"there is no project {options.name!r}"
    why = f"{project.reason}: {project.message}" if project.message else project.reason
    return f"{project.name} is {project.status or 'without a status'} ({why})"
