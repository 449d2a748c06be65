"""The list, of the kind that the settings mean, and the rules that its rows are held against."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from controller.agents.demo import NAME as DEMO
from controller.core.errors import TerminalError
from controller.core.faults import shorten
from controller.core.row_schema import RowSchema
from controller.deadline import cpu_limit
from controller.files import read_small
from controller.layout import BACKUPS, SHEET_DEBTS, SHEET_ORDERS, SHEET_TAB
from controller.settings import Settings
from controller.sources.backups import Backups
from controller.sources.base import Source
from controller.sources.google_sheets_address import SheetAddress
from controller.sources.registry import source_class
from controller.sources.source_choice import Choice, choose

SCHEMA_SECONDS = 5.0
"""On a processor, to make sense of the rows' schema; the shipped one takes 10 ms."""


def read_row_schema(path: Path) -> RowSchema:
    """The schema that rows are held against.

    Raises:
        TerminalError: It is missing, no JSON, or no JSON Schema.
    """
    try:
        with cpu_limit(SCHEMA_SECONDS):
            return RowSchema(json.loads(read_small(path)), frozenset({DEMO}))
    except TimeoutError as error:
        text = f"{path}: its rules refer to one another without an end in sight; simplify them"
        raise TerminalError("SchemaTooSlow", text) from error
    except OSError as error:
        text = f"{path}: {error.strerror}; see paths.schemas"
        raise TerminalError("SchemaUnavailable", text) from error
    except (ValueError, RecursionError) as error:
        text = f"{path}: it is no JSON: {shorten(str(error), 200)}"
        raise TerminalError("SchemaUnavailable", text) from error
    except TerminalError as error:
        raise TerminalError(error.reason, f"{path}: {error.message}") from error


def sheet_address(settings: Settings) -> SheetAddress | None:
    """The sheet that the settings name; None where they name none.

    Raises:
        TerminalError: Their url is none of a sheet.
    """
    sheets = settings.priority_source.sheets
    address = SheetAddress.of(sheets.url, sheets.spreadsheet_name, sheets.worksheet_name)
    if address is None and sheets.url.strip():
        text = (
            f"priority_source.sheets.url: {shorten(sheets.url)!r} is no sheet's address; take it "
            "from the browser (https://docs.google.com/spreadsheets/d/…)"
        )
        raise TerminalError("SheetAddressInvalid", text)
    return address


def source_choice(settings: Settings, environment: Mapping[str, str]) -> Choice:
    """Which kind of list the settings mean, and why.

    Raises:
        TerminalError: Their url is none of a sheet.
    """
    section = settings.priority_source
    if section.type == "csv":
        return choose("csv", None, None, environment)
    file = section.sheets.credentials_file
    return choose(section.type.value, sheet_address(settings), file, environment)


def build_source(
    settings: Settings,
    schema: RowSchema,
    environment: Mapping[str, str],
    count: Callable[[str], None] = lambda _code: None,
) -> Source:
    """The list that the settings mean.

    Args:
        settings: The settings, with absolute paths.
        schema: What rows are held against.
        environment: The process's environment.
        count: Told the status of each answer of Google's.

    Raises:
        TerminalError: Their url is none of a sheet.
    """
    if source_choice(settings, environment).kind == "sheets":
        return build_sheet(settings, schema, environment, count)
    return build_file(settings, schema, settings.priority_source.csv.file)


def build_sheet(
    settings: Settings,
    schema: RowSchema,
    environment: Mapping[str, str],
    count: Callable[[str], None] = lambda _code: None,
) -> Source:
    """The sheet that the settings name; arguments as of `build_source`.

    Raises:
        TerminalError: They name none, or their url is none of a sheet.
    """
    address = sheet_address(settings)
    if address is None:
        text = "which sheet? set priority_source.sheets.url or spreadsheet_name"
        raise TerminalError("SheetUnnamed", text)
    sheets = settings.priority_source.sheets
    return source_class("sheets")(
        address,
        credentials_file=sheets.credentials_file,
        environment=environment,
        endpoint=sheets.endpoint,
        required=schema.required,
        poll=sheets.poll_interval,
        count=count,
        debts=settings.paths.state / SHEET_DEBTS,
        orders=settings.paths.state / SHEET_ORDERS,
        tab=settings.paths.state / SHEET_TAB,
    )


def build_file(settings: Settings, schema: RowSchema, path: Path) -> Source:
    """A CSV file as a list.

    Args:
        settings: The settings, with absolute paths.
        schema: What rows are held against.
        path: The file, absolute.
    """
    csv = settings.priority_source.csv
    here = Path.cwd()
    file = path.relative_to(here) if path.is_relative_to(here) else path
    return source_class("csv")(
        file,
        encoding=csv.encoding,
        required=schema.required,
        backups=Backups(settings.paths.state / BACKUPS, file.name, csv.backups),
        editor_wait=csv.editor_wait,
    )
