"""The guard against a mass stop."""

import pytest

from controller.core.intent import Intent
from controller.core.observed import Ending
from tests.core.fleet import Fleet, Tick, fleet
from tests.core.world import cells, limits


def gone(rows: Fleet, *names: str, seconds: float = 30) -> Tick:
    """Rows vanish; two whole good reads, and so much time."""
    rows.delete(*names)
    rows.tick()
    rows.tick()
    rows.sleep(seconds)
    return rows.tick()


def ten() -> Fleet:
    """Ten running projects."""
    return fleet(*"abcdefghij", limits=limits(slots=10))


@pytest.mark.parametrize(
    ("names", "blocked"),
    [("a", False), ("abc", False), ("abcd", True), ("abcdefghij", True)],
)
def test_more_than_one_and_more_than_30_percent(names: str, blocked: bool) -> None:
    """Rows that vanished and would stop more than 1 and more than 30 % → `PruneBlocked`."""
    rows = ten()
    tick = gone(rows, *names)

    assert bool(rows.memory.prune) is blocked
    assert tick.stopped == ([] if blocked else list(names))


def test_one_of_one_is_no_mass() -> None:
    """More than 1: a single row may be deleted, though it is all there is."""
    alpha = fleet()

    assert gone(alpha, "alpha").stopped == ["alpha"]


def test_blocked_rows_say_so() -> None:
    """`PruneBlocked`: shown with the one command to approve, and noted once."""
    rows = ten()
    rows.delete(*"abcd")
    noted = [rows.tick().noted for _ in range(3)]

    assert noted == [["PruneBlocked"], [], []]
    assert rows.status("a").reason == "PruneBlocked"
    assert "sidekick approve-prune" in rows.status("a").message


def test_blocked_rows_stay_blocked() -> None:
    """Nothing of it is stopped until the user's word, however long that takes."""
    rows = ten()
    gone(rows, *"abcd")
    for _ in range(10):
        rows.sleep(3600)
        assert rows.tick().stopped == []


def test_blocked_rows_that_return_go_on() -> None:
    """Until the rows return: then nothing happened."""
    rows = ten()
    lines = [dict(rows.line(name)) for name in "abcd"]
    gone(rows, *"abcd")
    rows.add(*lines)
    tick = rows.tick()

    assert (tick.stopped, tick.started, rows.memory.prune) == ([], [], "")
    assert rows.rest().quiet
    assert len(rows.running) == 10


def test_some_of_them_return() -> None:
    """Once so few are missing that it is no mass, they are deleted as any."""
    rows = ten()
    lines = [dict(rows.line(name)) for name in "bcd"]
    gone(rows, *"abcd")
    rows.add(*lines)

    assert rows.tick().stopped == ["a"]


def test_approval_by_digest() -> None:
    """Until `approve-prune`, with the plan's hash."""
    rows = ten()
    gone(rows, *"abcd")
    rows.limits = limits(slots=10, approved_prune=rows.memory.prune)
    tick = rows.tick()

    assert tick.stopped == list("abcd")
    rows.rest()
    assert rows.running == set("efghij")
    assert rows.memory.prune == ""


def test_an_approval_covers_what_it_named_only() -> None:
    """An approval is for these rows: one more vanished row needs another word."""
    rows = ten()
    gone(rows, *"abcd")
    rows.limits = limits(slots=10, approved_prune=rows.memory.prune)
    rows.delete("e")
    tick = rows.tick()

    assert tick.stopped == []
    assert rows.memory.prune not in {"", rows.limits.approved_prune}


def test_an_approval_covers_rows_that_vanished_one_after_the_other() -> None:
    """What the user approved is done, though it falls due at different times."""
    rows = ten()
    for name in "abcd":
        rows.delete(name)
        rows.tick()
        rows.sleep(5)
    rows.tick()
    rows.limits = limits(slots=10, approved_prune=rows.memory.prune)
    for _ in range(10):
        rows.sleep(5)
        rows.tick()
        rows.obey()

    assert rows.running == set("efghij")


def test_one_by_one_within_ten_minutes() -> None:
    """Counted over a 10 min window: a slow mass stop is one too."""
    rows = ten()
    stopped = [gone(rows, name, seconds=60).stopped for name in "abcdef"]

    assert stopped == [["a"], ["b"], ["c"], [], [], []]


def test_one_by_one_with_time_between() -> None:
    """Counted over a 10 min window: what was deleted before does not count."""
    rows = ten()
    stopped = [gone(rows, name, seconds=720).stopped for name in "abcdef"]

    assert stopped == [["a"], ["b"], ["c"], ["d"], ["e"], ["f"]]


def test_paused_conversations_count() -> None:
    """Rows that would forget a paused conversation count as those that would stop."""
    rows = ten()
    for name in "abcd":
        rows.type(name, status="Paused")
    rows.rest()
    gone(rows, *"abcd")

    assert rows.memory.prune


def test_statuses_that_the_user_typed_need_no_approval() -> None:
    """Statuses typed by the user need no approval."""
    rows = ten()
    for name in "abcdefghij":
        rows.type(name, status="Paused")

    assert rows.tick().stopped == list("abcdefghij")


def test_an_emptied_list_stops_nothing() -> None:
    """A list that lost all its rows waits for the user's word."""
    rows = ten()

    assert gone(rows, *"abcdefghij").stopped == []
    assert len(rows.running) == 10


def test_new_rows_start_while_a_prune_is_blocked() -> None:
    """What is blocked holds up nobody else."""
    rows = ten()
    gone(rows, *"abcd")
    rows.limits = limits(slots=11)
    rows.add(cells("new"))
    rows.rest()

    assert "new" in rows.running


def test_blocked_rows_survive_lost_memory() -> None:
    """Memory and most of the rows lost at once: the guard still holds."""
    rows = ten()
    rows.lose_memory()

    assert gone(rows, *"abcdefg").stopped == []
    assert rows.memory.prune


def test_deleting_what_is_completed_is_no_mass_stop() -> None:
    """Rows that would stop, or forget a *paused* conversation: tidying up is neither."""
    rows = fleet("a", "b", "c")
    rows.sleep(60)
    rows.end("a", Ending.COMPLETED)
    rows.rest()
    first = gone(rows, "a")

    assert first.stopped == []
    assert rows.member("a").intent is Intent.DONE
    assert gone(rows, "b").stopped == ["b"]
