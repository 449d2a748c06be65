"""Pre-emption: who gives way to whom, when, and how it goes on."""

from dataclasses import replace

import pytest

from controller.core.actions import Start, Wait
from controller.core.observed import Ending, ReportState
from tests.core.fleet import Fleet
from tests.core.test_planner_order import narrow
from tests.core.world import after, cells, limits


def working(*lines: dict[str, str], **changes: object) -> Fleet:
    """A fleet at rest whose rows have run for longer than `min_run_time`."""
    fleet = Fleet(*lines, limits=limits(**changes))  # type: ignore[arg-type]
    fleet.rest()
    fleet.sleep(301)
    return fleet


def resumed(fleet: Fleet) -> dict[str, bool]:
    """Project → whether the last tick started it to go on with its conversation."""
    assert fleet.last is not None
    starts = [action for action in fleet.last.plan.actions if isinstance(action, Start)]
    return {start.project: start.workload.resume for start in starts}


def test_a_more_important_row_takes_the_place_of_the_least_important() -> None:
    """Victim = least important; it is Paused, and goes on by itself where it was."""
    fleet = working(cells("a", priority="2"), cells("b", priority="3"), slots=2)
    talk = fleet.run("b").conversation
    fleet.add(cells("top", priority="1"))
    asked = fleet.tick()
    assert (asked.stopped, asked.started) == (["b"], [])
    fleet.obey()
    assert fleet.tick().started == ["top"]
    assert fleet.says("b") == ("Paused", "Preempted")
    assert fleet.line("b")["Status"] == "Paused"
    assert "more important" in fleet.status("b").message
    fleet.rest()
    assert {"a", "top"} == fleet.running

    fleet.end("top")
    fleet.tick()
    assert resumed(fleet) == {"b": True}
    fleet.rest()
    assert fleet.run("b").conversation == talk
    assert fleet.says("b") == ("In Progress", "Running")


def test_of_one_priority_the_newest_gives_way() -> None:
    """Victim = least important, then newest."""
    fleet = Fleet(cells("old", priority="5"), limits=limits(slots=2))
    fleet.rest()
    fleet.sleep(60)
    fleet.add(cells("new", priority="5"))
    fleet.rest()
    fleet.sleep(301)
    fleet.add(cells("top"))

    assert fleet.tick().stopped == ["new"]


@pytest.mark.parametrize(
    ("typed", "slots"),
    [
        ({"priority": "2"}, {}),
        ({"priority": "2", "deadline": "2026-03-02"}, {}),
        ({"priority": "3"}, {}),
    ],
    ids=["same priority", "nearer deadline", "less important"],
)
def test_only_for_a_strictly_more_important_row(
    typed: dict[str, str], slots: dict[str, int]
) -> None:
    """A row of the same priority waits, whatever its deadline and place in the list."""
    fleet = working(cells("a", priority="2"), slots=1)
    fleet.lines.insert(0, cells("other", **typed))

    for _ in range(3):
        assert not fleet.tick().plan.changes
        fleet.sleep(600)
    assert fleet.says("other") == ("Queued", "Capacity")


def test_not_before_min_run_time_and_then_at_once() -> None:
    """An agent works for `min_run_time` in any case; the plan says when to look again."""
    fleet = Fleet(cells("a", priority="2"), limits=limits(slots=1))
    fleet.rest()
    begun = fleet.run("a").started_at
    assert begun is not None
    fleet.add(cells("top"))
    tick = fleet.tick()
    assert not tick.plan.changes
    (wait,) = [action for action in tick.plan.actions if isinstance(action, Wait)]
    due = begun + (after(300) - after(0))
    assert wait.until == due
    assert tick.plan.requeue_at == due

    fleet.now = due
    assert fleet.tick().stopped == ["a"]


def test_only_what_holds_the_lacking_resource_gives_way() -> None:
    """A GPU is taken from who has one, and nobody else is touched for it."""
    fleet = working(cells("plain", priority="9"), cells("cuda", priority="5", gpu="yes"), slots=3)
    fleet.add(cells("top", gpu="yes"))

    assert fleet.tick().stopped == ["cuda"]
    fleet.rest()
    assert {"plain", "top"} == fleet.running
    assert fleet.run("top").gpus == (0,)
    assert fleet.says("cuda") == ("Paused", "Preempted")


def test_an_agents_slot_is_taken_from_that_agent() -> None:
    """Who runs under another agent keeps running."""
    fleet = working(
        cells("other", priority="9", model="gpt"), cells("own", priority="5"),
        slots=9, agents=narrow(claude=1),
    )  # fmt: skip
    fleet.add(cells("top"))

    assert fleet.tick().stopped == ["own"]


def test_the_less_important_of_two_rows_with_one_folder_gives_way() -> None:
    """Two rows with one folder: the less important is queued."""
    fleet = working(cells("low", priority="5"), folders={"low": "/repo", "top": "/repo"}, slots=4)
    fleet.add(cells("top"))
    assert fleet.tick().stopped == ["low"]
    fleet.rest()

    assert {"top"} == fleet.running
    assert "FolderInUse" not in fleet.status("top").reason
    assert fleet.says("low") == ("Paused", "Preempted")


def test_two_lacking_resources_cost_two_sessions_and_one_that_has_both_costs_one() -> None:
    """The fewest whose end makes room."""
    both = working(cells("plain", priority="9"), cells("cuda", priority="8", gpu="yes"), slots=2)
    both.add(cells("top", gpu="yes"))
    assert both.tick().stopped == ["cuda"]

    apart = working(
        cells("own", priority="9"), cells("cuda", priority="8", gpu="yes", model="gpt"),
        slots=9, agents=narrow(claude=1),
    )  # fmt: skip
    apart.add(cells("top", gpu="yes"))
    assert sorted(apart.tick().stopped) == ["cuda", "own"]


def test_nobody_ends_where_that_would_not_make_room() -> None:
    """A GPU that the settings do not give, or one that a more important row has."""
    none = working(cells("low", priority="9"), slots=1, gpus=0)
    none.add(cells("top", gpu="yes"))
    assert not none.tick().plan.changes

    held = working(cells("first", gpu="yes"), cells("low", priority="9"), slots=2)
    held.add(cells("second", priority="2", gpu="yes"))
    assert not held.tick().plan.changes
    assert held.says("second") == ("Queued", "Capacity")


def test_lowered_slots_make_nobody_give_way_but_one_for_one() -> None:
    """Fewer slots than sessions: a top row does not end several to get in."""
    fleet = working(*(cells(name, priority="9") for name in "abcd"), slots=4)
    fleet.limits = replace(fleet.limits, slots=1)
    fleet.add(cells("top"))

    assert not fleet.tick().plan.changes


def test_room_that_is_being_made_is_kept_for_whom_it_is_made() -> None:
    """A row behind does not slip into the place of a session that is asked to end."""
    fleet = working(cells("a", priority="5"), cells("b", priority="5"), slots=2)
    fleet.add(cells("top"), cells("second", priority="2"), cells("third", priority="6"))
    assert sorted(fleet.tick().stopped) == ["a", "b"]
    fleet.rest()

    assert {"top", "second"} == fleet.running
    assert fleet.says("third") == ("Queued", "Capacity")


def test_a_session_that_ends_anyway_is_waited_for() -> None:
    """Where the user has paused one, no other gives way."""
    fleet = working(cells("a", priority="5"), cells("b", priority="6"), slots=2)
    fleet.type("a", status="Paused")
    fleet.add(cells("top"))
    tick = fleet.tick()

    assert tick.stopped == ["a"]
    fleet.rest()
    assert {"b", "top"} == fleet.running


def test_a_session_that_will_not_end_is_not_waited_for_for_ever() -> None:
    """After a minute another one gives way."""
    fleet = working(cells("stuck", priority="5"), cells("b", priority="6"), slots=2)
    fleet.type("stuck", status="Paused")
    fleet.add(cells("top"))
    assert fleet.tick().stopped == ["stuck"]
    fleet.sleep(59)
    waits = fleet.tick()
    assert waits.stopped == []
    assert waits.plan.requeue_at == fleet.now + (after(1) - after(0))
    fleet.sleep(1)
    assert fleet.tick().stopped == ["b"]


def test_resumed_before_any_queued_row_of_the_same_priority() -> None:
    """The pre-empted row goes first, though a queued one has a deadline and stands above it."""
    fleet = working(cells("victim", priority="5"), slots=1)
    fleet.lines.insert(0, cells("queued", priority="5", deadline="2026-03-02"))
    fleet.add(cells("top"))
    fleet.rest()
    assert {"top"} == fleet.running

    fleet.end("top")
    assert fleet.tick().started == ["victim"]


def test_a_more_important_queued_row_goes_before_the_pre_empted() -> None:
    """Priority comes first."""
    fleet = working(cells("victim", priority="5"), slots=1)
    fleet.add(cells("top"), cells("second", priority="4"))
    fleet.rest()
    fleet.end("top")

    assert fleet.tick().started == ["second"]


def test_a_row_whose_own_start_fails_ousts_nobody() -> None:
    """A missing program must not end others' work every few minutes."""
    fleet = working(cells("a", priority="5"), slots=1)
    fleet.add(cells("top"))
    fleet.rest()
    fleet.end("top", Ending.FAULT)
    fleet.rest()
    assert {"a"} == fleet.running
    fleet.sleep(301)

    assert fleet.tick().stopped == []
    assert fleet.says("a") == ("In Progress", "Running")


def test_a_waiting_agent_keeps_its_session() -> None:
    """Its question stands on its screen; after ten minutes its slot is free anyway."""
    fleet = working(cells("a", priority="5"), slots=1)
    fleet.report("a", ReportState.WAITING, "which way?")
    fleet.tick()
    fleet.add(cells("top"))
    assert fleet.tick().stopped == []
    fleet.sleep(600)
    assert fleet.tick().started == ["top"]
    assert {"a", "top"} == fleet.running


def test_the_users_word_on_a_pre_empted_row_counts() -> None:
    """Pending asks for nothing more than it has; another Paused is the user's own."""
    fleet = working(cells("a", priority="5"), slots=1)
    fleet.add(cells("top"))
    fleet.rest()
    fleet.type("a", status="Pending", last_update="")
    fleet.rest()
    assert fleet.says("a") == ("Queued", "Capacity")

    again = working(cells("a", priority="5"), slots=1)
    again.add(cells("top"))
    again.rest()
    again.type("a", last_update="")
    again.rest()
    again.end("top")
    assert again.tick().started == []
    assert again.says("a") == ("Paused", "UserPaused")


def test_lost_memory_knows_who_paused_it() -> None:
    """The run's folder tells: ours, so it runs."""
    fleet = working(cells("a", priority="5"), slots=1)
    fleet.add(cells("top"))
    fleet.rest()
    fleet.lose_memory()
    fleet.rest()
    assert fleet.says("a") == ("Paused", "Preempted")
    fleet.end("top")
    assert fleet.tick().started == ["a"]


def test_a_controller_killed_in_between_ends_nobody_twice() -> None:
    """Killed before and after the request: the same end."""
    for instant in ("act", "commit", "write"):
        fleet = working(cells("a", priority="5"), slots=1)
        fleet.add(cells("top"))
        with pytest.raises(Exception, match=r"^$"):
            fleet.tick(killed_before=instant)
        fleet.rest()
        assert {"top"} == fleet.running
        assert fleet.says("a") == ("Paused", "Preempted")


def test_no_see_saw() -> None:
    """Whoever took a place is never ousted by whom it was taken from."""
    fleet = working(cells("a", priority="5"), cells("b", priority="5"), slots=1)
    fleet.add(cells("top", priority="4"))
    fleet.rest()
    for _ in range(10):
        fleet.sleep(600)
        tick = fleet.tick()
        assert (tick.started, tick.stopped) == ([], [])
    assert {"top"} == fleet.running
