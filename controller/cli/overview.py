"""The controller's health on one screen."""

import argparse
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from controller.cli import exits
from controller.cli.columns import age
from controller.cli.context import settings_in_force
from controller.cli.forms import as_text
from controller.cli.health import Health, ask
from controller.cli.running import Controller, running
from controller.cli.standing import list_fault
from controller.cli.terminal import command, start
from controller.core.documents import status_document
from controller.core.errors import TerminalError
from controller.core.report import NotificationsView, ProjectView, Report, SourceView
from controller.core.verdicts import PRUNE_BLOCKED
from controller.layout import DATABASE, clock
from controller.printable import clean
from controller.settings import Settings
from controller.sources.approval import pending
from controller.store import read_report

_NAMED = 8
"""So many of the rows that vanished at once are named; `plan` has all."""


def overview(options: argparse.Namespace) -> int:
    """Print the health; 0 where the loop makes progress, 1 where it does not or none runs."""
    settings = settings_in_force(options)
    controller = running(settings)
    report = read_report(settings.paths.state / DATABASE)
    health = Health(False, "not running")
    if controller:
        health = ask(controller.url(), controller.token())
    if options.output == "text" and not options.quiet:
        print("\n".join(map(clean, _lines(controller, health, report))))
        print(clean(f"source      {_source(settings)}"))
    elif not options.quiet:
        known = report or Report(clock(), SourceView("", ""))
        document = status_document(
            known, healthy=health.healthy, ready=health.ready, faults=health.faults
        )
        print(as_text(document, options.output))
    return exits.OK if health.healthy else exits.NO


def _source(settings: Settings) -> str:
    """Which kind of list the settings mean, and why."""
    from controller.parts.sources import source_choice  # the documents' readers have no need of it

    try:
        choice = source_choice(settings, os.environ)
    except TerminalError as error:
        return error.message
    waits = pending(settings.paths.state, choice.kind)
    line = f"{choice.kind} ({choice.why})"
    return f"{line}; {waits} was in use: {command()} source approve" if waits else line


def _lines(controller: Controller | None, health: Health, report: Report | None) -> Iterator[str]:
    if controller is None:
        yield f"controller  not running; start it with: {start()}"
        if report is not None:
            yield f"as of       {report.at:%Y-%m-%d %H:%M:%S %Z}; agents go on without a controller"
    else:
        word = "healthy" if health.healthy else "unhealthy"
        yield f"controller  {word} ({health.said}), process {controller.holder.pid}"
    if report is not None:
        yield from _of(replace(report, errors={**report.errors, **health.faults}))


def _of(report: Report) -> Iterator[str]:
    source = report.source
    yield f"server      {report.server or 'none'}"
    state = list_fault(source.valid, source.message, source.read_at, clock()) or "valid"
    invalid = f"{source.invalid} invalid"
    if source.invalid:
        invalid += f" ({command()} validate tells all that is wrong)"
    yield f"list        {source.name}: {source.rows} rows, {invalid}; {state}"
    if source.waits:
        yield f"writing     waits a moment: the list is open in {source.waits}"
    if source.refusal:
        yield f"writing     NOT POSSIBLE: {source.refusal}"
    if source.rival:
        yield f"another     {source.rival}"
    up = "up" if report.runtime_up else f"DOWN: {report.runtime_message}"
    alive = sum(project.alive for project in report.projects)
    kept = sum(project.reason == "CrashBackoff" for project in report.projects)
    held = f", {kept} kept for another try" if kept else ""
    used = f"{alive} of {report.slots} slots{held}"
    if source.read_at is None:
        used = "whose they are is not known before the list was read once"
    yield f"sessions    {used}; tmux {up}"
    counts = Counter(map(_word, report.projects))
    yield "projects    " + (", ".join(f"{n} {word}" for word, n in counts.items()) or "none")
    if report.demo:
        yield "demo        on: the demo agent stands in for every real one, no credit is spent"
    yield from _notifications(report.notifications)
    for agent in report.agents:
        if agent.held:
            yield f"held        {agent.held}: {agent.held_message}"
    for text in dict.fromkeys(agent.exhausted for agent in report.agents if agent.exhausted):
        yield f"budget      {text}"
    if report.suspended:
        yield f"suspended   {report.suspended}; to go on: {command()} resume --all"
    if report.restart_needed:
        names = ", ".join(report.restart_needed)
        yield f"settings    {names} changed; they count after a restart of the controller"
    if report.prune:
        gone = [p.name for p in report.projects if p.reason == PRUNE_BLOCKED.reason]
        more = f" and {len(gone) - _NAMED} more" if len(gone) > _NAMED else ""
        yield f"prune       BLOCKED: {len(gone)} rows vanished: {', '.join(gone[:_NAMED])}{more}"
        yield "            bring them back and all goes on, or let what is theirs end:"
        yield f"            {command()} approve-prune --plan {report.prune}"
    for stage, message in report.errors.items():
        yield f"error       {stage}: {message}"
    for project in report.projects:
        if project.needs_a_person:
            name = project.name or f"row {project.line}"
            since = age(project.since, clock())
            yield f"needs you   {name}: {project.reason} {since}".rstrip()
            if not project.valid:
                yield f"            {source.name}:{project.line}: {project.message}"


def _word(project: ProjectView) -> str:
    """What it is counted as; a row without a valid one, or that is gone, has no status."""
    return project.status or ("no longer listed" if project.valid else "invalid")


def _notifications(told: NotificationsView) -> Iterator[str]:
    waiting = f"; {told.waiting} not delivered yet" if told.waiting else ""
    yield f"notify      {', '.join(told.targets) or 'off'}{waiting}"
    if told.failure:
        since = f" {age(told.failed_at, clock())} ago" if told.failed_at else ""
        yield f"error       notify{since}: {told.failure}"
