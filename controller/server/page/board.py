"""The board as HTML, in parts that can each be sent alone."""

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from controller.core.events import Entry
from controller.core.report import ProjectView, Report
from controller.core.words import Status
from controller.server.page.rendering import environment, render

EVENTS = 30
"""So many events are shown, the newest first."""


@dataclass(frozen=True, slots=True)
class Board:
    """Everything on the board that changes.

    Attributes:
        rows: Element's id → a project's row, in the list's order.
        parts: Element's id → another part of the page: its head, its events.
        digest: Of all of it.
    """

    rows: Mapping[str, str]
    parts: Mapping[str, str]
    digest: str

    def since(self, other: "Board | None") -> list[str]:
        """What a page must be sent that shows another board: elements that replace their like.

        Rows are one of them together.
        """
        known = other.parts if other else {}
        found = [html for part, html in self.parts.items() if known.get(part) != html]
        if other is None or list(other.rows) != list(self.rows):
            return [*found, self.table()]
        changed = [html for row, html in self.rows.items() if other.rows[row] != html]
        return [*found, "".join(changed)] if changed else found

    def table(self) -> str:
        """All the rows, in the element that holds them."""
        return render("rows.html", rows=self.rows.values())


def draw(report: Report | None, entries: Iterable[Entry], healthy: bool) -> Board:
    """The board of a moment.

    Args:
        report: The newest report; None before the first tick ended.
        entries: The newest events, the oldest first.
        healthy: Whether the loop makes progress.
    """
    macros = environment().get_template("parts.html").module
    seen: Counter[str] = Counter()
    rows: dict[str, str] = {}
    for project in report.projects if report else ():
        seen[project.name] += 1
        row = _id(project.name, seen[project.name])
        rows[row] = str(macros.row(project, row))  # type: ignore[attr-defined] # a macro
    parts = {
        "head": render("head.html", report=report, healthy=healthy, counts=_counts(report)),
        "events": render("events.html", entries=list(entries)[::-1]),
    }
    text = "\0".join((*rows, *rows.values(), *parts.values()))
    return Board(rows, parts, hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16])


class Drawer:
    """Draws the board once for all who look, as long as nothing changed.

    Args:
        look: What there is to draw; called in a lane's thread.
    """

    def __init__(self, look: Callable[[], tuple[Report | None, list[Entry], bool]]) -> None:
        self._look = look
        self._lock = threading.Lock()
        self._key: object = None
        self._board: Board | None = None

    def board(self) -> Board:
        """The board now."""
        with self._lock:
            report, entries, healthy = self._look()
            key = (report.at if report else None, entries[-1:], len(entries), healthy)
            if self._board is None or key != self._key:
                self._key, self._board = key, draw(report, entries, healthy)
            return self._board


def _id(name: str, number: int) -> str:
    """A row's id: of its name, and which of its like-named it is."""
    return f"p{hashlib.sha256(f'{name}/{number}'.encode('utf-8', 'replace')).hexdigest()[:12]}"


def _counts(report: Report | None) -> list[tuple[str, int]]:
    """Status → projects, in the order of the statuses' life; what no row has is left out."""
    known: Counter[str] = (
        Counter(_status(project) for project in report.projects) if report else Counter()
    )
    return [(status, known[status]) for status in (*Status, "Invalid") if known[status]]


def _status(project: ProjectView) -> str:
    return (project.status or Status.PENDING.value) if project.valid else "Invalid"
