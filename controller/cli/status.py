"""`status`: the controller's health on one screen; its exit code is a health check."""

import argparse
import json
import urllib.error
import urllib.request

from controller.app import DATABASE, clock
from controller.cli import exits
from controller.cli.columns import age, clean
from controller.cli.context import command, controller_of, settings_of
from controller.core.report import Report
from controller.store import read_report

DEADLINE = 5.0
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
    healthy, said = _ask(report.server) if report and report.server else (False, "starting")
    print(f"controller  {'healthy' if healthy else 'unhealthy'} ({said}), process {holder.pid}")
    if report:
        _print(report)
    return exits.OK if healthy else exits.NO


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
    print(f"sessions    {running} of {report.slots} slots; tmux {clean(up)}")
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
        if project.status in _TROUBLE or not accepted:
            since = age(project.since, now)
            print(f"needs you   {clean(project.name)}: {project.reason} {since}".rstrip())


def _ask(url: str) -> tuple[bool, str]:
    """Ask the loop itself, over loopback."""
    request = urllib.request.Request(f"{url}/healthz")  # noqa: S310 - our own address
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:  # noqa: S310
            return True, str(json.load(answer)["status"])
    except urllib.error.HTTPError as error:
        try:
            return False, str(json.load(error)["status"])
        except (ValueError, KeyError):
            return False, f"HTTP {error.code}"
    except (OSError, ValueError, KeyError) as error:
        return False, f"{url} does not answer: {error}"
