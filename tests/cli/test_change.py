"""`pause`, `resume`, `restart`, and the leave that only a person gives: by the real list."""

import json
from pathlib import Path

import pytest

from controller.core.observed import Words
from controller.core.report import AgentView, SourceView
from controller.fleet import Fleet
from controller.runs.folders import RunFolders
from controller.runs.meta import Meta
from controller.runs.spec import Spec
from controller.sources.approval import approve, pending
from tests.cli.desk import NOW, Desk, a_project
from tests.cli.test_running import signals

ROWS = ("Antenna ML,1,In Progress,,2026-01-01,x,,,,", "Bee,2,Completed,,,y,,,,")


@pytest.fixture
def written(desk: Desk) -> Desk:
    """A desk with two rows."""
    desk.lab.settle_in(*ROWS)
    return desk


@pytest.mark.parametrize("word", ["pause", "stop"])
def test_pause(written: Desk, word: str) -> None:
    """The word that the user would type, and why; standard error says that nobody acts on it."""
    code, out, err = written.sidekick(word, "ant", "-m", "lunch")
    assert (code, out) == (0, "project/Antenna ML paused\n")
    assert "no controller runs" in err
    assert written.lab.status("Antenna ML") == "Paused"
    assert Fleet(written.state).notes() == {"Antenna ML": "lunch"}


def test_resume(written: Desk) -> None:
    """A new word and a new reason take the place of the old ones; completed work stays so."""
    written.sidekick("pause", "ant", "-m", "lunch")
    code, out, _ = written.sidekick("resume", "Antenna ML", "-m", "back")
    assert (code, out) == (0, "project/Antenna ML resumed\n")
    assert written.lab.status("Antenna ML") == "Pending"
    assert Fleet(written.state).notes() == {"Antenna ML": "back"}
    code, out, err = written.sidekick("resume", "bee")
    assert (code, out) == (1, "")
    assert "Bee is completed" in err
    assert written.lab.status("Bee") == "Completed"


def test_restart_what_does_not_run(written: Desk) -> None:
    """It is asked to run; completed work is done again."""
    code, out, _ = written.sidekick("restart", "bee", "-m", "once more")
    assert (code, out) == (0, "project/Bee restarted\n")
    assert written.lab.status("Bee") == "Pending"
    assert Fleet(written.state).notes() == {"Bee": "once more"}


def test_restart_what_runs(written: Desk) -> None:
    """Its run is asked to end, with the user's reason."""
    runs = RunFolders(written.root / "runs")
    runs.load()
    run = runs.new_id(NOW)
    meta = Meta("Antenna ML", "antenna-ml", "claude", "/", Words("x"), NOW)
    folder = runs.create(run, Spec(("sh",), "/", "headless", None, 1, 1, 1), meta, "", {})
    assert written.sidekick("restart", "ant", "-m", "stuck")[:2] == (
        0, "project/Antenna ML restarted\n",
    )  # fmt: skip
    stop = json.loads((folder / "stop").read_text())
    assert (stop["by"], stop["reason"], stop["message"]) == ("user", "Restart", "stuck")
    assert written.lab.status("Antenna ML") == "In Progress"


@pytest.mark.parametrize("word", ["pause", "stop", "resume", "restart"])
def test_no_such_project(written: Desk, word: str) -> None:
    """The answer is no, and the list is as it was."""
    before = written.lab.list.read_text()
    code, out, err = written.sidekick(word, "zebra")
    assert (code, out) == (1, "")
    assert "Antenna ML, Bee" in err
    assert written.lab.list.read_text() == before


@pytest.mark.parametrize("word", ["pause", "resume", "restart"])
def test_a_list_that_cannot_be_read(written: Desk, word: str) -> None:
    """The question cannot be answered."""
    written.lab.list.unlink()
    code, out, err = written.sidekick(word, "bee")
    assert (code, out) == (2, "")
    assert "priorities.csv" in err


def test_the_fleet_rests_and_goes_on(written: Desk) -> None:
    """The reason is kept where all show it; going on needs none."""
    written.lab.write()
    code, out, _ = written.sidekick("stop", "--all", "-m", "fire drill")
    assert code == 0
    assert "resume --all" in out
    suspension = Fleet(written.state).suspension()
    assert suspension is not None
    assert suspension.message == "fire drill"
    code, out, err = written.sidekick("resume", "--all", "-m", "over")
    assert (code, out) == (2, "")
    assert "takes no message" in err
    assert written.sidekick("resume", "--all")[:2] == (0, "the fleet goes on\n")
    assert Fleet(written.state).suspension() is None
    assert written.sidekick("resume", "--all")[:2] == (0, "the fleet did not rest\n")
    assert written.sidekick("pause", "--all")[0] == 0
    suspension = Fleet(written.state).suspension()
    assert suspension is not None
    assert suspension.message == "stopped by tester"


def test_approve_prune(desk: Desk) -> None:
    """Only what is blocked, and only the plan that was meant."""
    assert desk.sidekick("approve-prune") == (0, "nothing is blocked\n", "")
    desk.keep(a_project("One"), prune="abc123")
    code, out, err = desk.sidekick("approve-prune", "--plan", "other")
    assert (code, out) == (1, "")
    assert "abc123" in err
    assert Fleet(desk.state).approved_prune() == ""
    assert desk.sidekick("approve-prune", "--plan", "abc123")[:2] == (0, "plan abc123 approved\n")
    assert Fleet(desk.state).approved_prune() == "abc123"


def test_approve_source(desk: Desk) -> None:
    """Another kind of list is used from here on; where none waits, that is said."""
    code, out, _ = desk.sidekick("source", "approve")
    assert code == 0
    assert out.startswith("nothing waits for it: the list is of kind csv")
    approve(desk.state, "sheets")
    assert pending(desk.state, "csv") == "sheets"
    code, out, _ = desk.sidekick("source", "approve")
    assert code == 0
    assert "no longer sheets" in out
    assert pending(desk.state, "csv") == ""
    assert Path(desk.state).is_dir()


def test_approve_source_beside_a_controller_of_another(desk: Desk) -> None:
    """Which list it has counts from its start: it is to be started again."""
    desk.play_controller({})
    desk.keep(source=SourceView("sheets", "the sheet"))
    approve(desk.state, "sheets")
    with signals():
        code, _, err = desk.sidekick("source", "approve")
    assert code == 0
    assert "the running controller began with sheets: restart it" in err


def test_release(desk: Desk) -> None:
    """An agent's hold ends; where there was none, that is said."""
    desk.keep(a_project("One"), agents=(AgentView("sh", 2, 0, "UsageLimit", "full"),))
    assert desk.sidekick("release", "sh")[:2] == (0, "agent/sh released\n")
    assert desk.sidekick("release", "tty")[:2] == (0, "agent/tty was not held\n")
    assert set(Fleet(desk.state).released()) == {"sh", "tty"}


def test_a_list_that_is_not_there_is_none_to_validate(desk: Desk) -> None:
    """The settings have no part in it."""
    code, out, err = desk.sidekick("validate", "nope.csv")
    assert (code, out, err) == (2, "", "sidekick: nope.csv: there is no such file\n")
