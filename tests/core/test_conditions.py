"""Conditions: three answers about every row, and when each last changed."""

from controller.core.conditions import Condition, ConditionType, transition
from controller.core.observed import Ending
from tests.core.fleet import Fleet, fleet
from tests.core.world import NOW, after, cells, limits

READY = ConditionType.READY


def answers(rows: Fleet, name: str = "alpha") -> tuple[bool, ...]:
    """Accepted, Ready, Stalled."""
    return tuple(condition.status for condition in rows.status(name).conditions)


def test_a_new_answer_has_the_time_of_its_first_look() -> None:
    """`last_transition_time`: when the status was first known."""
    assert transition((), ((READY, True),), "Running", "it runs", NOW) == (
        Condition(READY, True, "Running", "it runs", NOW),
    )


def test_the_time_moves_with_the_status() -> None:
    """`last_transition_time` is when the status last changed."""
    known = transition((), ((READY, True),), "Running", "", NOW)
    (changed,) = transition(known, ((READY, False),), "Crashed", "", after(5))

    assert changed.last_transition_time == after(5)


def test_a_new_reason_alone_moves_no_time() -> None:
    """A new reason or message alone does not move it."""
    known = transition((), ((READY, True),), "Running", "", NOW)
    (changed,) = transition(known, ((READY, True),), "OutOfDate", "", after(5))

    assert (changed.reason, changed.last_transition_time) == ("OutOfDate", NOW)


def test_no_change_is_the_very_same_value() -> None:
    """A tick with nothing to do makes nothing new."""
    known = transition((), ((READY, True),), "Running", "", NOW)

    assert transition(known, ((READY, True),), "Running", "", after(5)) is known


def test_a_running_row() -> None:
    """The row is valid, and the world is as it wants."""
    assert answers(fleet()) == (True, True, False)


def test_an_invalid_row() -> None:
    """Accepted: the row is valid; Stalled: a person must act."""
    alpha = fleet()
    alpha.type(priority="x")
    alpha.tick()

    assert answers(alpha) == (False, False, True)


def test_a_row_in_the_queue() -> None:
    """It will get there by itself, so it is not stalled."""
    alpha = Fleet(cells(), limits=limits(slots=0))
    alpha.rest()

    assert answers(alpha) == (True, False, False)


def test_rows_at_rest_are_ready() -> None:
    """Paused by the user, and completed: the world is as the row wants."""
    both = fleet("a", "b")
    both.type("a", status="Paused")
    both.end("b")
    both.rest()

    assert [answers(both, name) for name in "ab"] == [(True, True, False)] * 2


def test_a_crash_loop_is_stalled() -> None:
    """Blocked: it will not get there by itself."""
    alpha = fleet()
    alpha.end(ending=Ending.BLOCKED, reason="AgentBlocked")
    alpha.rest()

    assert answers(alpha) == (True, False, True)
