"""Rest: where it holds, the plan worked out anew is the plan that is kept."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.board import make_board, refresh_board
from controller.core.planner import plan
from controller.core.rest import LONGEST, Rest
from tests.core.fleet import Fleet, fleet
from tests.core.test_planner_properties import HISTORIES, Event, fleets
from tests.core.world import cells, limits


def at_rest(of: Fleet) -> Rest:
    """What a tick of a fleet at rest was given."""
    of.rest()
    given_values = (of.desired(), of.observed(), of.memory, of.limits)
    return Rest(*given_values, True, of.now, plan(*given_values, of.now))


@given(fleets(), HISTORIES, st.lists(st.floats(-5, 70), max_size=5))
@settings(deadline=None)
def test_while_it_holds_the_plan_is_the_same(
    made: Fleet, history: list[tuple[Event, str]], delays: list[float]
) -> None:
    """Whatever happened before, and whenever one looks."""
    for event, name in history:
        event(made, name)
        made.tick()
    rest = at_rest(made)
    for delay in delays:
        now = rest.at + timedelta(seconds=delay)
        if rest.holds(rest.desired, rest.observed, rest.memory, rest.limits, now, fresh=True):
            anew = plan(rest.desired, rest.observed, rest.memory, rest.limits, now)
            assert anew == rest.plan


@pytest.mark.parametrize(
    "what", ["desired", "observed", "memory", "limits", "fresh", "late", "past"]
)
def test_any_difference_ends_it(what: str) -> None:
    """Another list, world, memory or limit, a failed read, time, and a clock that jumped back."""
    made = fleet("alpha", "beta")
    rest = at_rest(made)
    fresh, now = True, rest.at + timedelta(seconds=1)
    desired, observed, memory, allowed = rest.desired, rest.observed, rest.memory, rest.limits
    assert rest.holds(desired, observed, memory, allowed, now, fresh=fresh)
    match what:
        case "desired":
            desired = made.desired()
        case "observed":
            made.end("alpha")
            observed = made.observed()
        case "memory":
            memory = replace(memory)
        case "limits":
            allowed = limits(slots=1)
        case "fresh":
            fresh = False
        case "late":
            now = rest.at + LONGEST
        case "past":
            now = rest.at - timedelta(seconds=1)
    assert not rest.holds(desired, observed, memory, allowed, now, fresh=fresh)


def test_a_time_that_the_plan_waits_for_ends_it() -> None:
    """A retry that is due within the minute."""
    made = Fleet(cells("a", priority="2"), limits=limits(slots=1))
    made.rest()
    made.add(cells("top"))
    made.rest()
    made.sleep(290)
    rest = at_rest(made)
    assert rest.plan.requeue_at is not None
    assert rest.until == rest.plan.requeue_at
    assert rest.until < rest.at + LONGEST


def test_an_agents_output_ends_no_rest_and_is_shown() -> None:
    """Activity decides nothing; the board shows it."""
    made = fleet("alpha", "beta")
    rest = at_rest(made)
    assert made.last is not None
    board = make_board(
        made.last.summary.rows, rest.desired.projects, rest.memory, rest.observed, made.now
    )
    assert refresh_board(board, rest.observed, made.now) is board
    run = made.run("alpha").id
    printed = replace(made.sessions[run], activity=int(made.now.timestamp()))
    seen = replace(rest.observed, sessions={**rest.observed.sessions, run: printed})
    assert seen == rest.observed
    later = refresh_board(board, seen, made.now)
    assert later[0].activity_at == made.now.replace(microsecond=0)
    assert later[1] is board[1]
    idle = refresh_board(later, seen, made.now + timedelta(minutes=6))
    assert idle[0].idle_since == later[0].activity_at
