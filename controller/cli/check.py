"""`validate`: every fault of the list and of the settings."""

import argparse
import os
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from controller.cli import exits
from controller.cli.context import settings_of
from controller.cli.hints import columns_meant, projects_meant
from controller.cli.notify import address_faults
from controller.cli.terminal import warn
from controller.core.desired import Desired
from controller.core.errors import TerminalError
from controller.core.faults import Fault
from controller.core.project import Project, type_row
from controller.core.row import AGENT, MODEL, PROJECT
from controller.core.workload import routes
from controller.fleet import Fleet
from controller.layout import ROW_SCHEMA
from controller.parts.agents import build_agents
from controller.parts.limits import build_limits
from controller.parts.sources import build_source, read_row_schema
from controller.printable import clean
from controller.reading import RowReader
from controller.settings import Settings
from controller.settings.model import SourceType
from controller.sources.base import SourceEmpty, SourceInvalid


def validate(options: argparse.Namespace) -> int:
    """Check the settings and the list; 0 all valid, 1 something is not."""
    settings = settings_of(options)
    if options.file:
        file = Path(options.file)
        if not os.path.lexists(file):
            raise TerminalError("NoSuchFile", f"{file}: there is no such file")
        settings = _with_file(settings, file)
    addresses = address_faults(settings)
    for text in addresses:
        print(clean(text))
    schema = read_row_schema(settings.paths.schemas / ROW_SCHEMA)
    try:
        with closing(build_source(settings, schema, os.environ)) as source:
            snapshot = source.read()
            desired = RowReader(schema).parse(snapshot.rows)
    except (SourceEmpty, SourceInvalid) as error:
        print(clean(error.message))
        return exits.NO
    faults = [*(fault for row in desired.invalid for fault in row.faults)]
    faults += _unknown_words(desired, settings)
    for fault in sorted(faults, key=lambda item: item.line):
        column = f": column {fault.column}" if fault.column else ""
        print(clean(f"{source.name}:{fault.line}{column}: {fault.message}"))
    for text in columns_meant(snapshot.columns):
        warn(f"{source.name}: {text}")
    for text in projects_meant(settings.projects, [row.cell(PROJECT) for row in snapshot.rows]):
        warn(f"{settings.file}: {text}")
    if faults or addresses:
        return exits.NO
    print(clean(f"{source.name}: {len(desired.projects)} rows, all valid"))
    return exits.OK


def _unknown_words(desired: Desired, settings: Settings) -> list[Fault]:
    """Agents and models that the settings do not know."""
    limits = build_limits(settings, build_agents(settings), Fleet(settings.paths.state))
    named = [*desired.projects.values()]
    for invalid in desired.invalid:
        only = {name: invalid.row.cells.get(name, "") for name in (PROJECT, AGENT, MODEL)}
        typed = type_row(replace(invalid.row, cells=only))
        if isinstance(typed, Project):
            named.append(typed)
    answers = (routes(project, project.agent, limits) for project in named)
    return [answer for answer in answers if isinstance(answer, Fault)]


def _with_file(settings: Settings, file: Path) -> Settings:
    source = settings.priority_source
    csv = source.csv.model_copy(update={"file": file})
    update = {"type": SourceType.CSV, "csv": csv}
    return settings.model_copy(update={"priority_source": source.model_copy(update=update)})
