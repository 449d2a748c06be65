"""The store: memory, events and the newest report in one SQLite file.

One transaction a tick, and only when something changed. A file that is missing or broken is set
aside, and memory is rebuilt from the rows, the runs' folders and what runs.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from controller.core.errors import TransientError
from controller.core.events import Event
from controller.core.memory import Memory, ProjectMemory
from controller.core.report import Report

EVENTS_KEPT = 10_000
DEADLINE = 5.0
"""Seconds that a call waits for another process's transaction."""
_SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS projects (name TEXT PRIMARY KEY, memory BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, project TEXT NOT NULL, reason TEXT NOT NULL,
    message TEXT NOT NULL, warning INTEGER NOT NULL);
"""
_PROJECT = TypeAdapter(ProjectMemory)
_REPORT = TypeAdapter(Report)


class StoreUnavailable(TransientError):
    """The file cannot be read or written just now (disk full, read-only, locked)."""


class Store:
    """Memory on disk.

    Args:
        path: The database file; its folder is made at need, 0700.
        now: The clock, for the name of a file that is set aside.
        readonly: Only look: nothing is made, and a file that is missing or broken is empty.

    Raises:
        StoreUnavailable: The file cannot be made.
    """

    def __init__(self, path: Path, now: Callable[[], datetime], *, readonly: bool = False) -> None:
        self._path = path
        self._saved: dict[str, ProjectMemory] = {}
        self._essence: tuple[object, ...] = ()
        self.set_aside: Path | None = None
        if readonly:
            self._db = _look(path)
            return
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                self._db = _open(path)
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError) and not _is_broken(error):
                    raise
                self.set_aside = path.with_name(f"{path.name}.broken-{now():%Y%m%dT%H%M%S}")
                path.rename(self.set_aside)
                for suffix in ("-wal", "-shm"):
                    with suppress(FileNotFoundError):
                        path.with_name(path.name + suffix).unlink()
                self._db = _open(path)
        except (OSError, sqlite3.Error) as error:
            raise _unavailable(path, error) from error

    def load(self) -> Memory:
        """What was remembered; a project whose memory is broken is left out, to be rebuilt.

        Raises:
            StoreUnavailable: The file cannot be read.
        """
        members: dict[str, ProjectMemory] = {}
        for name, blob in self._all("SELECT name, memory FROM projects"):
            with suppress(ValidationError):
                members[name] = _PROJECT.validate_json(blob)
        self._saved = dict(members)
        prune = self._all("SELECT value FROM facts WHERE name = 'prune'")
        return Memory(members, _digest(prune))

    def save(self, memory: Memory, report: Report, events: Sequence[Event] = ()) -> bool:
        """Commit what changed since the last save, in one transaction.

        Returns:
            Whether there was anything to write.

        Raises:
            StoreUnavailable: Nothing was written.
        """
        changed = {
            name: member
            for name, member in memory.projects.items()
            if self._saved.get(name) is not member and self._saved.get(name) != member
        }
        gone = [name for name in self._saved if name not in memory.projects]
        essence = (*report.essence, memory.prune)
        if not (changed or gone or events or self._essence != essence):
            return False
        try:
            facts = {"prune": memory.prune.encode(), "report": _REPORT.dump_json(report)}
        except ValueError as error:
            raise _unavailable(self._path, error) from error
        try:
            with self._db:
                self._write(changed, gone, facts, events)
        except (sqlite3.Error, ValueError) as error:
            raise _unavailable(self._path, error) from error
        self._saved = dict(memory.projects)
        self._essence = essence
        return True

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _write(
        self,
        changed: Mapping[str, ProjectMemory],
        gone: Sequence[str],
        facts: Mapping[str, bytes],
        events: Sequence[Event],
    ) -> None:
        blobs = [(name, _PROJECT.dump_json(member)) for name, member in changed.items()]
        self._db.executemany("INSERT OR REPLACE INTO projects VALUES (?, ?)", blobs)
        self._db.executemany("DELETE FROM projects WHERE name = ?", [(name,) for name in gone])
        self._db.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", list(facts.items()))
        rows = [(e.at.isoformat(), e.project, e.reason, e.message, e.warning) for e in events]
        self._db.executemany(
            "INSERT INTO events (at, project, reason, message, warning) VALUES (?, ?, ?, ?, ?)",
            rows,
        )
        if rows:
            self._db.execute(
                "DELETE FROM events WHERE id <= (SELECT max(id) FROM events) - ?", (EVENTS_KEPT,)
            )

    def _all(self, query: str) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(query).fetchall()
        except sqlite3.Error as error:
            raise _unavailable(self._path, error) from error


def read_report(path: Path) -> Report | None:
    """The newest report in a store that another process may be writing; None where there is none.

    Raises:
        StoreUnavailable: It cannot be read just now.
    """
    if not path.exists():
        return None
    db = _look(path)
    try:
        row = db.execute("SELECT value FROM facts WHERE name = 'report'").fetchone()
        return _REPORT.validate_json(row[0]) if row else None
    except ValidationError:
        return None
    except sqlite3.Error as error:
        raise _unavailable(path, error) from error
    finally:
        db.close()


def _open(path: Path) -> sqlite3.Connection:
    path.touch(mode=0o600)
    db = sqlite3.connect(path, timeout=DEADLINE, check_same_thread=False)
    try:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version > _SCHEMA_VERSION:
            raise sqlite3.OperationalError(
                f"it was written by a newer version (its form is {version}, "
                f"this one knows {_SCHEMA_VERSION}); upgrade, or set the file aside"
            )
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        if db.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("the file is damaged")
        db.executescript(_SCHEMA)
        _probe(db)
        if version != _SCHEMA_VERSION:
            db.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
    except BaseException:
        db.close()
        raise
    return db


def _digest(rows: list[tuple[Any, ...]]) -> str:
    """The digest of a blocked mass stop; one that cannot be read is none."""
    value = rows[0][0] if rows else b""
    try:
        return value.decode() if isinstance(value, bytes) else ""
    except ValueError:
        return ""


def _probe(db: sqlite3.Connection) -> None:
    """Tables of another form are as good as none.

    Raises:
        sqlite3.DatabaseError: A column is missing.
    """
    try:
        db.execute("SELECT name, memory FROM projects LIMIT 1")
        db.execute("SELECT name, value FROM facts LIMIT 1")
        db.execute("SELECT id, at, project, reason, message, warning FROM events LIMIT 1")
    except sqlite3.OperationalError as error:
        raise sqlite3.DatabaseError(f"its tables have another form: {error}") from error


def _look(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing; to an empty database where there is none."""
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=DEADLINE)
        db.execute("SELECT count(*) FROM projects").fetchone()
    except sqlite3.Error:
        db = sqlite3.connect(":memory:")
        db.executescript(_SCHEMA)
    return db


def _is_broken(error: sqlite3.OperationalError) -> bool:
    return getattr(error, "sqlite_errorname", "") in {"SQLITE_CORRUPT", "SQLITE_NOTADB"}


def _unavailable(path: Path, error: Exception) -> StoreUnavailable:
    text = f"{path}: {error}; check the disk and the folder's owner"
    return StoreUnavailable("StoreUnavailable", text)
