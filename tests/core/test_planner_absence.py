"""Rows that are gone, back again or renamed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.board import make_board
from controller.core.observed import Ending
from tests.core.fleet import Fleet, KilledError, fleet
from tests.core.world import cells, column_of, limits

DAY = 86_400.0


def four() -> Fleet:
    """A fleet in which one deletion is no mass stop."""
    return fleet("a", "b", "c", "d")


def wait_out(rows: Fleet, seconds: float = 30) -> None:
    """Two whole good reads, and then so much time."""
    rows.tick()
    rows.tick()
    rows.sleep(seconds)


def completed_and_gone() -> Fleet:
    """The row `b`, typed as Pending, was completed and deleted, and that was acted on."""
    rows = Fleet(*(cells(name, status="Pending") for name in "abcd"))
    rows.rest()
    rows.sleep(60)
    rows.end("b")
    rows.rest()
    rows.delete("b")
    wait_out(rows)
    rows.rest()
    return rows


def test_a_deleted_row_is_acted_on_after_30_seconds() -> None:
    """Deleted row: acted on after 30 s and two whole good reads, then the session is stopped."""
    rows = four()
    rows.delete("b")
    wait_out(rows, 29.9)

    assert rows.tick().stopped == []

    rows.sleep(0.1)

    assert rows.tick().stopped == ["b"]
    assert rows.run("b").stop is not None
    assert rows.tick().stopped == []

    rows.obey()
    rows.rest()

    assert {"a", "c", "d"} == rows.running
    assert rows.status("b").reason == "RowDeleted"


def test_a_deleted_row_is_shown_until_its_agent_has_ended() -> None:
    """And not for as long as its tombstone is kept, in the state that it had."""

    def shown() -> list[str]:
        assert rows.last is not None
        board = make_board(
            rows.last.summary.rows, rows.desired().projects, rows.memory, rows.observed(), rows.now
        )
        return [view.name for view in board]

    rows = four()
    rows.delete("b")
    wait_out(rows)

    assert "b" in shown()

    rows.tick()

    assert "b" in shown()

    rows.rest()

    assert shown() == ["a", "c", "d"]


def test_the_plan_tells_when_to_look_again() -> None:
    """A deletion is acted on in time although nothing else happens."""
    rows = four()
    rows.delete("b")
    rows.tick()
    tick = rows.tick()

    assert tick.plan.requeue_at is not None
    assert (tick.plan.requeue_at - rows.now).total_seconds() == 30


def test_one_good_read_is_not_enough() -> None:
    """Two whole good reads: however long ago the first one was."""
    rows = four()
    rows.delete("b")
    rows.tick()
    rows.sleep(3600)
    for _ in range(5):
        assert rows.tick(fresh=False).stopped == []

    assert rows.tick().stopped == ["b"]


def test_a_list_that_was_not_read_misses_nobody() -> None:
    """Could not read is never wants nothing."""
    rows = four()
    rows.delete("a", "b", "c", "d")
    for _ in range(5):
        tick = rows.tick(fresh=False)
        rows.sleep(60)
        assert list(tick.plan.changes) == []

    assert all(member.absence is None for member in rows.memory.projects.values())


def test_a_row_that_is_back_in_time_was_never_gone() -> None:
    """An editor that saves in two steps stops nothing."""
    rows = four()
    gone = rows.delete("b")
    wait_out(rows, 29)
    rows.add(*gone)
    rows.rest()
    rows.sleep(60)

    assert rows.rest().noted == []
    assert {"a", "b", "c", "d"} == rows.running


def test_a_row_without_a_name_proves_no_deletion() -> None:
    """A row that lost its name might be the one that is missing."""
    rows = four()
    rows.line("b")["Project"] = ""
    for _ in range(5):
        rows.sleep(60)
        assert rows.tick().stopped == []

    assert rows.running == {"a", "b", "c", "d"}


def test_a_deletion_that_is_not_sure_says_what_it_waits_for() -> None:
    """As long as another row lost its name; with that mended, it is a deletion as any other."""
    rows = four()
    rows.line("d")["Project"] = ""
    rows.delete("b")
    rows.sleep(60)
    rows.tick()
    assert rows.says("b") == ("In Progress", "RowDeleted")
    assert "mend them" in rows.status("b").message
    rows.line("")["Project"] = "d"
    rows.tick()
    assert rows.status("b").message == "its row is gone from the list"


def test_an_invalid_row_is_not_gone() -> None:
    """An invalid row is shown; its running session is left alone."""
    rows = four()
    rows.type("b", priority="high")
    for _ in range(5):
        rows.sleep(60)
        assert rows.tick().stopped == []


def test_two_rows_of_one_name_are_not_gone() -> None:
    """Two rows with one name: both invalid; the running session is left alone."""
    rows = four()
    rows.add(rows.line("b"))
    for _ in range(5):
        rows.sleep(60)
        assert rows.tick().stopped == []

    assert "b" in rows.running


def test_a_row_that_is_added_again_goes_on() -> None:
    """A tombstone is kept for 30 days: added again, it goes on where it was."""
    rows = four()
    gone = rows.delete("b")
    wait_out(rows)
    rows.rest()
    rows.sleep(29 * DAY)
    rows.add(*gone)
    tick = rows.tick()

    assert tick.noted == ["Returned"]
    assert tick.started == ["b"]
    assert rows.run("b").conversation == "talk-2"


def test_a_completed_row_that_is_added_again_stays_completed() -> None:
    """Added again, it goes on where it was: here, at its end."""
    rows = four()
    rows.sleep(60)
    rows.end("b")
    rows.rest()
    gone = rows.delete("b")
    wait_out(rows)
    rows.rest()
    rows.add(*gone)
    rows.rest()

    assert rows.says("b") == ("Completed", "Finished")


def test_a_row_that_is_added_again_with_other_work_is_the_users_word() -> None:
    """Its Status is one that it had before; its Next Action no editor's buffer held."""
    rows = completed_and_gone()
    rows.add(cells("b", status="Pending", next_action="brand new"))
    tick = rows.tick()

    assert tick.started == ["b"]
    assert {"Returned", "UserWord"} <= set(tick.noted)
    assert "StaleEdit" not in tick.noted
    assert rows.run("b").conversation != "talk-2"

    rows.rest()

    assert rows.says("b")[0] == "In Progress"


@pytest.mark.parametrize("action", ["do b", "do more"])
def test_a_buffer_that_still_has_a_deleted_row_runs_nothing_again(action: str) -> None:
    """Whichever of the works that it was given the buffer holds; a word typed then counts."""
    rows = Fleet(*(cells(name, status="Pending") for name in "abcd"))
    rows.rest()
    rows.sleep(60)
    rows.end("b")
    rows.rest()
    rows.type("b", status="Pending", next_action="do more")
    rows.rest()
    rows.sleep(60)
    rows.end("b")
    rows.rest()
    rows.delete("b")
    wait_out(rows)
    rows.rest()
    rows.add(cells("b", status="Pending", next_action=action))
    tick = rows.tick()

    assert tick.started == []
    assert "StaleEdit" in tick.noted

    rows.rest()

    assert rows.says("b")[0] == "Completed"

    rows.type("b", status="Pending")

    assert rows.tick().started == ["b"]


def test_a_tombstone_is_forgotten() -> None:
    """The tombstone is kept for 30 days."""
    rows = four()
    rows.delete("b")
    wait_out(rows)
    rows.rest()
    rows.sleep(30 * DAY + 60)
    rows.rest()

    assert set(rows.memory.projects) == {"a", "c", "d"}


def test_a_deleted_rows_crashed_session_is_not_started_again() -> None:
    """A row that is gone wants nothing to start."""
    rows = four()
    rows.delete("b")
    rows.tick()
    rows.end("b", Ending.CRASHED)
    rows.tick()
    rows.sleep(20)

    assert rows.tick().started == []


def rename(rows: Fleet, old: str, new: str) -> None:
    """The user types another name over one."""
    rows.line(old)["Project"] = new


def test_a_renamed_row_is_the_same_project() -> None:
    """Renamed row: the same project; session, folder, conversation stay."""
    rows = four()
    rename(rows, "b", "beta")
    tick = rows.tick()

    assert (tick.plan.renames, tick.noted) == ({"b": "beta"}, ["Renamed"])
    assert list(tick.plan.changes) == []
    assert rows.says("beta") == ("In Progress", "Running")
    assert rows.member("beta").slug == "b"


def test_a_renamed_row_stays_alive() -> None:
    """Renamed row: session, folder, conversation stay, also after 30 s and two good reads."""
    rows = four()
    rename(rows, "b", "beta")
    for _ in range(4):
        assert rows.tick().stopped == []
        rows.sleep(30)

    assert set(rows.memory.projects) == {"a", "beta", "c", "d"}


def test_a_rename_of_a_row_at_rest() -> None:
    """Renamed row: the same project, running or not."""
    rows = four()
    rows.type("b", status="Paused")
    rows.rest()
    rename(rows, "b", "beta")
    rows.rest()
    rows.type("beta", status="Pending")
    rows.rest()

    assert rows.run("beta").conversation == "talk-2"


def test_a_rename_survives_the_death_of_the_controller() -> None:
    """The controller may be killed at any instant, between the runs' notes and memory too."""
    rows = four()
    rename(rows, "b", "beta")
    with pytest.raises(KilledError):
        rows.tick(killed_before="commit")
    tick = rows.tick()

    assert tick.plan.renames == {"b": "beta"}
    assert (tick.started, tick.stopped) == ([], [])
    assert rows.member("beta").slug == "b"


def test_a_rename_after_a_death_between_a_start_and_its_commit() -> None:
    """The run that memory does not know is the renamed row's, and nobody stops it."""
    rows = Fleet(cells("b"))
    with pytest.raises(KilledError):
        rows.tick(killed_before="commit")
    rename(rows, "b", "beta")
    rows.restart()
    for _ in range(5):
        tick = rows.tick()
        assert (tick.started, tick.stopped) == ([], [])
        rows.begin()
        rows.sleep(15)

    assert set(rows.memory.projects) == {"beta"}
    assert rows.member("beta").run == rows.run("beta").id == "run-0001"


def test_a_name_and_another_cell_changed_is_no_rename() -> None:
    """Every other user cell equal: else it is another project."""
    rows = four()
    rename(rows, "b", "beta")
    rows.type("beta", next_action="do beta")

    assert rows.tick().plan.renames == {}


def test_a_name_and_the_agent_changed_is_no_rename() -> None:
    """Every other user cell equal: the user's word in the Agent cell is one of them."""
    rows = four()
    rename(rows, "b", "beta")
    rows.type("beta", agent="codex")

    assert rows.tick().plan.renames == {}


def test_two_names_changed_are_no_rename() -> None:
    """One name gone, one new: with two of each nobody can tell."""
    rows = four()
    rename(rows, "b", "beta")
    rename(rows, "c", "gamma")

    assert rows.tick().plan.renames == {}


def test_a_copy_of_a_row_is_no_rename() -> None:
    """A row copied under another name is a project of its own."""
    rows = four()
    rows.add(rows.line("b") | {"Project": "beta"})
    tick = rows.tick()

    assert tick.plan.renames == {}


def test_a_renamed_row_that_is_missing_already() -> None:
    """One name gone, one new, in one read: a row that was missing before is not the same."""
    rows = four()
    gone = rows.delete("b")
    rows.tick()
    rows.add(*(line | {"Project": "beta"} for line in gone))

    assert rows.tick().plan.renames == {}


def test_a_rename_that_is_not_valid_yet_deletes_nothing() -> None:
    """Renamed, and another cell mistyped: when that is mended it is the same project."""
    rows = four()
    rename(rows, "b", "beta")
    rows.type("beta", priority="x")
    for _ in range(5):
        rows.sleep(60)
        assert rows.tick().stopped == []
    rename(rows, "beta", "betty")
    for _ in range(5):
        rows.sleep(60)
        assert rows.tick().stopped == []
    rows.type("betty", priority="1")
    tick = rows.tick()

    assert (tick.plan.renames, tick.started, tick.stopped) == ({"b": "betty"}, [], [])
    assert rows.member("betty").slug == "b"
    rows.sleep(60)
    rows.rest()
    assert rows.running == {"a", "betty", "c", "d"}


def test_a_rename_to_a_name_that_is_taken_deletes_nothing() -> None:
    """Two rows with one name are both invalid: one of them is the row that seems gone."""
    rows = four()
    rename(rows, "b", "a")
    for _ in range(5):
        rows.sleep(60)
        assert rows.tick().stopped == []
    rows.lines[1]["Project"] = "beta"

    assert rows.tick().plan.renames == {"b": "beta"}


def test_a_new_row_that_is_mended_to_something_else_is_another_project() -> None:
    """What was held back for it is then gone: 30 s and two good reads from there on."""
    rows = four()
    rename(rows, "b", "beta")
    rows.type("beta", priority="x")
    rows.tick()
    rows.sleep(3600)
    rows.type("beta", priority="1", next_action="something else")
    wait_out(rows, 29)

    assert rows.tick().stopped == []
    rows.sleep(2)
    assert rows.tick().stopped == ["b"]


def test_a_row_that_was_never_valid_holds_back_no_later_deletion() -> None:
    """It was there beside the row that is gone, so it is not the same."""
    rows = Fleet(*(cells(name) for name in "abcd"), cells("e", priority="x"))
    rows.rest()
    rows.delete("b")
    wait_out(rows)

    assert rows.tick().stopped == ["b"]


def test_rows_that_are_held_back_are_no_mass_stop() -> None:
    """The guard speaks of rows that are gone."""
    rows = four()
    rename(rows, "b", "beta")
    rename(rows, "c", "gamma")
    rows.type("beta", priority="x")
    rows.type("gamma", priority="x")
    for _ in range(3):
        assert "PruneBlocked" not in rows.tick().noted
        rows.sleep(60)

    assert rows.running == {"a", "b", "c", "d"}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["beta", "be", "", "a"]),
            st.sampled_from([{"priority": "x"}, {"status": "Foo"}, {"deadline": "soon"}]),
            st.lists(st.sampled_from([0, 1, 20, 31, 700]), max_size=3),
        ),
        max_size=5,
    )
)
def test_however_a_rename_comes_about(
    steps: list[tuple[str, dict[str, str], list[int]]],
) -> None:
    """Half a name, none, or another's, with cells mistyped: in the end it is the same project."""
    rows = four()
    whole = dict(rows.lines[1])
    for name, mistyped, pauses in steps:
        rows.lines[1] = dict(whole)
        rename(rows, "b", name)
        typed = {column_of(keyword): text for keyword, text in mistyped.items()}
        rows.lines[1].update(typed)
        for seconds in pauses:
            tick = rows.tick()
            assert (tick.started, tick.stopped) == ([], [])
            rows.sleep(seconds)
    rows.lines[1] = whole | {"Project": "bee"}
    rows.rest()
    rows.sleep(60)
    rows.rest()

    assert [run.conversation for run in rows.living("bee")] == ["talk-2"]
    assert rows.running == {"a", "bee", "c", "d"}


def test_memory_lost_and_the_row_deleted() -> None:
    """A session whose row and memory are both gone is stopped as a deleted row's is."""
    rows = four()
    rows.lose_memory()
    rows.delete("b")
    wait_out(rows)

    assert rows.tick().stopped == ["b"]


def test_slugs_of_renamed_rows_stay_unique() -> None:
    """A new row that takes the old name of another gets a slug of its own."""
    rows = four()
    rows.type("b", status="Paused")
    rows.rest()
    rename(rows, "b", "beta")
    rows.rest()
    rows.add(cells("b"))
    rows.rest()

    assert rows.member("b").slug != rows.member("beta").slug == "b"


def test_a_hidden_row_is_not_renamed_by_an_invalid_one() -> None:
    """A new name in an invalid row is nobody's."""
    rows = four()
    rename(rows, "b", "beta")
    rows.type("beta", priority="x")

    assert rows.tick().plan.renames == {}


def test_a_clock_that_jumps_forward_needs_two_reads_all_the_same() -> None:
    """Two whole good reads, whatever the clock says."""
    rows = four()
    rows.delete("b")
    rows.tick()
    rows.sleep(365 * DAY)

    assert rows.tick().stopped == ["b"]


def test_a_clock_that_jumps_back_keeps_no_deleted_row_alive() -> None:
    """A jumping clock never makes an endless wait."""
    rows = four()
    rows.sleep(365 * DAY)
    rows.rest()
    rows.delete("b")
    rows.tick()
    rows.sleep(-365 * DAY)
    rows.tick()
    rows.sleep(31)

    assert rows.tick().stopped == ["b"]


def test_a_row_deleted_before_it_ever_ran() -> None:
    """A row that owns nothing is forgotten without a word of the guard."""
    rows = Fleet(cells("a"), cells("b"), cells("c"), limits=limits(slots=0))
    rows.rest()
    rows.delete("a", "b", "c")
    wait_out(rows)
    tick = rows.tick()

    assert tick.noted == []
    assert tick.plan.memory.prune == ""


def test_a_name_that_could_not_be_noted_is_noted_later() -> None:
    """The runs' notes of a renamed project are asked for until they are written."""
    rows = four()
    rename(rows, "b", "beta")
    rows.tick()
    run = rows.run("beta")
    rows.runs[run.id] = replace(run, project="b")

    assert rows.tick().plan.renames == {"b": "beta"}
    assert rows.tick().plan.renames == {}


def test_a_new_row_under_an_old_name_begins_afresh() -> None:
    """A rename is noted on the newest run alone; what came before it is the renamed row's too."""
    rows = ran_twice()
    rename(rows, "b", "beta")
    rows.rest()
    rows.restart()
    rows.add(cells("b"))
    rows.rest()

    assert rows.run("b").conversation not in {"talk-1", "talk-2"}
    assert rows.member("beta").conversation == "talk-2"
    assert rows.says("beta") == ("Completed", "Finished")


def test_a_new_row_under_an_old_name_where_memory_is_lost() -> None:
    """The newest run under a slug tells whose it is."""
    rows = ran_twice()
    rename(rows, "b", "beta")
    rows.rest()
    rows.lose_memory()
    rows.add(cells("b"))
    rows.rest()

    assert rows.run("b").conversation not in {"talk-1", "talk-2"}
    assert rows.member("beta").conversation == "talk-2"


def test_a_row_that_returns_under_its_name_goes_on() -> None:
    """Deleted row: added again, it goes on where it was; renamed back, it does too."""
    rows = ran_twice()
    rename(rows, "b", "beta")
    rows.rest()
    (gone,) = rows.delete("beta")
    wait_out(rows)
    rows.rest()
    rows.add({**gone, "Status": "Pending"})
    rows.restart()
    rows.rest()
    rename(rows, "beta", "b")
    rows.rest()

    assert [run.conversation for run in rows.living()] == ["talk-3"]


def ran_twice() -> Fleet:
    """A row whose agent did its work twice, in two conversations."""
    rows = Fleet(cells("b"))
    for _ in range(2):
        rows.type("b", status="Pending")
        rows.rest()
        rows.end("b")
        rows.rest()
    return rows
