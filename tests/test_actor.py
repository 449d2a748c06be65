"""The actor: what becomes of the runs' folders where a step of an action fails."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.runtimes.base import RuntimeFault
from tests.workshop import Workshop


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    """An empty list."""
    workshop = Workshop(tmp_path)
    yield workshop
    workshop.close()


def test_a_screen_that_cannot_be_removed(workshop: Workshop) -> None:
    """Nothing was started: no folder stays, no secret in one, and the next try is the only run."""
    workshop.write("Alpha", "Beta")
    workshop.tick()
    first = workshop.runs()
    for run in first:
        workshop.end(run)
    workshop.tick()
    workshop.replace("Completed", "Pending")
    workshop.runtime.fail_next("remove", RuntimeFault("RemoveFailed", "it did not"))

    workshop.tick()

    assert workshop.runs() == first
    assert workshop.status("Alpha") == ("Queued", "RemoveFailed")
    workshop.sleep(60)
    workshop.tick()
    assert len(workshop.runs()) == 4
    workshop.begin(workshop.runs()[-2])
    workshop.tick()
    assert workshop.status("Alpha") == ("In Progress", "Running")


def test_a_start_whose_answer_was_lost(workshop: Workshop) -> None:
    """What was started in spite of a failed call keeps its folder, and is the project's run."""
    workshop.write("Alpha")
    workshop.runtime.fail_next("start", RuntimeFault("TmuxHung", "no answer"), done=True)

    workshop.tick()
    (run,) = workshop.runs()
    workshop.begin(run)
    workshop.tick()

    assert workshop.runs() == [run]
    assert workshop.status("Alpha") == ("In Progress", "Running")
