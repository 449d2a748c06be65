"""The journal: events on disk, bounded; what comes again is counted."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from controller.core.events import SIMILAR, SIMILAR_PREFIX, WINDOW, Entry, Event
from controller.store.database import identity, look_at, unavailable

EVENTS_KEPT = 10_000
_COLUMNS = "id, first_at, at, count, project, reason, message, warning"


def append(db: sqlite3.Connection, events: Sequence[Event]) -> None:
    """Add events within the caller's transaction.

    Raises:
        sqlite3.Error: Nothing may be taken for written.
    """
    for event in events:
        _append(db, event)
    if events:
        db.execute(
            "DELETE FROM events"
            " WHERE id <= (SELECT id FROM events ORDER BY id DESC LIMIT 1 OFFSET ?)",
            (EVENTS_KEPT,),
        )


def _append(db: sqlite3.Connection, event: Event) -> None:
    at = event.at.timestamp()
    since = at - WINDOW.total_seconds()
    alike = db.execute(
        "SELECT id, first_at, count, message FROM events "
        "WHERE project = ? AND reason = ? AND warning = ? AND at BETWEEN ? AND ?",
        (event.project, event.reason, event.warning, since, at),
    ).fetchall()
    message = event.message
    same = [row for row in alike if row[3] == message]
    if not same and len(alike) >= SIMILAR:
        same, message = alike, SIMILAR_PREFIX + event.message
    elif not same:
        same = [row for row in alike if row[3].startswith(SIMILAR_PREFIX)]
        message = SIMILAR_PREFIX + message if same else message
    db.executemany("DELETE FROM events WHERE id = ?", [(row[0],) for row in same])
    first = min((row[1] for row in same), default=at)
    count = sum(row[2] for row in same) + 1
    db.execute(
        "INSERT INTO events (first_at, at, count, project, reason, message, warning) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (first, at, count, event.project, event.reason, message, event.warning),
    )


class Journal:
    """Reads the events that another connection, or another process, writes.

    Args:
        path: The database; where there is none yet, the journal is empty until there is one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None

    def read(self, *, after: int = 0, project: str | None = None, last: int = 100) -> list[Entry]:
        """The newest events, the oldest first.

        Args:
            after: Only those behind this place in the journal.
            project: Only of this project; None for all, empty for the fleet's own.
            last: At most so many.

        Raises:
            StoreUnavailable: The file cannot be read just now.
        """
        found = identity(self._path)
        if found != self._identity:
            self.close()
        if self._db is None:
            if found is None:
                return []
            try:
                self._db, self._identity = look_at(self._path), found
            except sqlite3.Error:
                return []  # it is just being made, or no journal: another look tells
        where, values = "id > ?", [after]
        if project is not None:
            where, values = "id > ? AND project = ?", [after, project]  # type: ignore[list-item]
        query = f"SELECT {_COLUMNS} FROM events WHERE {where} ORDER BY id DESC LIMIT ?"  # noqa: S608
        try:
            rows = self._db.execute(query, (*values, last)).fetchall()
        except sqlite3.Error as error:
            raise unavailable(self._path, error) from error
        return [
            Entry(seq, _time(first), _time(at), count, name, reason, message, bool(warning))
            for seq, first, at, count, name, reason, message, warning in reversed(rows)
        ]

    def close(self) -> None:
        """Close the file."""
        if self._db is not None:
            self._db.close()
            self._db = None


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds).astimezone()
