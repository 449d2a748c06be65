"""A sheet as a test has it: Google, a list in it, and the source that reads it."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from controller.sources.base import Edit, Snapshot
from controller.sources.google_sheets import GoogleSheet
from controller.sources.google_sheets_address import SheetAddress
from tests.sheets.accounts import EMAIL, write_key
from tests.sheets.emulator import KEY, Emulator
from tests.sources.benches import COLUMNS, row


def fill(google: Emulator, *projects: str) -> None:
    """Share the sheet, and fill it."""
    google.book.writers.add(EMAIL)
    google.tab.save([row(name) for name in projects], COLUMNS)


def sheet(
    google: Emulator,
    folder: Path,
    address: SheetAddress | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    poll: float = 60.0,
    pace: float = 10.0,
    deadline: float = 20.0,
    codes: list[str] | None = None,
    orders: Path | None = None,
    tab: Path | None = None,
) -> GoogleSheet:
    """The source; its key file is made unless the environment is to name the credentials."""
    return GoogleSheet(
        address or SheetAddress(KEY),
        credentials_file=write_key(folder / "key.json", google.url)
        if environment is None
        else None,
        environment=MappingProxyType({}) if environment is None else environment,
        endpoint=google.url,
        poll=poll,
        pace=pace,
        deadline=deadline,
        count=(codes if codes is not None else []).append,
        orders=orders,
        tab=tab,
    )


def edit(snapshot: Snapshot, project: str, *, order: bool = False, **cells: str) -> Edit:
    """An edit of the first row of a project."""
    found = next(one for one in snapshot.rows if one.cell("Project") == project)
    wanted = {name.replace("_", " ").title(): text for name, text in cells.items()}
    return Edit(found, wanted, order)


def statuses(google: Emulator) -> dict[str, str]:
    """What the Status cells say, by project."""
    return {line["Project"]: line["Status"] for line in google.tab.table()}
