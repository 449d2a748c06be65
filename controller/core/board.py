"""The board: every row as everybody shows it, made after a tick, and kept while nothing changes."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from controller.core.limits import Limits
from controller.core.memory import Memory
from controller.core.observed import Observed
from controller.core.project import Project
from controller.core.report import (
    NotificationsView,
    ProjectView,
    Report,
    SourceView,
)
from controller.core.row_status import RowStatus
from controller.core.views import activity_of, agent_views, idle_since, view


def make_board(
    rows: Iterable[RowStatus],
    projects: Mapping[str, Project],
    memory: Memory,
    observed: Observed,
    now: datetime,
) -> tuple[ProjectView, ...]:
    """What is known of every row, in their order; of a deleted one as long as its agent lives."""
    views = (view(row, projects.get(row.name), memory, observed, now) for row in rows)
    return tuple(item for item in views if item.alive or not _is_buried(item, memory))


def _is_buried(item: ProjectView, memory: Memory) -> bool:
    """Whether only a tombstone is left of it, for the case that its row comes back."""
    member = memory.projects.get(item.name)
    return bool(item.line is None and member and member.absence and member.absence.acted_at)


def refresh_board(
    board: tuple[ProjectView, ...], observed: Observed, now: datetime
) -> tuple[ProjectView, ...]:
    """The same board a moment later: of what only time changes, agents' activity moves on."""
    fresh = tuple(_refresh(item, observed, now) if item.alive else item for item in board)
    return board if all(new is old for new, old in zip(fresh, board, strict=True)) else fresh


def _refresh(item: ProjectView, observed: Observed, now: datetime) -> ProjectView:
    session = observed.sessions.get(item.run)
    seconds = session.activity if session else 0
    at = item.activity_at
    if seconds != (at.timestamp() if at else 0):
        at = activity_of(seconds, now)
    idle = idle_since(at, now)
    if at is item.activity_at and idle == item.idle_since:
        return item
    return replace(item, activity_at=at, idle_since=idle)


def make_report(
    now: datetime,
    source: SourceView,
    board: tuple[ProjectView, ...],
    observed: Observed | None,
    memory: Memory,
    limits: Limits,
    *,
    errors: Mapping[str, str],
    restart_needed: tuple[str, ...],
    server: str,
    notifications: NotificationsView,
    gpus_before: int = 0,
) -> Report:
    """The report around a board.

    Args:
        now: The time.
        source: The list.
        board: The rows.
        observed: What runs; None where that is unknown.
        memory: What is remembered.
        limits: What is allowed.
        errors: Stage → what failed.
        restart_needed: Settings that wait for a restart.
        server: The address of the server.
        notifications: How they stand.
        gpus_before: GPUs that were given out when the sessions were last seen.
    """
    # Words that only the settings know are found later than what the rows themselves tell.
    invalid = sum(item.line is not None and not item.valid for item in board)
    return Report(
        at=now,
        source=replace(source, invalid=max(source.invalid, invalid)),
        projects=board,
        runtime_up=observed is not None,
        runtime_message=errors.get("observe", ""),
        slots=limits.slots,
        gpus=limits.gpus,
        gpus_used=gpus_before if observed is None else _gpus(board, observed),
        agents=agent_views(limits, board, memory, now),
        restart_needed=restart_needed,
        demo=bool(limits.demo_agent),
        suspended=_why(limits),
        prune=memory.prune,
        errors=errors,
        server=server,
        notifications=notifications,
    )


def _gpus(board: Iterable[ProjectView], observed: Observed) -> int:
    living = [run for item in board if item.alive and (run := observed.runs.get(item.run))]
    return sum(len(run.gpus) for run in living)


def _why(limits: Limits) -> str:
    if limits.suspension is None:
        return ""
    return limits.suspension.message or "suspended"
