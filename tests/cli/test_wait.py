"""`wait`: what may be waited for, and how the waiting ends."""

import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from controller.cli import wait as wait_module
from controller.cli.goal import WORDS, parse_goal
from controller.core.errors import TerminalError
from tests.cli.desk import Desk, a_project

PLAN = {
    "version": "sidekick/v1", "at": "2026-01-01T00:00:00Z", "actions": [], "errors": {},
    "prune": "", "known": True,
}  # fmt: skip
TICKS = {"POST /api/v1/reconcile": (200, PLAN)}
PAUSED: dict[str, Any] = {"status": "Paused", "reason": "UserPaused", "alive": False}


@pytest.mark.parametrize(
    ("goal", "yes", "no"),
    [
        ("Ready", {}, {"ready": False}),
        ("ready=TRUE", {}, {"ready": False}),
        ("condition=Ready", {}, {"ready": False}),
        ("Ready=false", {"ready": False}, {}),
        ("Accepted", {}, {"accepted": False}),
        ("Stalled=false", {}, None),
        ("Completed", {"status": "Completed"}, {}),
        ("completed", {"status": "Completed"}, {"status": "Completed", "accepted": False}),
        ("in progress", {}, {"status": "Queued"}),
        ("InProgress", {}, {"status": "Queued"}),
        ("Paused", PAUSED, {}), ("Waiting", {"status": "Waiting"}, {}),
        ("Blocked", {"status": "Blocked"}, {}), ("Queued", {"status": "Queued"}, {}),
        ("Running", {}, PAUSED), ("running", {"status": "Waiting"}, {"started_at": None}),
        ("reason=CrashLoop", {"reason": "CrashLoop"}, {"reason": "CrashBackoff"}),
        ("Deleted", {"line": None, "alive": False}, {}),
        ("deleted", {"line": None, "alive": False}, {"line": None}),
    ],
)  # fmt: skip
def test_goals(goal: str, yes: dict[str, Any], no: dict[str, Any] | None) -> None:
    """A condition by its type, a status by its word, a reason; case and blanks do not count."""
    met = parse_goal(goal).met
    assert met(a_project("One", **yes))
    if no is not None:
        assert not met(a_project("One", **no))
    assert met(None) is (goal.lower() == "deleted")


@pytest.mark.parametrize("word", WORDS)
def test_every_word_that_is_offered_is_a_goal(word: str) -> None:
    """What the error and the completion tell can be typed."""
    assert parse_goal(word).text


@pytest.mark.parametrize(
    "goal", ["", "Redy", "Ready=maybe", "Ready=", "reason=", "Completed=true", "Running=false", "="]
)
def test_no_goals(desk: Desk, goal: str) -> None:
    """What cannot be waited for is told, with what can; exit 2."""
    with pytest.raises(TerminalError):
        parse_goal(goal)
    desk.keep(a_project("One"))
    code, out, err = desk.sidekick("wait", "One", "--for", goal)
    assert (code, out) == (2, "")
    assert "Ready" in err
    assert "Deleted" in err


def test_true_at_once(desk: Desk) -> None:
    """The name may be shortened; without a controller the last report stands."""
    desk.keep(a_project("Antenna ML"))
    assert desk.sidekick("wait", "ant", "--for", "Ready") == (
        0, "project/Antenna ML condition met\n", "",
    )  # fmt: skip


def test_true_later(desk: Desk) -> None:
    """The report is looked at until it is."""
    played = desk.play_controller(TICKS)
    desk.keep(a_project("One"), server=played.url)
    (desk.state / "token").write_text("t0k\n")
    later = threading.Timer(
        0.5, lambda: desk.keep(a_project("One", status="Completed"), server=played.url)
    )
    later.start()
    began = time.monotonic()
    assert desk.sidekick("wait", "One", "--for", "Completed", "--timeout", "10s")[0] == 0
    assert 0.4 < time.monotonic() - began < 5
    assert played.asked == [("POST /api/v1/reconcile", "Bearer t0k")]
    later.join()


def test_a_tick_is_asked_for_first(desk: Desk) -> None:
    """What was just written into the list is not answered from before it was."""
    played = desk.play_controller(TICKS)
    desk.keep(a_project("One", status="Completed"), server=played.url)

    class Ticks(dict[str, Any]):
        def get(self, key: str, default: Any = None) -> Any:
            desk.keep(a_project("One", status="Queued"), server=played.url)
            return super().get(key, default)

    played.answers = Ticks(TICKS)
    code, _, err = desk.sidekick("wait", "One", "--for", "Completed", "--timeout", "0")
    assert code == 1
    assert "One is Queued" in err


def test_the_report_of_an_earlier_controller_is_no_answer(desk: Desk) -> None:
    """While a controller comes up, what its predecessor knew is not taken for true."""
    report = desk.keep(a_project("One"))
    played = desk.play_controller({})
    desk.patch.setattr(wait_module, "_ask_for_a_tick", lambda _settings: None)
    assert desk.sidekick("wait", "One", "--for", "Ready", "--timeout", "300ms")[0] == 1
    desk.keep(*(replace(p, message="anew") for p in report.projects), server=played.url)
    assert desk.sidekick("wait", "One", "--for", "Ready", "--timeout", "300ms")[0] == 0


@pytest.mark.parametrize(
    ("timeout", "least", "most"), [("0", 0, 1), ("500ms", 0.5, 2), ("0s", 0, 1)]
)
def test_out_of_time(desk: Desk, timeout: str, least: float, most: float) -> None:
    """Exit 1 with what it is now; 0 looks once."""
    played = desk.play_controller(TICKS)
    desk.keep(a_project("One", reason="Running"), server=played.url)
    began = time.monotonic()
    code, out, err = desk.sidekick("wait", "One", "--for", "Completed", "--timeout", timeout)
    assert least <= time.monotonic() - began < most
    assert (code, out) == (1, "")
    assert "not Completed in time: One is In Progress (Running: claude works)" in err


def test_a_negative_time_never_ends(desk: Desk) -> None:
    """It waits on, as kubectl does."""
    played = desk.play_controller(TICKS)
    desk.keep(a_project("One"), server=played.url)
    later = threading.Timer(1.0, lambda: desk.keep(a_project("One", **PAUSED), server=played.url))
    later.start()
    assert desk.sidekick("wait", "One", "--for", "Paused", "--timeout=-1s")[0] == 0
    later.join()


def test_no_controller_runs(desk: Desk) -> None:
    """It ends early, for nothing changes; one that comes up in time is waited for."""
    desk.patch.setattr(wait_module, "PATIENCE", 0.4)
    desk.keep(a_project("One"))
    began = time.monotonic()
    code, out, err = desk.sidekick("wait", "One", "--for", "Completed", "--timeout", "1h")
    assert time.monotonic() - began < 3
    assert (code, out) == (1, "")
    assert "no controller runs" in err
    assert "sidekick run" in err
    assert "One is In Progress" in err


@pytest.mark.parametrize("goal", ["Ready", "Stalled=false", "reason=X"])
def test_no_such_project(desk: Desk, goal: str) -> None:
    """A typo ends early, with the names that there are; a row that was just added has time."""
    desk.patch.setattr(wait_module, "PATIENCE", 0.4)
    played = desk.play_controller(TICKS)
    desk.keep(a_project("One"), server=played.url)
    began = time.monotonic()
    code, out, err = desk.sidekick("wait", "Two", "--for", goal, "--timeout", "1h")
    assert 0.4 <= time.monotonic() - began < 3
    assert (code, out) == (1, "")
    assert "no project 'Two'; there are: One" in err
    later = threading.Timer(
        0.2, lambda: desk.keep(a_project("One"), a_project("Two", reason="X"), server=played.url)
    )
    later.start()
    assert desk.sidekick("wait", "Two", "--for", goal, "--timeout", "1h")[0] == 0
    later.join()


def test_a_name_of_several(desk: Desk) -> None:
    """It is told at once."""
    desk.keep(a_project("Bee"), a_project("Beetle"), a_project("Bear"))
    code, _, err = desk.sidekick("wait", "be", "--for", "Ready")
    assert code == 1
    assert "may be Bee, Beetle, Bear" in err


def test_what_is_gone_for_long_is_deleted(desk: Desk) -> None:
    """A name that nobody knows any more is as deleted as can be."""
    desk.keep(a_project("One"))
    assert desk.sidekick("wait", "Two", "--for", "Deleted")[0] == 0
