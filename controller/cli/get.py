"""`get`: the projects, in the form that is asked for."""

import argparse
import json
import time
from dataclasses import replace

import yaml

from controller.app import clock
from controller.cli import exits
from controller.cli.context import pick, settings_of
from controller.cli.views import document, newest, plain_table
from controller.core.report import Report

POLL_SECONDS = 0.5


def get(options: argparse.Namespace) -> int:
    """Print the projects; with --watch again whenever they change."""
    settings = settings_of(options)
    shown: object = None
    while True:
        report = _chosen(newest(settings), options.names)
        if report.essence != shown:
            print(_text(report, options.output), flush=True)
            shown = report.essence
        if not options.watch:
            return exits.OK
        time.sleep(POLL_SECONDS)


def _chosen(report: Report, names: list[str]) -> Report:
    if not names:
        return report
    wanted = {pick(name, [project.name for project in report.projects]) for name in names}
    return replace(report, projects=tuple(p for p in report.projects if p.name in wanted))


def _text(report: Report, output: str) -> str:
    match output:
        case "name":
            return "\n".join(f"project/{project.name}" for project in report.projects)
        case "json":
            return json.dumps(document(report), indent=2, ensure_ascii=False)
        case "yaml":
            return yaml.safe_dump(document(report), allow_unicode=True, sort_keys=False).rstrip()
        case _:
            return plain_table(report.projects, clock(), wide=output == "wide")
