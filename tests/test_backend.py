"""The backend: what is told of a project, and what that costs those who ask for something else."""

import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from controller.backend import LoopBackend
from controller.core.events import Event
from controller.core.memory import Memory
from controller.core.observed import Words
from controller.core.report import ProjectView, Report, SourceView
from controller.detail import HISTORIES, Folders, Histories
from controller.runs.folders import RunFolders
from controller.runs.meta import Meta
from controller.runs.spec import Spec
from controller.store import Journal, Store

NOW = datetime.now().astimezone()
SPEC = Spec(("sh",), "/tmp", "headless", None, 1.0, 1000, 1)


def a_run(runs: RunFolders, project: str) -> str:
    """A run's folder; returns its id."""
    run = runs.new_id(NOW)
    slug = project.lower()
    runs.create(run, SPEC, Meta(project, slug, "claude", "/", Words(""), NOW), "", {})
    return run


@pytest.fixture
def runs(tmp_path: Path) -> RunFolders:
    """An empty folder of runs."""
    runs = RunFolders(tmp_path / "runs")
    runs.load()
    return runs


def view(name: str, run: str = "") -> ProjectView:
    """A project at work."""
    return ProjectView(name, "In Progress", "Running", "", "claude", run=run, alive=True)


def test_runs_are_sought_again_only_where_they_can_be_others(runs: RunFolders) -> None:
    """With another revision, run, start or end; who looks each second opens no file for that."""
    first, second = a_run(runs, "One"), a_run(runs, "One")
    histories = Histories(Folders(runs.root))
    shown = view("One", second)

    def told(project: ProjectView, revision: int = 1) -> list[str]:
        return [run.id for run in histories.of(project, revision)]

    assert told(shown) == [second, first]
    shutil.rmtree(runs.root / first)
    assert told(shown) == [second, first]
    assert told(shown, 2) == [second]
    for newer in (
        replace(shown, run=first),
        replace(shown, started_at=NOW),
        replace(shown, alive=False),
        replace(shown, last_exit="it ended"),
    ):
        assert told(shown, 2)
        a_run(runs, "One")
        assert len(told(newer, 2)) == len(list(runs.root.iterdir()))


def test_few_projects_runs_are_remembered(runs: RunFolders) -> None:
    """As many as pages can be open; the one that was sought longest ago goes."""
    a_run(runs, "P0")
    histories = Histories(Folders(runs.root))
    assert len(histories.of(view("P0"), 1)) == 1
    a_run(runs, "P0")
    for number in range(1, HISTORIES):
        histories.of(view(f"P{number}"), 1)
    assert len(histories.of(view("P0"), 1)) == 1
    histories.of(view("another"), 1)
    assert len(histories.of(view("P0"), 1)) == 2


class Slow:
    """Takes its time to read what an agent said."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.answer = threading.Event()

    def redact(self, text: str) -> str:
        """After a while."""
        self.asked.set()
        assert self.answer.wait(30)
        return text


@pytest.fixture
def slow(runs: RunFolders, tmp_path: Path) -> Iterator[tuple[LoopBackend, Slow]]:
    """A backend with one project and one event, whose runs take their time."""
    run = a_run(runs, "One")
    (runs.root / run / "exit.json").write_text('{"cause": "start", "reason": "ProgramMissing"}')
    project = view("One", run)
    report = Report(NOW, SourceView("csv", "list.csv", True), (project,))
    state = tmp_path / "state.db"
    with closing(Store(state, lambda: NOW)) as store:
        store.save(Memory(), report, [Event(NOW, "One", "Started", "it began")])
    reader = Slow()
    with closing(Journal(state)) as journal:
        nothing: Any = None
        yield LoopBackend(
            cast("Any", SimpleNamespace(report=report, plan=None)),
            cast("Any", SimpleNamespace(revision=1)),
            nothing, nothing, journal, Folders(runs.root, reader.redact), nothing,
        ), reader  # fmt: skip


def test_who_asks_for_events_waits_for_no_history(slow: tuple[LoopBackend, Slow]) -> None:
    """The boards show events too: a page about one project must not hold up theirs."""
    backend, reader = slow
    with ThreadPoolExecutor() as pool:
        page = pool.submit(backend.describe, "One")
        assert reader.asked.wait(30)
        other = pool.submit(backend.events)
        try:
            assert [entry.reason for entry in other.result(10)] == ["Started"]
            assert not page.done()
        finally:
            reader.answer.set()
        assert [run.reason for run in page.result(10).runs] == ["ProgramMissing"]
