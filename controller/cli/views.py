"""The newest report as the commands show it."""

import json
import os
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter

from controller.app import DATABASE, build
from controller.cli.columns import age, table
from controller.cli.context import controller_of, tell_demo, warn
from controller.cli.health import ask
from controller.core.report import ProjectView, Report
from controller.settings import Settings
from controller.store import read_report

_REPORT = TypeAdapter(Report)
HEADER = ("project", "status", "reason", "agent", "pri", "age", "next action")
LIMITS = (28, 11, 18, 10, 4, 6, 40)
WIDE = ("deadline", "gpu", "model", "session", "message")
WIDE_LIMITS = (18, 3, 16, 40, 80)


def newest(settings: Settings) -> Report:
    """The running controller's report; else the last one; else what a look tells.

    Where no controller runs, standard error says so.
    """
    report = read_report(settings.paths.state / DATABASE)
    running = controller_of(settings) is not None
    tell_demo(demo=settings.demo)
    if report is None:
        if not running:
            warn("no controller runs; this is what the list says")
        return look(settings)
    if not running:
        warn(f"no controller runs; this is as of {report.at:%Y-%m-%d %H:%M:%S}")
    elif fault := ask(report.server).faults.get("store"):
        warn(f"{fault}; this is as of {report.at:%Y-%m-%d %H:%M:%S}")
    return report


def look(settings: Settings) -> Report:
    """What one tick would find, without doing anything."""
    app = build(settings, os.environ, readonly=True)
    try:
        tick = app.reconciler.preview()
        return tick.report or Report(
            tick.now, app.reconciler.source_view, errors=tick.errors, slots=settings.slots
        )
    finally:
        app.close()


def cells(project: ProjectView, now: datetime) -> tuple[str, ...]:
    """A project's cells of the plain table."""
    return (
        project.name,
        project.status,
        project.reason,
        project.agent,
        str(project.priority or ""),
        age(project.since, now),
        project.next_action,
    )


def wide_cells(project: ProjectView) -> tuple[str, ...]:
    """A project's further cells of the wide table."""
    due = deadline(project.deadline, overdue=project.overdue)
    return (due, "yes" if project.gpu else "", project.model, project.session, project.message)


def deadline(day: date | None, *, overdue: bool) -> str:
    """A deadline, and whether it passed."""
    if day is None:
        return ""
    return f"{day} overdue" if overdue else str(day)


def plain_table(projects: tuple[ProjectView, ...], now: datetime, *, wide: bool) -> str:
    """The table of projects."""
    if not wide:
        return table(HEADER, [cells(project, now) for project in projects], LIMITS)
    rows = [(*cells(project, now), *wide_cells(project)) for project in projects]
    return table((*HEADER, *WIDE), rows, (*LIMITS, *WIDE_LIMITS))


def document(report: Report) -> dict[str, Any]:
    """The report as plain JSON values."""
    value: dict[str, Any] = json.loads(_REPORT.dump_json(report))
    return value
