"""A renamed row, over real folders: what is whose, whatever the controller's next start finds."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.detail import Folders, past_runs
from controller.runs.meta import Meta, read_meta
from tests.workshop import Workshop


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    """An empty list."""
    workshop = Workshop(tmp_path)
    yield workshop
    workshop.close()


@pytest.mark.parametrize("memory", ["kept", "lost"])
def test_a_new_row_under_a_name_that_another_had(workshop: Workshop, memory: str) -> None:
    """It is a project of its own: no conversation, folder or history of the renamed one's."""
    old, new = _renamed(workshop)
    workshop.close()
    if memory == "lost":
        shutil.rmtree(workshop.root / "state")
    workshop.open()
    workshop.append("Alpha")
    workshop.tick()

    (run,) = set(workshop.runs()) - {old, new}
    fresh, known = _meta(workshop, run), _meta(workshop, new)
    assert (fresh.project, fresh.begun, known.project) == ("Alpha", False, "Beta")
    assert fresh.conversation not in {known.conversation, _meta(workshop, old).conversation}
    assert fresh.folder != known.folder
    assert _history(workshop, "Alpha") == [run]
    assert _history(workshop, "Beta") == [new, old]
    assert workshop.status("Beta")[0] == "Completed"


def test_a_row_that_got_its_old_name_back(workshop: Workshop) -> None:
    """Its newest conversation goes on, and all its runs are its own."""
    old, new = _renamed(workshop)
    workshop.restart()
    workshop.replace("Beta,", "Alpha,")
    workshop.tick()
    workshop.restart()
    workshop.replace("do Alpha", "go on")
    workshop.replace(",Completed,", ",In Progress,")
    workshop.tick()
    workshop.tick()

    *_, run = workshop.runs()
    assert _meta(workshop, run).conversation == _meta(workshop, new).conversation
    assert _history(workshop, "Alpha") == [run, new, old]


def _renamed(workshop: Workshop) -> tuple[str, str]:
    """Beta, which ran twice under the name of Alpha: its runs."""
    workshop.write("Alpha")
    _work(workshop)
    workshop.replace(",Completed,", ",Pending,")
    _work(workshop)
    workshop.replace("Alpha,", "Beta,")
    workshop.tick()
    old, new = workshop.runs()
    return old, new


def _work(workshop: Workshop) -> None:
    """Let the one row's agent do its work."""
    workshop.tick()
    workshop.end(workshop.runs()[-1])
    workshop.tick()


def _meta(workshop: Workshop, run: str) -> Meta:
    meta = read_meta(workshop.root / "runs" / run)
    assert meta is not None
    return meta


def _history(workshop: Workshop, project: str) -> list[str]:
    """The ids of the runs that are told of a project."""
    (view,) = (one for one in workshop.report.projects if one.name == project)
    return [run.id for run in past_runs(view, Folders(workshop.app.runs.root))]
