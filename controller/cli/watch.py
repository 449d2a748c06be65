"""The long way of `get`: every form, and again whenever something changes."""

import argparse
import time

from controller.cli.context import settings_in_force
from controller.cli.forms import as_text
from controller.cli.projects import chosen, listing
from controller.cli.terminal import warn
from controller.cli.views import newest
from controller.core.documents import report_document
from controller.core.report import Report
from controller.layout import clock

POLL_SECONDS = 0.5


def watch(options: argparse.Namespace) -> None:
    """Print the projects; with --watch again whenever they change."""
    settings = settings_in_force(options)
    shown: object = None
    told: tuple[str, ...] = ()
    while True:
        report, lines = newest(settings)
        if lines != told:
            for line in lines:
                warn(line)
            told = lines
        if report.essence != shown:
            print(_text(report, options), flush=True)
            shown = report.essence
        if not options.watch:
            return
        time.sleep(POLL_SECONDS)


def _text(report: Report, options: argparse.Namespace) -> str:
    values = report_document(report)
    values["projects"] = chosen(values["projects"], options.names)
    if options.output in {"json", "yaml"}:
        return as_text(values, options.output)
    return listing(values["projects"], options.output, clock())
