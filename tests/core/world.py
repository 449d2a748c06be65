"""Builders: rows, projects, runs, sessions and limits in one line each."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from controller.core.desired import Desired, InvalidRow, parse_row, parse_rows
from controller.core.intent import Pair
from controller.core.limits import AgentLimits, Limits, Route
from controller.core.memory import ProjectMemory
from controller.core.observed import Observed, Run, Session, Words
from controller.core.project import Project
from controller.core.row import KNOWN_COLUMNS, Row
from controller.core.row_schema import RowSchema
from controller.core.workload import words_of

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SCHEMA_FILE = Path(__file__).resolve().parents[2] / "schemas" / "row.schema.json"
SCHEMA_TEXT = SCHEMA_FILE.read_text(encoding="utf-8")
SCHEMA = RowSchema(json.loads(SCHEMA_TEXT))
HEADER = KNOWN_COLUMNS
OLD = "2026-02-01T00:00:00+00:00"
"""A Last Update of long ago."""

AGENTS = {
    "claude": AgentLimits(slots=99, conversations=True, config="claude-1"),
    "codex": AgentLimits(slots=99, conversations=True, config="codex-1"),
    "script": AgentLimits(slots=99, config="script-1"),
    "demo": AgentLimits(slots=99, real=False),
}
MODELS = {"opus": (Route("claude", "claude-opus"),), "gpt": (Route("codex", "gpt-5"),)}


def after(seconds: float) -> datetime:
    """A time so many seconds after `NOW`."""
    return NOW + timedelta(seconds=seconds)


def schema(**changes: Any) -> dict[str, Any]:
    """The shipped schema as data, with top-level changes."""
    shipped: dict[str, Any] = json.loads(SCHEMA_TEXT)
    return {**shipped, **changes}


def column_of(keyword: str) -> str:
    """`next_action` stands for the column Next Action, and so on."""
    return "GPU" if keyword == "gpu" else keyword.replace("_", " ").title()


def cells(name: str = "alpha", **typed: str) -> dict[str, str]:
    """A line's cells as a user types them."""
    given = {column_of(keyword): text for keyword, text in typed.items()}
    return {"Project": name, "Priority": "1", "Next Action": f"do {name}", **given}


def row(name: str = "alpha", **typed: str) -> Row:
    """A row of the list."""
    return line_of(cells(name, **typed))


def line_of(given: Mapping[str, str], header: tuple[str, ...] = HEADER, *, number: int = 2) -> Row:
    """The row that some cells make in a list with this header."""
    return Row(number, {column: given.get(column, "") for column in header})


def project(name: str = "alpha", **typed: str) -> Project:
    """A valid row, typed."""
    parsed = parse_row(row(name, **typed), SCHEMA)
    assert isinstance(parsed, Project), parsed
    return parsed


def invalid(given: Row, held_against: RowSchema = SCHEMA) -> InvalidRow:
    """The row, which must be invalid."""
    parsed = parse_row(given, held_against)
    assert isinstance(parsed, InvalidRow), parsed
    return parsed


def desired(*lines: Mapping[str, str], header: tuple[str, ...] = HEADER) -> Desired:
    """A whole read of the list."""
    rows = [line_of(given, header, number=line) for line, given in enumerate(lines, start=2)]
    return parse_rows(rows, SCHEMA)


def limits(slots: int = 4, **changes: Any) -> Limits:
    """What is allowed: plenty, but for the slots."""
    given: dict[str, Any] = {
        "agents": AGENTS, "default_agent": "claude", "models": MODELS,
        "model_names": tuple(MODELS), "gpus": 1,
    }  # fmt: skip
    return Limits(slots=slots, **{**given, **changes})


def words(name: str = "alpha", *, pin: str = "", **typed: str) -> Words:
    """The user's words of a row."""
    return words_of(project(name, **typed), pin)


def run(name: str = "alpha", number: int = 1, **changes: Any) -> Run:
    """A run of a project on its row's words, started."""
    given: dict[str, Any] = {
        "id": f"run-{number:04d}", "project": name, "slug": name, "agent": "claude",
        "folder": f"workspaces/{name}", "words": words(name), "created_at": NOW,
        "conversation": f"talk-{number}", "config": "claude-1", "started_at": NOW,
    }  # fmt: skip
    return Run(**{**given, **changes})


def session(of: Run, *, alive: bool = True) -> Session:
    """The session of a run."""
    return Session(id=f"${of.id}", name=of.slug, run=of.id, alive=alive)


def observed(*runs: Run, gone: tuple[str, ...] = ()) -> Observed:
    """The world with these runs; those without an end are alive, but for those that are gone."""
    sessions = {
        item.id: session(item, alive=item.result is None) for item in runs if item.id not in gone
    }
    return Observed(sessions, {item.id: item for item in runs}, "server")


def pair(status: str, last_update: str = OLD) -> Pair:
    """One version of a row."""
    return Pair.of(status, last_update)


def member(name: str = "alpha", *, pairs: tuple[Pair, ...] = (), **changes: Any) -> ProjectMemory:
    """What is remembered of a project whose row's words are known."""
    return ProjectMemory(**{"slug": name, "words": words(name), "pairs": pairs, **changes})
