"""What is done to a sheet by a person's command alone: made ready, added to, tried out."""

from collections.abc import Mapping, Sequence

from controller.core.row import KNOWN_COLUMNS
from controller.sources.google_sheets_client import Line, SheetClient
from controller.sources.google_sheets_faults import SheetFault
from controller.sources.google_sheets_layout import layout
from controller.sources.google_sheets_table import parse_values
from controller.sources.header import resolve_header


def prepare(client: SheetClient, required: Sequence[str], name: str) -> bool:
    """Write the header where the tab is empty, and lay the tab out; no other text is changed.

    Args:
        client: The calls.
        required: The columns without which the list is none.
        name: What messages call the list.

    Returns:
        Whether the header was written.

    Raises:
        SheetFault: It failed; doing it again does no harm.
        SourceInvalid: The tab holds something else than a list.
    """
    _check_writable(client, name)
    values = client.read()
    empty = not any(str(cell).strip() for line in values for cell in line)
    header = tuple(dict.fromkeys((*KNOWN_COLUMNS, *required))) if empty else values[0]
    columns = resolve_header(tuple(map(str, header)), required=required, name=name)
    tab = client.tab()
    if empty:
        _widen(client, tab, len(columns))
        client.write([Line(1, dict(enumerate(columns, start=1)))], len(columns))
    client.arrange(layout(client.gid, columns, tab))
    return empty


def extend(
    client: SheetClient,
    required: Sequence[str],
    name: str,
    columns: Sequence[str],
    rows: Sequence[Mapping[str, str]],
) -> None:
    """Add columns behind the last one, and rows below the others; see `Growing.extend`.

    Raises:
        SheetFault: It failed; a part of it may be done.
        SourceEmpty, SourceInvalid: The tab is no list.
    """
    _check_writable(client, name)
    table = parse_values(client.read(), required=required, name=name)
    known = (*table.snapshot.columns, *columns)
    if columns:
        wanted = [*table.header, *columns]
        _widen(client, client.tab(), len(wanted))
        behind = enumerate(columns, start=len(table.header) + 1)
        _, (found,) = client.write([Line(1, dict(behind))], len(wanted))
        if list(map(str, found)) != wanted:
            text = f"the header of {name} was changed in the same moment; look at it, and try again"
            raise SheetFault("SheetBusy", text)
    if rows:
        client.append([[row.get(column, "") for column in known] for row in rows])


def probe(client: SheetClient, name: str) -> None:
    """Find out whether the tab can be written, by a write that changes no cell.

    Raises:
        SheetFault: It cannot, or Google could not be asked.
    """
    _check_writable(client, name)
    values = client.read()
    client.write([Line(2, {})] if len(values) > 1 else [], len(values[0]) if values else 1)


def _widen(client: SheetClient, tab: Mapping[str, object], columns: int) -> None:
    """Add columns to the grid where it has too few: no text can be written beyond it."""
    properties = tab.get("properties", {})
    grid = properties.get("gridProperties", {}) if isinstance(properties, dict) else {}
    missing = columns - int(grid.get("columnCount", columns))
    if missing > 0:
        added = {"sheetId": client.gid, "dimension": "COLUMNS", "length": missing}
        client.arrange([{"appendDimension": added}])


def _check_writable(client: SheetClient, name: str) -> None:
    if client.readonly:
        text = f"{name}: an API key can read alone; use a service account's key to write"
        raise SheetFault("SheetReadOnly", text, permanent=True)
