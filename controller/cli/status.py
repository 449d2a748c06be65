"""`status`: the controller's health on one screen; its exit code is a health check."""

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from controller.cli import exits
from controller.cli.columns import age, clean
from controller.cli.context import settings_of
from controller.cli.forms import as_text
from controller.cli.health import Health, ask
from controller.cli.running import Controller, running
from controller.cli.terminal import command
from controller.core.documents import status_document
from controller.core.report import ProjectView, Report, SourceView
from controller.layout import DATABASE, clock
from controller.store import read_report

_TROUBLE = {"Blocked", "Waiting"}


def status(options: argparse.Namespace) -> int:
    """Print the health; 0 where the loop makes progress, 1 where it does not or none runs."""
    settings = settings_of(options)
    controller = running(settings)
    report = read_report(settings.paths.state / DATABASE)
    health = Health(False, "not running")
    if controller:
        health = ask(controller.url(), controller.token())
    if options.output == "text":
        print("\n".join(_lines(controller, health, report)))
    else:
        known = report or Report(clock(), SourceView("", ""))
        document = status_document(
            known, healthy=health.healthy, ready=health.ready, faults=health.faults
        )
        print(as_text(document, options.output))
    return exits.OK if health.healthy else exits.NO


def _lines(controller: Controller | None, health: Health, report: Report | None) -> Iterator[str]:
    if controller is None:
        yield f"controller  not running; start it with: {command()} run"
    else:
        word = "healthy" if health.healthy else "unhealthy"
        yield f"controller  {word} ({clean(health.said)}), process {controller.holder.pid}"
    if report is not None:
        yield from _of(replace(report, errors={**report.errors, **health.faults}))


def _of(report: Report) -> Iterator[str]:
    source = report.source
    yield f"server      {report.server or 'none'}"
    state = "valid" if source.valid else f"NOT VALID, the last good rows stand: {source.message}"
    yield f"list        {source.name}: {source.rows} rows, {source.invalid} invalid; {clean(state)}"
    up = "up" if report.runtime_up else f"DOWN: {report.runtime_message}"
    alive = sum(project.alive for project in report.projects)
    kept = sum(project.reason == "CrashBackoff" for project in report.projects)
    held = f", {kept} kept for another try" if kept else ""
    yield f"sessions    {alive} of {report.slots} slots{held}; tmux {clean(up)}"
    counts = Counter(project.status for project in report.projects)
    yield "projects    " + (", ".join(f"{n} {word}" for word, n in counts.items()) or "none")
    if report.demo:
        yield "demo        on: the demo agent stands in for every real one, no credit is spent"
    if report.suspended:
        yield f"suspended   {clean(report.suspended)}; to go on: {command()} resume --all"
    if report.restart_needed:
        names = ", ".join(report.restart_needed)
        yield f"settings    {clean(names)} changed; they count after a restart of the controller"
    if report.prune:
        yield f"prune       BLOCKED; to let it: {command()} approve-prune --plan {report.prune}"
    for stage, message in report.errors.items():
        yield f"error       {stage}: {clean(message)}"
    for project in report.projects:
        if _needs_a_person(project):
            since = age(project.since, clock())
            yield f"needs you   {clean(project.name)}: {project.reason} {since}".rstrip()


def _needs_a_person(project: ProjectView) -> bool:
    asked_for = project.reason == "UserBlocked"
    return not project.valid or (project.status in _TROUBLE and not asked_for)
