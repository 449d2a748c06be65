"""The actor: what becomes of the runs' folders where a step of an action fails."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.runs import asked
from controller.runtimes.base import RuntimeFault
from tests.workshop import Workshop


@pytest.fixture
def settings() -> dict[str, object]:
    """Sections of config.yaml."""
    return {}


@pytest.fixture
def workshop(tmp_path: Path, settings: dict[str, object]) -> Iterator[Workshop]:
    """An empty list."""
    workshop = Workshop(tmp_path, **settings)
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


@pytest.mark.parametrize("settings", [{"tmux": {"server": "external"}}])
def test_runs_that_nobody_can_sweep_hold_nobody_up(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tmux server's container is down: the rows say so, and ticks wait for it no more."""
    lost = _lose(workshop, "Alpha", "Beta")
    monkeypatch.setattr(asked, "SWEEP_SECONDS", 0.1)
    workshop.tick()
    monkeypatch.setattr(asked, "SWEEP_SECONDS", 1000.0)
    workshop.append("Gamma")
    workshop.tick()

    assert {workshop.status(name) for name in ("Alpha", "Beta")} == {("Queued", "NotSwept")}
    assert workshop.status("Gamma") == ("Queued", "Starting")
    for run in lost:
        at = workshop.now().timestamp()
        workshop.tell(run, "exit.json", cause="lost", reason="ShimLost", ended_at=at)
    workshop.tick()
    workshop.sleep(60)
    workshop.tick()
    assert workshop.status("Beta") == ("Queued", "Starting")


def test_names_that_cannot_be_let_go_of(workshop: Workshop) -> None:
    """No run is swept before its session's name is free; at the next tick all are."""
    lost = _lose(workshop, "Alpha", "Beta")
    workshop.runtime.fail_next("clear", RuntimeFault("TmuxHung", "no answer"))
    workshop.tick()
    assert {workshop.status(name) for name in ("Alpha", "Beta")} == {("Queued", "TmuxHung")}
    assert not any(_is_over(workshop, run) for run in lost)
    workshop.tick()
    assert all(_is_over(workshop, run) for run in lost)


def _is_over(workshop: Workshop, run: str) -> bool:
    """Whether the run's folder tells of its end."""
    return (workshop.root / "runs" / run / "exit.json").exists()


def _lose(workshop: Workshop, *names: str) -> list[str]:
    """Runs whose sessions are gone without a word, for long enough."""
    workshop.write(*names)
    workshop.tick()
    for run in workshop.runs():
        workshop.begin(run)
    workshop.tick()
    workshop.runtime.lose_server()
    workshop.tick()
    workshop.sleep(5)
    return workshop.runs()
