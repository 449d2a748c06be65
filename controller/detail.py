"""Detail: everything about one project, gathered from the report, its runs and the journal."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from controller.agents.verdict import judge_exit
from controller.core.detail import ActionView, ProjectDetail, RunView, ScreenView
from controller.core.events import Entry
from controller.core.report import ProjectView
from controller.runs.history import history, tail
from controller.runs.printed import coloured, plain
from controller.runs.redacted import Redact, redacted

EVENTS = 20
"""So many events are told."""
HISTORIES = 16
"""Of so many projects the runs are remembered: as many pages can be open at once."""
SCREEN_LINES = 60
"""So many lines of a screen: a tall terminal's."""


@dataclass(frozen=True, slots=True)
class Folders:
    """Where runs are read from.

    Attributes:
        root: The runs' folder.
        redact: Takes secrets out of what agents said and printed.
    """

    root: Path
    redact: Redact = str


class Histories:
    """The newest runs of projects, sought in their folders only where they can have changed.

    The search opens up to a thousand small files, and whoever looks at a page looks each second.
    It may be used by several threads.

    Args:
        folders: Where runs are.
    """

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._lock = threading.Lock()
        self._known: dict[str, tuple[object, tuple[RunView, ...]]] = {}

    def of(self, project: ProjectView, revision: int) -> tuple[RunView, ...]:
        """The project's newest runs, the newest first.

        Args:
            project: As the newest report shows it.
            revision: What grows with every change of the report or the journal.
        """
        key = (revision, project.run, project.alive, project.started_at, project.last_exit)
        with self._lock:
            known, runs = self._known.get(project.name, (None, ()))
        if known == key:
            return runs
        runs = past_runs(project, self._folders)
        with self._lock:
            self._known.pop(project.name, None)
            self._known[project.name] = key, runs
            if len(self._known) > HISTORIES:
                del self._known[next(iter(self._known))]
        return runs


def past_runs(project: ProjectView, folders: Folders) -> tuple[RunView, ...]:
    """The project's newest runs as their folders tell them, the newest first."""
    return history(folders.root, project.name, judge_exit, folders.redact)


def detail(
    project: ProjectView,
    runs: Sequence[RunView],
    events: Sequence[Entry],
    folders: Folders,
    plan: Sequence[ActionView] = (),
) -> ProjectDetail:
    """Everything about one project.

    Args:
        project: As the newest report shows it.
        runs: Its newest runs, the newest first.
        events: Its newest events, the oldest first.
        folders: Where its runs are; the end of what the newest one printed is read.
        plan: What is to be done for it next.
    """
    return ProjectDetail(
        project=project,
        plan=tuple(plan),
        runs=tuple(runs),
        events=tuple(events),
        tail=redacted(tail(folders.root / project.run), folders.redact) if project.run else (),
    )


def screen(project: ProjectView, live: str | None, folders: Folders) -> ScreenView:
    """What a project's newest run shows, without secrets.

    Args:
        project: Whose.
        live: The screen of its session, coloured; None where it has none.
        folders: Where its runs are.
    """
    if live is not None:
        lines = tuple(coloured(live).split("\n"))
    elif project.run:
        lines = tail(folders.root / project.run, SCREEN_LINES, coloured)
    else:
        lines = ()
    return ScreenView(tuple(_redacted(line, folders.redact) for line in lines), live is not None)


def _redacted(line: str, redact: Redact) -> str:
    """A line without secrets; one that had any loses its colours, which may stand in its midst."""
    words = plain(line)
    safe = redact(words)
    return line if safe == words else safe
