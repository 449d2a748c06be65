"""The SQLite file: its form, how it is opened, and how a look at it differs."""

import sqlite3
from pathlib import Path

from controller.core.errors import TransientError
from controller.files import append_to, not_permitted

DEADLINE = 5.0
"""Seconds that a call waits for another process's transaction."""
VERSION = 2
_SCHEMA = """
CREATE TABLE IF NOT EXISTS projects (name TEXT PRIMARY KEY, memory BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, first_at REAL NOT NULL, at REAL NOT NULL,
    count INTEGER NOT NULL, project TEXT NOT NULL, reason TEXT NOT NULL, message TEXT NOT NULL,
    warning INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS events_alike ON events (project, reason, at);
"""
_FROM_1 = """
ALTER TABLE events RENAME TO events_1;
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, first_at REAL NOT NULL, at REAL NOT NULL,
    count INTEGER NOT NULL, project TEXT NOT NULL, reason TEXT NOT NULL, message TEXT NOT NULL,
    warning INTEGER NOT NULL);
INSERT INTO events (id, first_at, at, count, project, reason, message, warning)
    SELECT id, strftime('%s', at) + 0.0, strftime('%s', at) + 0.0, 1, project, reason, message,
    warning FROM events_1 WHERE strftime('%s', at) IS NOT NULL ORDER BY id;
DROP TABLE events_1;
"""


class StoreUnavailable(TransientError):
    """The file cannot be read or written just now (disk full, read-only, locked)."""


def identity(path: Path) -> tuple[int, int] | None:
    """What tells the file at this place from another one; None where there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def unavailable(path: Path, error: Exception) -> StoreUnavailable:
    """The error of a file that cannot be used."""
    if isinstance(error, PermissionError):
        return StoreUnavailable("StoreUnavailable", not_permitted(path))
    text = f"{path}: {error}; check the disk and the folder's owner"
    return StoreUnavailable("StoreUnavailable", text)


def open_database(path: Path) -> sqlite3.Connection:
    """Open the file to read and write; it is made, or brought to this version's form, at need.

    Raises:
        sqlite3.DatabaseError: It is damaged, or of another form.
        sqlite3.OperationalError: It cannot be used just now, or a newer version wrote it.
    """
    append_to(path).close()  # SQLite gives its other files the mode of this one
    db = sqlite3.connect(path, timeout=DEADLINE, check_same_thread=False)
    try:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise sqlite3.OperationalError(
                f"it was written by a newer version (its form is {version}, "
                f"this one knows {VERSION}); upgrade, or set the file aside"
            )
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        if db.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("the file is damaged")
        if version == 1:
            _migrate(db)
        db.executescript(_SCHEMA)
        _probe(db)
        if version != VERSION:
            db.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        db.close()
        raise
    return db


def look(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing; to an empty database where there is none."""
    try:
        return look_at(path)
    except sqlite3.Error:
        db = sqlite3.connect(":memory:", check_same_thread=False)
        db.executescript(_SCHEMA)
        return db


def look_at(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing.

    Raises:
        sqlite3.Error: There is no file, or none of this form.
    """
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=DEADLINE, check_same_thread=False
    )
    try:
        _probe(db)
    except sqlite3.Error:
        db.close()
        raise
    return db


def is_broken(error: sqlite3.OperationalError) -> bool:
    """Whether the file itself is at fault, and not its surroundings."""
    return getattr(error, "sqlite_errorname", "") in {"SQLITE_CORRUPT", "SQLITE_NOTADB"}


def _migrate(db: sqlite3.Connection) -> None:
    try:
        # The number changes with the tables: a death between them would migrate them twice.
        db.executescript(f"BEGIN; {_FROM_1} PRAGMA user_version = {VERSION}; COMMIT;")
    except sqlite3.OperationalError as error:
        db.rollback()
        if is_broken(error) or "no such" in str(error):
            raise sqlite3.DatabaseError(f"its tables have another form: {error}") from error
        raise


def _probe(db: sqlite3.Connection) -> None:
    """Tables of another form are as good as none.

    Raises:
        sqlite3.DatabaseError: A column is missing.
    """
    try:
        db.execute("SELECT name, memory FROM projects LIMIT 1")
        db.execute("SELECT name, value FROM facts LIMIT 1")
        db.execute(
            "SELECT id, first_at, at, count, project, reason, message, warning FROM events LIMIT 1"
        )
    except sqlite3.OperationalError as error:
        raise sqlite3.DatabaseError(f"its tables have another form: {error}") from error
