"""`events`: what happened, from the journal; it is there whether a controller runs or not."""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from controller.cli import exits
from controller.cli.columns import age, table
from controller.cli.context import settings_in_force
from controller.cli.forms import as_line, as_text
from controller.core.documents import event_document, events_document
from controller.core.errors import NotFound
from controller.core.events import Entry
from controller.core.names import pick
from controller.layout import DATABASE, clock
from controller.store import Journal, read_report

POLL_SECONDS = 0.5
_ALL = 100_000
"""More than the journal ever keeps."""
_HEADER = ("age", "count", "reason", "project", "message")
_LIMITS = (6, 6, 24, 28, 120)
_LEAST = (6, 5, 16, 16, 0)
"""Widths of a table that grows: what comes later is seldom wider."""


def events(options: argparse.Namespace) -> int:
    """Print the newest events, the oldest first; with --follow those that come, too."""
    database = settings_in_force(options).paths.state / DATABASE
    project = _project(database, options.name)
    seen = _seq(_read(database, last=1))
    entries = _read(database, project=project, last=options.last) if options.last else []
    if not options.follow:
        _print(entries, options.output)
        return exits.OK
    _print_more(entries, options.output, header=True)
    while True:
        seen = max(seen, _seq(entries))
        time.sleep(POLL_SECONDS)
        entries = _read(database, after=seen, project=project, last=_ALL)
        _print_more(entries, options.output)


def _read(
    database: Path, *, last: int, after: int = 0, project: str | None = None
) -> Sequence[Entry]:
    """The journal's entries; it is opened for each look, for the file may be made only now."""
    journal = Journal(database)
    try:
        return journal.read(after=after, project=project, last=last)
    finally:
        journal.close()


def _project(database: Path, name: str | None) -> str | None:
    """The full name of a project, be it one that is long gone; None for all."""
    if name is None:
        return None
    report = read_report(database)
    try:
        return pick(name, [item.name for item in report.projects] if report else [])
    except NotFound:
        told = (entry.project for entry in _read(database, last=_ALL))
        return pick(name, dict.fromkeys(name for name in told if name))


def _print(entries: Sequence[Entry], output: str) -> None:
    if output == "table":
        if entries:
            print(table(_HEADER, _rows(entries), _LIMITS))
        else:
            print("no events")
    else:
        print(as_text(events_document(entries), output))


def _print_more(entries: Sequence[Entry], output: str, *, header: bool = False) -> None:
    """Print lines of a list that grows: a JSON object a line, a YAML document each."""
    match output:
        case "json":
            lines = [as_line(event_document(entry)) for entry in entries]
        case "yaml":
            lines = [f"---\n{as_text(event_document(entry), output)}" for entry in entries]
        case _:
            lines = [table(_HEADER if header else (), _rows(entries), _LIMITS, _LEAST)]
    text = "\n".join(lines)
    if text:
        print(text, flush=True)


def _rows(entries: Sequence[Entry]) -> list[tuple[str, ...]]:
    now = clock()
    return [(age(e.at, now), f"x{e.count}", e.reason, e.project, e.message) for e in entries]


def _seq(entries: Sequence[Entry]) -> int:
    return entries[-1].seq if entries else 0
