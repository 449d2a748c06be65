"""`describe`: everything about one project, for a person who wants to know why."""

import argparse
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from controller.cli import exits
from controller.cli.columns import age, table
from controller.cli.context import settings_in_force
from controller.cli.forms import as_text
from controller.cli.plan import preview, tell_errors
from controller.cli.projects import agent_shown, deadline
from controller.cli.terminal import seat
from controller.cli.views import project_of, told
from controller.core.detail import ActionView, PlanView, ProjectDetail, RunView
from controller.core.documents import detail_document
from controller.core.events import Entry
from controller.core.report import ProjectView, Report
from controller.core.spending import shown
from controller.core.spent import Spent
from controller.detail import EVENTS, Folders, detail, past_runs
from controller.layout import DATABASE, clock
from controller.parts.redactor import build_redactor
from controller.printable import clean
from controller.settings import Settings
from controller.store import Journal

_INDENT = "  "
_MESSAGE = 100
"""Cells of the longest message in a table."""


def describe(options: argparse.Namespace) -> int:
    """Print everything about one project."""
    settings = settings_in_force(options)
    report = told(settings)
    project = project_of(report, options.name)
    plan = preview(settings)
    tell_errors(plan)
    everything = _gather(settings, project, plan)
    if options.output == "text":
        print("\n".join(_lines(everything, report, plan, clock())))
    else:
        print(as_text(detail_document(everything), options.output))
    return exits.OK


def _gather(settings: Settings, project: ProjectView, plan: PlanView) -> ProjectDetail:
    redactor = build_redactor(settings, os.environ)
    folders = Folders(settings.paths.runs, redactor.text)
    journal = Journal(settings.paths.state / DATABASE)
    actions = [action for action in plan.actions if action.project == project.name]
    try:
        events = journal.read(project=project.name, last=EVENTS)
    finally:
        journal.close()
    return detail(project, past_runs(project, folders), events, folders, actions)


def _lines(seen: ProjectDetail, report: Report, plan: PlanView, now: datetime) -> Iterator[str]:
    for label, text in _facts(seen.project, report, now):
        if text:
            yield f"{label + ':':<14}{clean(text)}"
    yield from _section("Conditions", _conditions(seen.project, now))
    nothing = "nothing is to be done" if plan.known else "it cannot be told; see above"
    yield from _section("Plan", _actions(seen.plan, now), nothing)
    yield from _section("Runs", _runs(seen.runs, now))
    yield from _section("Events", _events(seen.events, now))
    yield from _section("Output", [clean(line.expandtabs(4)) for line in seen.tail])


def _facts(project: ProjectView, report: Report, now: datetime) -> Iterator[tuple[str, str]]:
    hint = seat(project.name) if project.session else ""
    line = f"{report.source.name}:{project.line}" if project.line else "its row is gone"
    yield "Name", project.name
    yield "Status", project.status
    yield "Reason", project.reason
    yield "Message", project.message
    yield "Since", _when(project.since, now)
    yield "Row", line
    yield "Priority", str(project.priority or "")
    yield "Deadline", deadline(project.deadline, overdue=project.overdue)
    yield "GPU", "yes" if project.gpu else ""
    yield "Model", project.model
    yield "Mode", project.mode
    yield "Agent", agent_shown(project.agent, project.agent_running)
    yield "Next Action", project.next_action
    yield "Folder", project.folder
    yield "Branch", project.branch
    yield "Work", project.work
    yield "Conversation", project.conversation
    yield "Session", f"{project.session} (ended)" if hint and not project.alive else project.session
    yield "Attach", hint
    yield "Started", _when(project.started_at, now)
    yield "Waits since", _when(project.waiting_since, now)
    yield "Progress", _progress(project, now)
    yield "Doing", project.doing
    yield "Spent", shown(Spent(project.dollars, project.tokens))
    yield "Proposes", project.proposed
    yield "Last output", _when(project.activity_at, now)
    yield "Crashes", str(project.crashes or "")
    yield "Next try", _until(project.next_retry, now)
    yield "Last end", "" if project.alive else project.last_exit


def _progress(project: ProjectView, now: datetime) -> str:
    """What the agent last said of its progress."""
    return f"{project.progress} ({age(project.progress_at, now)} ago)" if project.progress else ""


def _conditions(project: ProjectView, now: datetime) -> list[str]:
    rows = [
        (c.type.value, str(c.status), c.reason, age(c.last_transition_time, now), c.message)
        for c in project.conditions
    ]
    header = ("type", "status", "reason", "since", "message")
    return _table(header, rows, (0, 0, 0, 0, _MESSAGE))


def _actions(actions: tuple[ActionView, ...], now: datetime) -> list[str]:
    rows = [(a.action, a.reason, _until(a.until, now), a.message) for a in actions]
    return _table(("action", "reason", "until", "message"), rows, (0, 0, 0, _MESSAGE))


def _runs(runs: tuple[RunView, ...], now: datetime) -> list[str]:
    rows = [
        (
            age(run.started_at or run.created_at, now),
            f"demo ({run.agent})" if run.demo and run.agent != "demo" else run.agent,
            age(run.started_at, run.ended_at or now),
            run.ending or "runs",
            "" if run.status is None else str(run.status),
            run.reason,
            run.message,
            run.id,
        )
        for run in runs
    ]
    header = ("age", "agent", "took", "ended", "exit", "reason", "message", "run")
    return _table(header, rows, (0, 0, 0, 0, 0, 0, 60, 0))


def _events(events: tuple[Entry, ...], now: datetime) -> list[str]:
    rows = [(age(e.at, now), f"x{e.count}", e.reason, e.message) for e in events]
    return _table(("age", "count", "reason", "message"), rows, (0, 0, 0, _MESSAGE))


def _table(
    header: tuple[str, ...], rows: Sequence[tuple[str, ...]], limits: tuple[int, ...]
) -> list[str]:
    return table(header, rows, limits).splitlines() if rows else []


def _section(title: str, lines: Iterable[str], nothing: str = "none") -> Iterator[str]:
    yield ""
    found = list(lines)
    if not found:
        yield f"{title}: {nothing}"
        return
    yield f"{title}:"
    for line in found:
        yield f"{_INDENT}{line}".rstrip()


def _when(at: datetime | None, now: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S} ({age(at, now)} ago)" if at else ""


def _until(at: datetime | None, now: datetime) -> str:
    if at is None:
        return ""
    return f"in {age(now, at)}" if at > now else "now"
