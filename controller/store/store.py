"""Memory, events and the newest report on disk.

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

from controller.core.events import Event
from controller.core.memory import Memory, ProjectMemory
from controller.core.report import Report
from controller.store.database import is_broken, look, open_database, unavailable
from controller.store.journal import append

_PROJECT = TypeAdapter(ProjectMemory)
_REPORT = TypeAdapter(Report)


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
            self._db = look(path)
            return
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                self._db = open_database(path)
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError) and not is_broken(error):
                    raise
                self.set_aside = path.with_name(f"{path.name}.broken-{now():%Y%m%dT%H%M%S}")
                path.rename(self.set_aside)
                for suffix in ("-wal", "-shm"):
                    with suppress(FileNotFoundError):
                        path.with_name(path.name + suffix).unlink()
                self._db = open_database(path)
        except (OSError, sqlite3.Error) as error:
            raise unavailable(path, error) from error

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
            raise unavailable(self._path, error) from error
        try:
            with self._db:
                self._write(changed, gone, facts, events)
        except (sqlite3.Error, ValueError) as error:
            raise unavailable(self._path, error) from error
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
        append(self._db, events)

    def _all(self, query: str) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(query).fetchall()
        except sqlite3.Error as error:
            raise unavailable(self._path, error) from error


def read_report(path: Path) -> Report | None:
    """The newest report in a store that another process may be writing; None where there is none.

    Raises:
        StoreUnavailable: It cannot be read just now.
    """
    if not path.exists():
        return None
    db = look(path)
    try:
        row = db.execute("SELECT value FROM facts WHERE name = 'report'").fetchone()
        return _REPORT.validate_json(row[0]) if row else None
    except ValidationError:
        return None
    except sqlite3.Error as error:
        raise unavailable(path, error) from error
    finally:
        db.close()


def _digest(rows: list[tuple[Any, ...]]) -> str:
    """The digest of a blocked mass stop; one that cannot be read is none."""
    value = rows[0][0] if rows else b""
    try:
        return value.decode() if isinstance(value, bytes) else ""
    except ValueError:
        return ""
