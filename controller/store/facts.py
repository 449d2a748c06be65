"""Facts: what is kept under a name, of no project alone."""

import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from controller.core.memory import Hold, Memory, ProjectMemory
from controller.core.outbox import Noticed
from controller.core.report import Report
from controller.core.spent import Day
from controller.store.database import look, unavailable

_REPORT = TypeAdapter(Report)
_HOLDS = TypeAdapter(dict[str, Hold])
_DAYS = TypeAdapter(dict[str, Day])
_NOTICED = TypeAdapter(Noticed)
_Value = TypeVar("_Value")


def shared(memory: Memory) -> tuple[object, ...]:
    """What is remembered of no project alone."""
    return (memory.prune, memory.holds, memory.days)


def dump_shared(memory: Memory) -> dict[str, bytes]:
    """The same, name by name."""
    return {
        "prune": memory.prune.encode(),
        "holds": _HOLDS.dump_json(dict(memory.holds)),
        "days": _DAYS.dump_json(dict(memory.days)),
    }


def read_shared(members: Mapping[str, ProjectMemory], facts: Mapping[str, object]) -> Memory:
    """The memory of all projects with it; what cannot be understood is nothing."""
    return Memory(
        members,
        _digest(facts.get("prune")),
        _known(_HOLDS, facts.get("holds")),
        _known(_DAYS, facts.get("days")),
    )


def dump_report(report: Report) -> dict[str, bytes]:
    """The newest report.

    Raises:
        ValueError: It holds what no JSON can.
    """
    return {"report": _REPORT.dump_json(report)}


def dump_noticed(noticed: Noticed) -> dict[str, bytes]:
    """What people were told."""
    return {"noticed": _NOTICED.dump_json(noticed)}


def read_noticed(facts: Mapping[str, object]) -> Noticed:
    """What people were told; nothing where that cannot be understood."""
    value = facts.get("noticed")
    with suppress(ValidationError):
        return _NOTICED.validate_json(value) if isinstance(value, bytes) else Noticed()
    return Noticed()


def read_report(path: Path) -> Report | None:
    """The newest report in a store that another process may be writing; None where there is none.

    Raises:
        StoreUnavailable: It cannot be read just now.
    """
    try:
        path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unavailable(path, error) from error
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


def _known(adapter: TypeAdapter[dict[str, _Value]], value: object) -> dict[str, _Value]:
    """What was kept under a name; what cannot be understood is nothing."""
    try:
        return adapter.validate_json(value) if isinstance(value, bytes) else {}
    except ValidationError:
        return {}


def _digest(value: object) -> str:
    """The digest of a blocked mass stop; one that cannot be read is none."""
    try:
        return value.decode() if isinstance(value, bytes) else ""
    except ValueError:
        return ""
