"""Whose screen is looked at: of who says nothing, once for each change, one in a tick."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from controller.core.facts import Ask, Asking, Facts
from controller.core.observed import Run, Session, StopRequest, Words
from controller.core.silence import (
    AFTER_ASK,
    FIRST_EVENT,
    FIRST_TURN,
    QUIET,
    Screens,
    at_last,
    is_silent,
)
from tests.core.world import NOW

LATER = NOW + FIRST_EVENT


def run(number: int = 1, **more: Any) -> Run:
    """A run on a terminal, that told nothing yet."""
    given = {"started_at": NOW, "interactive": True, "tells": True, **more}
    return Run(f"r{number}", "alpha", "alpha", "claude", "/w", Words("d"), NOW, **given)


def session(number: int = 1, seconds: float = 0.0, **more: Any) -> Session:
    """Its session, which printed last so many seconds after the start."""
    at = int((NOW + timedelta(seconds=seconds)).timestamp())
    return Session(f"%{number}", "alpha", f"r{number}", **{"alive": True, "activity": at, **more})


def test_silent_is_who_tells_nothing_at_first() -> None:
    """After some time; not behind a pipe, nor who never tells, nor who is to end."""
    assert is_silent(run(), session(), LATER)
    assert not is_silent(run(), session(), LATER - timedelta(seconds=1))
    assert not is_silent(run(interactive=False), session(), LATER)
    assert not is_silent(run(tells=False), session(), LATER)
    assert not is_silent(run(started_at=None), session(), LATER)
    assert not is_silent(run(stop=StopRequest("user", "x")), session(), LATER)
    assert not is_silent(run(), session(alive=False), LATER)
    assert not is_silent(run(facts=Facts(at=NOW)), session(), LATER)


def test_silent_is_who_does_not_begin() -> None:
    """It is there, and a minute later not at its task; who worked, asked or failed has begun."""
    late = NOW + FIRST_TURN
    there = Facts(at=NOW, conversation="c")
    assert is_silent(run(facts=there), session(), late)
    assert not is_silent(run(facts=there), session(), late - timedelta(seconds=1))
    ask = Ask(Asking.QUESTION, "which?", NOW)
    for told in ({"turn_at": NOW}, {"ended": True}, {"steps": 1}, {"ask": ask}):
        assert not is_silent(run(facts=replace(there, **told)), session(), late)


def test_silent_is_who_goes_on_printing_after_a_dialog() -> None:
    """Somebody closed it; not at the end of a turn, where there is none."""
    asked = Facts(at=NOW, ask=Ask(Asking.PERMISSION, "may it?", NOW))
    later = session(seconds=AFTER_ASK.total_seconds())
    assert is_silent(run(facts=asked), later, LATER)
    assert not is_silent(run(facts=asked), session(seconds=2), LATER)
    assert not is_silent(run(facts=replace(asked, ended=True)), later, LATER)


def test_silent_is_who_may_have_failed_without_a_word() -> None:
    """In the midst of a turn, some time after its last event; who tells each failure is not."""
    working = run(facts=Facts(at=NOW, working=True))
    assert is_silent(working, session(), NOW + QUIET, reticent=True)
    assert not is_silent(working, session(), NOW + QUIET)
    assert not is_silent(working, session(), NOW + QUIET / 2, reticent=True)
    resting = run(facts=Facts(at=NOW, ended=True))
    assert not is_silent(resting, session(), NOW + QUIET, reticent=True)
    due = Screens().due(
        {"r1": working}, {"r1": session()}, {"claude"}, NOW + QUIET, reticent={"claude"}
    )
    assert due == "r1"


def test_one_a_tick_and_none_twice() -> None:
    """Of several each has its turn; what did not change is not looked at again."""
    screens = Screens()
    runs = {f"r{number}": run(number) for number in (1, 2)}
    sessions = {f"r{number}": session(number) for number in (1, 2)}

    def due() -> str | None:
        return screens.due(runs, sessions, {"claude"}, LATER)

    assert {due(), due()} == {"r1", "r2"}
    assert due() is None
    sessions["r2"] = session(2, seconds=5)
    assert (due(), due()) == ("r2", None)
    assert Screens().due(runs, sessions, {"codex"}, LATER) is None
    assert Screens().due({}, sessions, {"claude"}, LATER) is None


def test_an_ask_dates_from_when_its_screen_was_drawn() -> None:
    """And keeps its time while it stays the same."""
    ask = Ask(Asking.TRUST, "trust?")
    first = at_last(Facts(ask=ask), session(seconds=3), run()).ask
    assert first is not None
    assert first.at == NOW + timedelta(seconds=3)
    again = at_last(Facts(ask=ask), session(seconds=9), run(facts=Facts(ask=first))).ask
    assert again is not None
    assert again.at == first.at
    assert at_last(Facts(), session(), run()) == Facts()
