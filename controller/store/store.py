"""Memory, events and the newest report on disk.

At most two transactions a tick: what was heard, before it is acted on, and what came of it; and
only when something changed. A file that is missing or broken is set aside, and memory is rebuilt
from the rows, the runs' folders and what runs.
"""

import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from controller.core.events import Event
from controller.core.memory import Memory, ProjectMemory
from controller.core.outbox import Noticed
from controller.core.report import Report
from controller.files import make_folder
from controller.store.database import identity, is_broken, look, open_database, unavailable
from controller.store.facts import (
    dump_noticed,
    dump_report,
    dump_shared,
    read_noticed,
    read_shared,
    shared,
)
from controller.store.journal import append

log = logging.getLogger(__name__)

_PROJECT = TypeAdapter(ProjectMemory)


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
        self._saved: dict[str, ProjectMemory | None] = {}
        self._essence: tuple[object, ...] = ()
        self._noticed = Noticed()
        self.set_aside: Path | None = None
        self._identity = identity(path)
        if readonly:
            self._db = look(path)
            return
        try:
            make_folder(path.parent)
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
        self._identity = identity(path)

    def lost(self) -> bool:
        """Whether another file is at the database's place, or none: somebody cleared it away."""
        return identity(self._path) != self._identity

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
        return read_shared(members, dict(self._all("SELECT name, value FROM facts")))

    def load_noticed(self) -> Noticed:
        """What people were told; nothing where that cannot be understood.

        Raises:
            StoreUnavailable: The file cannot be read.
        """
        self._noticed = read_noticed(dict(self._all("SELECT name, value FROM facts")))
        return self._noticed

    def keep_noticed(self, noticed: Noticed) -> None:
        """Commit what people were told, where no tick follows that would.

        Raises:
            StoreUnavailable: Nothing was written.
        """
        self._write({}, (), dump_noticed(noticed), ())
        self._noticed = noticed

    def save(
        self,
        memory: Memory,
        report: Report,
        events: Sequence[Event] = (),
        noticed: Noticed | None = None,
    ) -> bool:
        """Commit what changed since the last save, in one transaction.

        Args:
            memory: What is remembered.
            report: The newest report.
            events: What happened.
            noticed: What people were told; None for what was saved last.

        Returns:
            Whether there was anything to write.

        Raises:
            StoreUnavailable: Nothing was written.
        """
        if self.lost():
            self._make_anew()
        changed, gone = self._differences(memory)
        essence = (*report.essence, *shared(memory))
        noticed = noticed or self._noticed
        told = noticed is not self._noticed or not self._essence
        if not (changed or gone or events or told or self._essence != essence):
            return False
        try:
            facts = dump_shared(memory) | dump_report(report)
            if told:
                facts |= dump_noticed(noticed)
        except ValueError as error:
            raise unavailable(self._path, error) from error
        self._write(changed, gone, facts, events)
        self._saved = dict(memory.projects)
        self._essence = essence
        self._noticed = noticed
        return True

    def commit(self, memory: Memory, events: Sequence[Event]) -> None:
        """Commit memory and events in the midst of a tick, whose report is not made yet.

        Raises:
            StoreUnavailable: Nothing was written.
        """
        if self.lost():
            self._make_anew()
        changed, gone = self._differences(memory)
        self._write(changed, gone, dump_shared(memory), events)
        self._saved = dict(memory.projects)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _make_anew(self) -> None:
        """Make the file again, to take in all that this process remembers.

        Raises:
            StoreUnavailable: It cannot be made just now.
        """
        try:
            make_folder(self._path.parent)
            fresh = open_database(self._path)
        except (OSError, sqlite3.Error) as error:
            raise unavailable(self._path, error) from error
        try:
            known = fresh.execute("SELECT name FROM projects").fetchall()
        except sqlite3.Error as error:
            fresh.close()
            raise unavailable(self._path, error) from error
        self._db.close()
        self._db, self._identity = fresh, identity(self._path)
        # Somebody may have put another one there: what it has of projects that are none goes, too.
        self._saved, self._essence = {name: None for (name,) in known}, ()
        log.warning("%s was taken away; it is made again from what is remembered", self._path)

    def _differences(self, memory: Memory) -> tuple[dict[str, ProjectMemory], list[str]]:
        """What changed since the last save, and names of those that are gone."""
        changed = {
            name: member
            for name, member in memory.projects.items()
            if self._saved.get(name) is not member and self._saved.get(name) != member
        }
        return changed, [name for name in self._saved if name not in memory.projects]

    def _write(
        self,
        changed: Mapping[str, ProjectMemory],
        gone: Sequence[str],
        facts: Mapping[str, bytes],
        events: Sequence[Event],
    ) -> None:
        """One transaction.

        Raises:
            StoreUnavailable: Nothing was written.
        """
        try:
            blobs = [(name, _PROJECT.dump_json(member)) for name, member in changed.items()]
            with self._db as db:
                db.executemany("INSERT OR REPLACE INTO projects VALUES (?, ?)", blobs)
                db.executemany("DELETE FROM projects WHERE name = ?", [(name,) for name in gone])
                db.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", list(facts.items()))
                append(db, events)
        except (sqlite3.Error, ValueError) as error:
            raise unavailable(self._path, error) from error

    def _all(self, query: str) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(query).fetchall()
        except sqlite3.Error as error:
            raise unavailable(self._path, error) from error
