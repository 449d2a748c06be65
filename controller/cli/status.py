"""`status`: the controller's health on one screen; its exit code is a health check."""

import argparse
from dataclasses import replace

from controller.app import DATABASE, clock
from controller.cli import exits
from controller.cli.columns import age, clean
from controller.cli.context import command, controller_of, settings_of
from controller.cli.health import ask
from controller.core.report import Report
from controller.store import read_report

_TROUBLE = {"Blocked", "Waiting"}


def status(options: argparse.Namespace) -> int:
    """Print the health; 0 where the loop makes progress, 1 where it does not or none runs."""
    settings = settings_of(options)
    holder = controller_of(settings)
    report = read_report(settings.paths.state / DATABASE)
    if holder is None:
        print(f"controller  not running; start it with: {command()} run")
        if report:
            _print(report)
        return exits.NO
    health = ask(report.server if report else "")
    word = "healthy" if health.healthy else "unhealthy"
    print(f"controller  {word} ({clean(health.said)}), process {holder.pid}")
    if report:
        _print(replace(report, errors={**report.errors, **health.faults}))
    return exits.OK if health.healthy else exits.NO


def _print(report: Report) -> None:
    now = clock()
    source = report.source
    print(f"server      {report.server or 'none'}")
    state = "valid" if source.valid else f"NOT VALID, the last good rows stand: {source.message}"
    print(
        f"list        {source.name}: {source.rows} rows, {source.invalid} invalid; {clean(state)}"
    )
    up = "up" if report.runtime_up else f"DOWN: {report.runtime_message}"
    running = sum(project.alive for project in report.projects)
    kept = sum(project.reason == "CrashBackoff" for project in report.projects)
    held = f", {kept} kept for another try" if kept else ""
    print(f"sessions    {running} of {report.slots} slots{held}; tmux {clean(up)}")
    counts: dict[str, int] = {}
    for project in report.projects:
        counts[project.status] = counts.get(project.status, 0) + 1
    print("projects    " + (", ".join(f"{n} {word}" for word, n in counts.items()) or "none"))
    if report.demo:
        print("demo        on: the demo agent stands in for every real one, no credit is spent")
    if report.suspended:
        print(f"suspended   {clean(report.suspended)}; to go on: {command()} resume --all")
    if report.prune:
        print(f"prune       BLOCKED; to let it: {command()} approve-prune --plan {report.prune}")
    for stage, message in report.errors.items():
        print(f"error       {stage}: {clean(message)}")
    for project in report.projects:
        accepted = all(c.status for c in project.conditions if c.type.value == "Accepted")
        asked_for = project.reason == "UserBlocked"
        if not accepted or (project.status in _TROUBLE and not asked_for):
            since = age(project.since, now)
            print(f"needs you   {clean(project.name)}: {project.reason} {since}".rstrip())
