"""What is written back into the list: only what changed, and only what is ours."""

import pytest

from controller.core.actions import Start
from controller.core.intent import Pair
from controller.core.observed import Ending
from controller.core.planner import plan
from controller.core.row import KNOWN_COLUMNS
from controller.core.status import summarize
from controller.core.versions import stamp
from tests.core.fleet import Fleet, KilledError, fleet
from tests.core.world import HEADER, cells, limits

PLAIN = ("Project", "Priority", "Status", "Agent", "Last Update", "Next Action")
USERS = ("Project", "Priority", "Next Action", "Deadline", "GPU", "Model")


def test_status_agent_and_last_update_are_written_together() -> None:
    """The controller always writes Status, Agent and Last Update together."""
    alpha = Fleet(cells(), header=PLAIN)
    alpha.tick()
    alpha.begin()
    alpha.sleep(1)
    wrote = alpha.tick().wrote

    assert wrote == {
        ("alpha", "Status"): "In Progress",
        ("alpha", "Agent"): "claude",
        ("alpha", "Last Update"): stamp(alpha.now),
    }


def test_last_update_is_absolute() -> None:
    """Last Update: time of the last change of state, absolute, ISO 8601 with zone."""
    assert fleet().line()["Last Update"] == "2026-03-01T12:00:01+00:00"


def test_only_what_changed_is_written() -> None:
    """Written only when they change: a cell that says it already is not touched."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.end()
    wrote = alpha.tick().wrote

    assert {column for _, column in wrote} == {"Status", "Last Update", "Reason"}


def test_nothing_else_of_the_file_is_ever_written() -> None:
    """Nothing else of the file, ever."""
    rows = fleet("a", "b", "c")
    rows.sleep(60)
    rows.end("a")
    rows.end("b", Ending.CRASHED)
    rows.type("c", status="paused", priority="x")
    before = [{column: line.get(column) for column in USERS} for line in rows.lines]
    rows.rest()

    assert before == [{column: line.get(column) for column in USERS} for line in rows.lines]


def test_reason_is_written_where_the_header_has_it() -> None:
    """`Reason`, where the header has it, and nowhere else."""
    with_reason, without = fleet(), fleet(header=PLAIN)

    assert with_reason.line()["Reason"] == "Running: claude works"
    assert "Reason" not in without.line()


def test_a_change_of_the_reason_alone_is_no_new_version() -> None:
    """Last Update is the time of the last change of state: a new reason does not move it."""
    alpha = Fleet(cells(), limits=limits(slots=0))
    alpha.rest()
    before = alpha.line()["Last Update"]
    alpha.sleep(60)
    alpha.type(next_action="")
    wrote = alpha.tick().wrote

    assert set(wrote) == {("alpha", "Reason")}
    assert alpha.line()["Last Update"] == before


def test_the_users_spelling_is_made_ours() -> None:
    """The controller writes Status in exactly its own spelling."""
    alpha = Fleet(cells(status=" pAuSeD "))
    alpha.rest()

    assert alpha.line()["Status"] == "Paused"


def test_a_row_that_says_all_is_not_written() -> None:
    """Written only when they change."""
    alpha = Fleet(cells(status="Paused", reason="UserPaused: type Pending to go on"))

    assert alpha.tick().wrote == {}


def test_a_pair_is_committed_before_it_is_written() -> None:
    """A pair about to be written is committed to memory before the file is touched."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.end()
    desired, observed = alpha.desired(), alpha.observed()
    planned = plan(desired, observed, alpha.memory, alpha.limits, alpha.now)
    summary = summarize(planned, desired, observed, (), alpha.now)
    written = summary.rows[0].cells

    assert summary.memory.projects["alpha"].pairs[-1] == Pair.of(
        "Completed", written["Last Update"]
    )


def test_a_version_that_was_not_written_is_written_in_the_next_tick() -> None:
    """Killed between commit and write: the newest pair is written again."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.end()
    with pytest.raises(KilledError):
        alpha.tick(killed_before="write")
    alpha.sleep(60)
    tick = alpha.tick()

    assert ("alpha", "Status") in tick.wrote
    assert tick.noted == []
    assert alpha.line()["Status"] == "Completed"
    assert alpha.rest().quiet


def test_a_row_changed_since_the_read_is_left_alone() -> None:
    """No edit of the user's is lost: the row is written in the next tick, if still needed."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.end()
    tick = alpha.tick(race=lambda: alpha.type(status="Paused"))

    assert tick.wrote == {}
    assert alpha.line()["Status"] == "Paused"


def test_starting_is_not_written() -> None:
    """What will be another in a moment is not written for its sake."""
    assert Fleet(cells()).tick().wrote == {}


def test_a_failed_start_is_shown_at_once() -> None:
    """Fault of the surroundings: Queued with the reason."""
    alpha = Fleet(cells())
    alpha.broken["alpha"] = "RuntimeBusy"
    tick = alpha.tick()

    assert any(isinstance(action, Start) for action in tick.plan.actions)
    assert tick.wrote["alpha", "Status"] == "Queued"
    assert tick.wrote["alpha", "Reason"] == "RuntimeBusy: it would not start"


def test_a_version_is_never_used_twice() -> None:
    """(Status, Last Update) is the row's version, also for two changes within one second."""
    alpha = Fleet(cells(), limits=limits(slots=0))
    versions: list[tuple[str, str]] = []
    for word in ("Paused", "Blocked", "Paused", "Blocked", "Paused"):
        alpha.type(status=word, last_update=f"as typed {len(versions)}")
        alpha.tick()
        versions.append((alpha.line()["Status"], alpha.line()["Last Update"]))

    assert len(set(versions)) == len(versions)


def test_an_invalid_rows_reason_is_written_alone() -> None:
    """Any other word: the cell is left as it is, only `Reason` is written."""
    alpha = Fleet(cells(status="Foo", deadline="soon"))
    wrote = alpha.tick().wrote

    assert set(wrote) == {("alpha", "Reason")}
    assert 'Status "Foo"' in wrote["alpha", "Reason"]
    assert 'Deadline "soon"' in wrote["alpha", "Reason"]
    assert alpha.tick().quiet


@pytest.mark.parametrize("message", ["x" * 5000, "two\nlines", "\x1b[31mred", "=1+1"])
def test_a_reason_fits_a_cell(message: str) -> None:
    """An agent's words fit one line of a cell, however long, and are written once."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.end(message=message)
    alpha.rest()
    text = alpha.line()["Reason"]

    assert len(text) <= 300
    assert text.isprintable()
    assert text.startswith("Finished: ")


def test_a_reason_with_a_blank_at_its_end_is_written_once() -> None:
    """A tick with nothing to do does nothing, whatever an agent's last words were."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.end(message="done ")
    alpha.tick()

    assert alpha.tick().wrote == {}


def test_a_stale_row_with_an_unknown_agent_is_noted_once() -> None:
    """A tick with nothing to do does nothing: no event either."""
    alpha = Fleet(cells(), limits=limits(slots=0))
    alpha.rest()
    buffer = dict(alpha.line())
    for word in ("Paused", "Pending"):
        alpha.sleep(60)
        alpha.type(status=word)
        alpha.rest()
    alpha.line().update(buffer | {"Agent": "nobody"})
    alpha.tick()

    assert alpha.tick().noted == []


def test_a_row_that_must_be_mended_comes_to_rest_whatever_its_agent_cell_says() -> None:
    """The cell is left as it is, and is no change of state that each tick would tell anew."""
    alpha = fleet()
    since = alpha.status().since
    alpha.sleep(60)
    alpha.type(agent="", model="nothing")
    alpha.rest()

    assert (alpha.says()[1], alpha.line()["Agent"]) == ("UnknownModel", "")
    assert alpha.status().since == since


def test_rows_keep_the_lists_order() -> None:
    """Every row of the list in its order, valid or not, then the projects that are gone."""
    rows = fleet("a", "b", "c", "d")
    rows.type("b", priority="x")
    rows.delete("a")
    tick = rows.tick()

    assert [row.name for row in tick.summary.rows] == ["b", "c", "d", "a"]


def test_all_known_columns_are_the_header_of_these_tests() -> None:
    """The tests' list has every column that the controller knows."""
    assert set(PLAIN) < set(HEADER) == set(KNOWN_COLUMNS)


def test_an_invalid_rows_status_is_the_cells_own_text() -> None:
    """For a row that the user must mend: the cell's own text, in the list and on every screen."""
    alpha = Fleet(cells(), limits=limits(slots=0))
    alpha.rest()
    alpha.type(status="Pending", agent="nobody")
    alpha.tick()

    assert alpha.status().status == alpha.line()["Status"]


def test_a_list_that_cannot_be_written_changes_no_state() -> None:
    """However long it stays so, nothing new is to be remembered, and no status gets younger."""
    alpha = Fleet(cells())
    for _ in range(4):
        with pytest.raises(KilledError):
            alpha.tick(killed_before="write")
        alpha.begin()
        alpha.sleep(1)
    before = alpha.memory
    for _ in range(3):
        alpha.sleep(60)
        with pytest.raises(KilledError):
            alpha.tick(killed_before="write")
        assert alpha.memory == before
    state = alpha.member().state
    assert state
    assert alpha.tick().wrote["alpha", "Last Update"] == stamp(state.since)
