"""Orders: the user's words, written where the user would have written them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.core.errors import NotFound, TransientError
from controller.core.observed import StopRequest, Words
from controller.fleet import Fleet
from controller.orders import Orders
from controller.runs.folders import RunFolders
from controller.runs.meta import Meta
from controller.runs.spec import Spec
from controller.sources.memory import MemorySource

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = "2026-01-02T03:04:05+00:00"


class Desk:
    """A list, runs and a fleet to give orders about."""

    def __init__(self, folder: Path, **rows: str) -> None:
        self.source = MemorySource(
            {"Project": name.replace("_", " "), "Status": status} for name, status in rows.items()
        )
        self.runs = RunFolders(folder / "runs")
        self.runs.load()
        self.fleet = Fleet(folder / "state")
        self.orders = Orders(self.source, self.runs, self.fleet, 7.0, lambda: NOW)

    def begin(self, project: str) -> str:
        """A run that lives."""
        run = self.runs.new_id(NOW)
        meta = Meta(project, "slug", "claude", "/work", Words("x"), NOW)
        self.runs.create(run, Spec(("x",), "/", "headless", None, 1.0, 1, 1), meta, "", {})
        return run

    def row(self, project: str) -> tuple[str, str]:
        """Status and Last Update."""
        (row,) = (r for r in self.source.read().rows if r.cell("Project") == project)
        return row.cell("Status"), row.cell("Last Update")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Three projects, one of them paused, one completed."""
    return Desk(tmp_path, My_App="In Progress", Other="Paused", Old="Completed")


def test_pause_and_resume_type_the_word(desk: Desk) -> None:
    """A name may be shortened; the full one comes back."""
    assert desk.orders.pause("my") == "My App"
    assert desk.row("My App") == ("Paused", "")
    assert desk.orders.resume("my-app") == "My App"
    assert desk.row("My App") == ("Pending", "")


def test_the_same_word_again_is_a_word_by_its_time(desk: Desk) -> None:
    """So that a row that the controller has paused stays so."""
    desk.orders.pause("Other")
    assert desk.row("Other") == ("Paused", LATER)


def test_why_is_kept_beside_the_list(desk: Desk) -> None:
    """Until another word says something else, or nothing."""
    desk.orders.pause("My App", "waits for the lawyers")
    assert desk.fleet.notes() == {"My App": "waits for the lawyers"}
    desk.orders.resume("My App")
    assert desk.fleet.notes() == {}


def test_restart_asks_the_living_run_to_end(desk: Desk) -> None:
    """The row is not touched: it starts again by itself."""
    run = desk.begin("My App")
    assert desk.orders.restart("my", "stuck") == "My App"
    stop = StopRequest("user", "Restart", "stuck")
    assert desk.runs.look()[run].stop == stop
    assert (desk.runs.root / run / "stop").read_text().count('"grace": 7.0') == 1
    assert desk.row("My App") == ("In Progress", "")


def test_restart_of_what_does_not_run_asks_it_to_run(desk: Desk) -> None:
    """Also of completed work, from the start."""
    desk.runs.look()
    assert desk.orders.restart("Old") == "Old"
    assert desk.row("Old") == ("Pending", "")


def test_resume_does_not_do_completed_work_again(desk: Desk) -> None:
    """It says what does."""
    with pytest.raises(NotFound, match="restart it, or type Pending") as caught:
        desk.orders.resume("Old")
    assert caught.value.reason == "Completed"
    assert desk.row("Old")[0] == "Completed"


def test_completed_work_is_not_paused(desk: Desk) -> None:
    """To be resumed after it would be to be done again, which nobody asked for."""
    with pytest.raises(NotFound, match="nothing to pause; to run it again: restart it") as caught:
        desk.orders.pause("Old")
    assert caught.value.reason == "Completed"
    assert desk.row("Old") == ("Completed", "")
    assert desk.source.writes == 0


@pytest.mark.parametrize(
    ("name", "reason"), [("x", "NotFound"), ("o", "Ambiguous"), ("", "NotFound")]
)
def test_no_project_or_several(desk: Desk, name: str, reason: str) -> None:
    """Nothing is written."""
    for order in (desk.orders.pause, desk.orders.resume, desk.orders.restart):
        with pytest.raises(NotFound) as caught:
            order(name)
        assert caught.value.reason == reason
    assert desk.source.writes == 0


def test_rows_that_share_a_name_are_told(desk: Desk) -> None:
    """No guess which one is meant."""
    desk.source.append({"Project": "Other"})
    with pytest.raises(NotFound, match="2 rows bear the name Other"):
        desk.orders.pause("Other")


def test_an_edit_in_between_is_not_lost(desk: Desk) -> None:
    """The word is written beside it; a list that never rests is told."""
    desk.source.before_write = lambda: desk.source.change("My App", {"Status": "Waiting"})
    desk.orders.pause("My App")
    assert desk.row("My App")[0] == "Paused"

    def race() -> None:
        desk.source.change("My App", {"Status": f"{desk.source.reads}"})
        desk.source.before_write = race

    desk.source.before_write = race
    with pytest.raises(TransientError, match="changes all the time"):
        desk.orders.pause("My App")
