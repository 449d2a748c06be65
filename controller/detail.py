"""Detail: everything about one project, gathered from the report, its runs and the journal."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from controller.agents.verdict import judge_exit
from controller.core.detail import ActionView, ProjectDetail, ScreenView
from controller.core.errors import NotFound
from controller.core.report import ProjectView, Report
from controller.runs.history import history, tail
from controller.runs.printed import coloured, plain
from controller.runs.redacted import Redact, redacted
from controller.store import Journal

EVENTS = 20
"""So many events are told."""
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


def detail(
    report: Report,
    name: str,
    folders: Folders,
    journal: Journal,
    plan: Sequence[ActionView] = (),
) -> ProjectDetail:
    """Everything about one project: a few small files are read, no program is asked.

    Args:
        report: The newest report.
        name: The project's full name.
        folders: Where its runs are.
        journal: The events.
        plan: What is to be done for it next.

    Raises:
        NotFound: The report has no such project.
        StoreUnavailable: The journal cannot be read just now.
    """
    project = next((item for item in report.projects if item.name == name), None)
    if project is None:
        raise NotFound("NotFound", f"no project {name!r}")
    return ProjectDetail(
        project=project,
        plan=tuple(plan),
        runs=history(folders.root, name, judge_exit, folders.redact),
        events=tuple(journal.read(project=name, last=EVENTS)),
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
