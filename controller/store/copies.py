"""Copies of the database, taken and put back by SQLite's own backup, while it is in use."""

import sqlite3
from contextlib import closing
from pathlib import Path

from controller.store.database import DEADLINE, look_at, open_database, unavailable


def copy_out(database: Path, to: Path) -> int:
    """Copy the memory as it is at this moment; a controller may go on writing it.

    Args:
        database: The one in use.
        to: Where no file is yet. It gets no second file beside it.

    Returns:
        How many projects are remembered.

    Raises:
        FileNotFoundError: There is no database.
        StoreUnavailable: It cannot be read, or the copy cannot be written.
    """
    if not database.exists():
        raise FileNotFoundError(database)
    try:
        with closing(look_at(database)) as source, closing(sqlite3.connect(to)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
            (projects,) = copy.execute("SELECT count(*) FROM projects").fetchone()
    except sqlite3.Error as error:
        raise unavailable(database, error) from error
    return int(projects)


def copy_in(copy: Path, database: Path) -> None:
    """Put a copy in the place of the memory, all of it or nothing; no controller may run.

    Args:
        copy: As `copy_out` left it, of this version's form or an older one; it stays as it is.
        database: A sound one.

    Raises:
        StoreUnavailable: The memory is as it was.
    """
    try:
        with (
            closing(sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(database, timeout=DEADLINE)) as target,
        ):
            source.backup(target)
        open_database(database).close()  # brings an older form to this version's
    except sqlite3.Error as error:
        raise unavailable(database, error) from error
