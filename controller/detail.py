"""Detail: everything about one project, gathered from the report, its runs and the journal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from controller.agents.base import Agent, judge_exit
from controller.core.detail import ActionView, ProjectDetail
from controller.core.errors import NotFound
from controller.core.report import Report
from controller.runs.history import Judge, history, tail
from controller.store import Journal

EVENTS = 20
"""So many events are told."""


@dataclass(frozen=True, slots=True)
class Folders:
    """Where runs are read from.

    Attributes:
        root: The runs' folder.
        agents: Name → agent, who judge the ends of their runs.
    """

    root: Path
    agents: Mapping[str, Agent]

    def judge_of(self, name: str) -> Judge:
        """Who judges the ends of an agent's runs; one that the settings forgot has a judge too."""
        agent = self.agents.get(name)
        return agent.judge if agent else judge_exit


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
        runs=history(folders.root, name, project.run, folders.judge_of),
        events=tuple(journal.read(project=name, last=EVENTS)),
        tail=tail(folders.root / project.run) if project.run else (),
    )
