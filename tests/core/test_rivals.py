"""Rivals: another controller on the same list is told by the versions that it writes."""

import pytest

from tests.core.fleet import Fleet
from tests.core.world import OLD, cells

THEIRS = "2026-03-01T11:59:59+00:00"


def told(fleet: Fleet) -> list[str]:
    """What a tick tells of another controller."""
    events = fleet.tick().plan.events
    return [event.message for event in events if event.reason == "AnotherController"]


def fleet() -> Fleet:
    """Two rows at work."""
    made = Fleet(cells("alpha"), cells("beta"))
    made.rest()
    return made


@pytest.mark.parametrize("word", ["Queued", "In Progress", "Waiting", "Completed", "Blocked"])
def test_a_version_of_another_is_told(word: str) -> None:
    """A word with a Last Update that this controller never wrote; once, with the row's name."""
    made = fleet()
    made.type("alpha", status=word, last_update=THEIRS)
    (message,) = told(made)
    assert message.startswith("the Status of alpha was written by another controller")
    assert "stop one of the two" in message
    assert told(made) == []


@pytest.mark.parametrize("word", ["", "Pending", "Paused"])
def test_an_order_of_a_command_is_none(word: str) -> None:
    """`pause` and its kin write a Last Update as well."""
    made = fleet()
    made.type("alpha", status=word, last_update=THEIRS)
    assert told(made) == []


def test_a_person_s_hand_is_none() -> None:
    """A word alone, one beside a date of a person's own, or the cells of another row."""
    made = fleet()
    made.type("alpha", status="Completed")
    assert told(made) == []
    made.type("alpha", status="Blocked", last_update="1 March")
    assert told(made) == []
    made.type("alpha", status="In Progress", last_update=made.line("beta")["Last Update"])
    assert told(made) == []


def test_a_list_that_another_works_on_is_told_at_the_first_look() -> None:
    """Rows at work without a run here; not where the runs tell that only the memory was lost."""
    at_work = {"status": "In Progress", "last_update": OLD}
    made = Fleet(*(cells(name, **at_work) for name in "abcde"), cells("done", status="Completed"))
    (message,) = told(made)
    assert message.startswith("the Status of a, b, c and 2 more is not this controller's")
    assert told(made) == []
    fresh = fleet()
    fresh.lose_memory()
    assert told(fresh) == []
    assert told(Fleet(cells("alpha", status="In Progress"))) == []
