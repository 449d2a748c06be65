"""Where things lie in the state folder, and what time it is: known to all who start a process."""

from datetime import datetime

LOCK = "controller.lock"
DATABASE = "sidekick.db"
SOCKET = "socket"
BACKUPS = "backups"
SNAPSHOTS = "snapshots"
SHEET_DEBTS = "sheet-writes.json"
SHEET_ORDERS = "sheet-orders.json"
SHEET_TAB = "sheet-tab.json"
TOKEN = "token"  # noqa: S105 - a file's name
ROW_SCHEMA = "row.schema.json"


def clock() -> datetime:
    """The time, in the local zone."""
    return datetime.now().astimezone()
