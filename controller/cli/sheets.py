"""`sheets`: make a Google Sheet ready, and copy the list between it and a CSV file."""

import argparse
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

from controller.cli import exits
from controller.cli.context import settings_of
from controller.cli.terminal import command, warn
from controller.core.errors import TerminalError
from controller.core.faults import shorten
from controller.core.row import PROJECT
from controller.layout import ROW_SCHEMA
from controller.parts.sources import build_file, build_sheet, read_row_schema
from controller.printable import clean
from controller.sources.base import Snapshot
from controller.sources.csv_text import lines_of, stored
from controller.sources.google_sheets import GoogleSheet
from controller.sources.list_copy import Copy, Growing, plan_copy


def sheets(options: argparse.Namespace) -> int:
    """Do what is asked for; 0 done, or nothing to do, 1 something is left to do."""
    if options.deed == "init":
        return _init(options)
    return _copy(options, into_sheet=options.deed == "push")


def _init(options: argparse.Namespace) -> int:
    """Make the sheet ready; no row of it is changed."""
    settings = settings_of(options)
    schema = read_row_schema(settings.paths.schemas / ROW_SCHEMA)
    with closing(cast("GoogleSheet", build_sheet(settings, schema, os.environ))) as sheet:
        new = sheet.prepare()
    print(clean(f"{sheet.name} is ready" + ("; its header was written" if new else "")))
    return exits.OK


def _copy(options: argparse.Namespace, *, into_sheet: bool) -> int:
    """Show what a copy does, and do it with `--yes`."""
    settings = settings_of(options)
    schema = read_row_schema(settings.paths.schemas / ROW_SCHEMA)
    csv = settings.priority_source.csv
    path = Path(options.file).absolute() if options.file else csv.file
    sheet = cast("Growing", build_sheet(settings, schema, os.environ))
    file = cast("Growing", build_file(settings, schema, path))
    origin, target = (file, sheet) if into_sheet else (sheet, file)
    names = (origin.name, target.name)
    with closing(sheet), closing(file):
        found = origin.read()
        new = not into_sheet and not path.exists()
        known = Snapshot("", (), ()) if new else target.read()
        plan = plan_copy(found, known, names, stored if new else target.stored)
        for line in _told(plan):
            print(clean(line))
        if not plan:
            print(clean(f"{target.name} says all that {origin.name} says"))
            return exits.OK
        if not options.yes:
            again = f"{command()} sheets {options.deed} --yes"
            warn(f"nothing was done to {target.name}; to do it: {again}")
            return exits.NO
        if new:
            _create(path, plan.columns, csv.encoding)
            plan = plan_copy(found, target.read(), names, target.stored)
        return _do(plan, target)


def _do(plan: Copy, target: Growing) -> int:
    if plan.columns or plan.added:
        target.extend(plan.columns, plan.added)
    lost = target.write(plan.changed).conflicts if plan.changed else ()
    for edit in lost:
        warn(f"{edit.row.cell(PROJECT)}: not written, for it was changed meanwhile; look again")
    print(clean(f"{target.name} is written"))
    return exits.NO if lost else exits.OK


def _create(path: Path, columns: tuple[str, ...], encoding: str) -> None:
    """Make a list of no rows.

    Raises:
        TerminalError: It cannot be made.
    """
    try:
        with path.open("x", encoding=encoding, errors="replace", newline="") as file:
            file.write(lines_of("", [columns]))
    except OSError as error:
        raise TerminalError("FileNotWritable", f"{path}: {error.strerror}") from error


def _told(plan: Copy) -> Iterator[str]:
    """What would be done, a line each."""
    if plan.columns:
        yield f"add columns  {', '.join(plan.columns)}"
    for cells in plan.added:
        yield f"add row      {cells[PROJECT].strip()}"
    for edit in plan.changed:
        yield f"change       {edit.row.cell(PROJECT)}: " + ", ".join(
            f"{column} {_quoted(edit.row.cells.get(column, ''))} to {_quoted(text)}"
            for column, text in edit.cells.items()
        )
    for name in plan.left:
        yield f"leave        {name}: only there; delete it by hand where it is not wanted"


def _quoted(text: str) -> str:
    return f'"{shorten(text, 40)}"'
