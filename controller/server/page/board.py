"""The board as HTML, in parts that can each be sent alone."""

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from controller.core.events import Entry
from controller.core.report import ProjectView, Report
from controller.core.verdicts import PRUNE_BLOCKED
from controller.core.words import Status
from controller.server.page.rendering import dashed, environment, render

EVENTS = 30
"""So many events are shown, the newest first."""
NEEDS = 12
"""So many projects that need a person are named above the table, which has all of them."""
NAMED = 8
"""So many of the rows that vanished at once are named."""
_NEEDS_YOU = "Needs you"
_INVALID = "Invalid"


@dataclass(frozen=True, slots=True)
class Board:
    """Everything on the board that changes.

    Attributes:
        rows: Element's id → a project's row, in the list's order.
        parts: Element's id → another part of the page: what is wrong, its head, its events.
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
        shows = " ".join(dashed(word) for word in _words(project))
        rows[row] = str(macros.row(project, row, shows))  # type: ignore[attr-defined] # a macro
    parts = {
        "banners": draw_banners(report, healthy),
        "head": render("head.html", report=report, counts=_counts(report)),
        "needs": _draw_needs(report),
        "events": render("events.html", entries=list(entries)[::-1]),
    }
    text = "\0".join((*rows, *rows.values(), *parts.values()))
    return Board(rows, parts, hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16])


def draw_banners(report: Report | None, healthy: bool) -> str:
    """What is wrong, or not as usual, with the whole fleet; every page has it."""
    return render(
        "banners.html", report=report, healthy=healthy, NAMED=NAMED, blocked=PRUNE_BLOCKED.reason
    )


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


def _draw_needs(report: Report | None) -> str:
    """Who needs a person: agents that wait for an answer first, then in the list's order."""
    found = [project for project in report.projects if project.needs_a_person] if report else []
    # The rows that vanished at once have a banner of their own, with one answer for all.
    listed = [project for project in found if project.reason != PRUNE_BLOCKED.reason]
    listed.sort(key=lambda project: project.status != Status.WAITING)
    return render("needs.html", projects=listed, count=len(found), NEEDS=NEEDS)


def _counts(report: Report | None) -> list[tuple[str, int]]:
    """Word → projects, in the order of the statuses' life; what no row has is left out."""
    known: Counter[str] = Counter()
    for project in report.projects if report else ():
        known.update(_words(project))
    return [(word, known[word]) for word in (_NEEDS_YOU, *Status, _INVALID) if known[word]]


def _words(project: ProjectView) -> list[str]:
    """Under which words a project is counted: its status, and whether it needs a person."""
    known = project.status in set(Status)
    status = project.status if known else (Status.PENDING.value if project.valid else _INVALID)
    return [status, _NEEDS_YOU] if project.needs_a_person else [status]
