"""A quick look at the newest report, straight from its file.

Nothing is imported that a table does without. Where anything is out of the ordinary there is no
quick look, and the caller takes the long way, which can tell what is wrong.
"""
# ruff: noqa: PTH109, PTH123 - pathlib costs 8 ms

import argparse
import fcntl
import json
import os
import sqlite3
from collections.abc import Sequence
from datetime import datetime

from controller.cli import stamp
from controller.cli.json_form import as_json
from controller.cli.projects import Values, chosen, listing
from controller.cli.standing import list_fault, standing
from controller.cli.terminal import warn
from controller.cli.wire import exchange
from controller.core.errors import NotFound

_DEADLINE = 5.0
"""Seconds to wait for the controller's transaction."""
_LOCK_LIMIT = 4096
"""Bytes of a lock's file; it has less than a hundred."""


class Look:
    """The newest report, and who made it.

    Attributes:
        report: Its document, in just the form that the facts tell.
        at: When it was so.
        projects: Every project in it.
        fault: Why the list does not count; empty where it does.
        lock: The controller's.
        running: Whether a controller runs.
        demo: Whether the settings let the demo agent stand in for real ones.

    Raises:
        KeyError, TypeError, ValueError: It is of another form.
    """

    def __init__(self, report: Values, facts: Values) -> None:
        form, projects = facts["form"], report["projects"]
        if not (isinstance(projects, list) and isinstance(form, list)):
            raise TypeError("it is no report")
        forms = [list(report), *(list(project) for project in projects)]
        if report["version"] != facts["document"] or any(f not in form for f in forms):
            raise ValueError("it is of another form")
        self.report = report
        self.at = datetime.fromisoformat(str(report["at"]))
        self.projects: list[Values] = projects
        self.fault = _fault_of(report["source"])
        self.lock = str(facts["lock"])
        self.running = _is_held(self.lock)
        self.demo = bool(facts["demo"])


def look() -> Look | None:
    """The newest report where the settings were checked; else None."""
    facts = stamp.known(os.environ, os.getcwd())
    if facts is None:
        return None
    try:
        return Look(_report(str(facts["database"])), facts)
    except (sqlite3.Error, OSError, ValueError, KeyError, TypeError):
        return None


def get(options: argparse.Namespace) -> bool:
    """Print the projects; False where that needs the long way."""
    if options.watch or options.config or options.output == "yaml":
        return False
    seen = look()
    if seen is None:
        return False
    try:
        text = _text(seen, options.names, options.output)
    except NotFound:
        _tell(seen)
        raise
    except (ValueError, TypeError):
        return False
    _tell(seen)
    print(text)
    return True


def is_healthy() -> bool | None:
    """Whether the running controller's loop makes progress; None where that needs the long way."""
    seen = look()
    if seen is None or not seen.running:
        return None
    server, since = str(seen.report["server"]), _since(seen.lock)
    if not (server and since and seen.at.timestamp() >= since):
        return None  # what an earlier controller left behind may be anybody's address by now
    try:
        return exchange(server, "/healthz")[0] == 200
    except OSError:
        return None


def names() -> list[str]:
    """Every project's name in the newest report; none where that needs the long way.

    A shell would show as it is what a terminal obeys; such a name can be typed as it is spelled.
    """
    seen = look()
    known = [str(project["name"]) for project in seen.projects] if seen else []
    return [name for name in known if name.isprintable()]


def _text(seen: Look, names: Sequence[str], output: str) -> str:
    projects = chosen(seen.projects, names)
    if output == "json":
        document = {"version": seen.report["version"], **seen.report, "projects": projects}
        return as_json(document, indent=2)
    return listing(projects, output, datetime.now().astimezone())


def _tell(seen: Look) -> None:
    server = str(seen.report["server"])
    for line in standing(seen.at, server, running=seen.running, demo=seen.demo, fault=seen.fault):
        warn(line)


def _fault_of(source: object) -> str:
    """Why the list does not count.

    Raises:
        TypeError, KeyError, ValueError: It is of another form.
    """
    if not isinstance(source, dict):
        raise TypeError("it is no list")
    read_at = datetime.fromisoformat(str(source["read_at"])) if source["read_at"] else None
    now = datetime.now().astimezone()
    return list_fault(bool(source["valid"]), str(source["message"]), read_at, now)


def _report(database: str) -> Values:
    """The report's document.

    Raises:
        sqlite3.Error, TypeError, ValueError: There is none, or none that can be read.
    """
    place = "".join(f"%{ord(char):02x}" if char in "%?#" else char for char in database)
    db = sqlite3.connect(f"file:{place}?mode=ro", uri=True, timeout=_DEADLINE)
    try:
        (value,) = db.execute("SELECT value FROM facts WHERE name = 'report'").fetchone()
    finally:
        db.close()
    report: Values = json.loads(value)
    return report


def _is_held(lock: str) -> bool:
    """Whether somebody holds the lock, as `controller.locks.held_by` tells it."""
    try:
        with open(lock, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _since(lock: str) -> float:
    """When the lock's holder took it, as `controller.locks.read_holder` tells it; 0 for unknown."""
    try:
        with open(lock, "rb") as file:
            return float(json.loads(file.read(_LOCK_LIMIT))["since"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0
