"""Whose word is the Status cell, while nothing that the controller writes reaches the list?"""

import pytest

from controller.core.intent import Intent
from tests.core.fleet import Fleet, KilledError, fleet
from tests.core.world import cells, limits


def unwritable() -> Fleet:
    """A row that says Pending, whose project runs, in a list that cannot be written."""
    alpha = Fleet(cells(status="Pending", agent="", last_update=""))
    alpha.unwritable = True
    settle(alpha)
    return alpha


def settle(alpha: Fleet) -> list[str]:
    """Ticks until all is as wanted but the list: the reasons of what was noted."""
    noted: list[str] = []
    for _ in range(6):
        noted += alpha.tick().noted
        alpha.sleep(1)
        alpha.begin()
        alpha.obey()
    assert alpha.last is not None
    assert not alpha.last.plan.changes
    return noted


def type_and_settle(alpha: Fleet, *words: str) -> None:
    """The user types each word, and waits until it is obeyed."""
    for word in words:
        alpha.sleep(60)
        alpha.type(status=word)
        assert "StaleEdit" not in settle(alpha)


def killed_behind_a_write(alpha: Fleet) -> None:
    """The controller writes the row, and dies before it knows that this arrived."""
    alpha.unwritable = False
    with pytest.raises(KilledError):
        alpha.tick(killed_before="confirm")
    alpha.restart()


def test_the_users_words_back_and_forth_count() -> None:
    """Nothing of ours was written between two words of one Last Update: the last save wins."""
    alpha = unwritable()
    for word, running in [("Paused", set()), ("Pending", {"alpha"})] * 3:
        type_and_settle(alpha, word)
        assert running == alpha.running


def test_words_back_and_forth_count_after_a_restart() -> None:
    """The row was read since the controller began: what it holds is known again."""
    alpha = unwritable()
    type_and_settle(alpha, "Paused", "Pending", "Paused")
    alpha.restart()
    settle(alpha)
    type_and_settle(alpha, "Pending")

    assert {"alpha"} == alpha.running


def test_words_back_and_forth_count_under_a_new_name() -> None:
    """Renamed row: the same project, also where the list cannot be written; its words go on."""
    alpha = unwritable()
    type_and_settle(alpha, "Paused", "Pending")
    alpha.type(project="beta")
    alpha.tick()
    alpha.type("beta", status="Paused")
    settle(alpha)

    assert (["beta"], set()) == (list(alpha.memory.projects), alpha.running)


def test_a_row_added_again_goes_on_with_its_words() -> None:
    """Deleted, then added again: what it held last is no word, another one is."""
    alpha = unwritable()
    type_and_settle(alpha, "Paused", "Pending")
    lines = alpha.delete("alpha")
    for _ in range(3):
        alpha.sleep(60)
        settle(alpha)
    alpha.add(*lines)
    settle(alpha)

    assert {"alpha"} == alpha.running

    type_and_settle(alpha, "Paused")

    assert set() == alpha.running


def test_a_row_that_cannot_be_written_is_no_news() -> None:
    """The same version read again: nobody is blamed, nothing is remembered, one write is tried."""
    alpha = unwritable()
    type_and_settle(alpha, "Paused", "Pending", "Paused")
    before = alpha.member().pairs
    ticks = [alpha.tick() for _ in range(3)]

    assert all(tick.same_memory and not tick.noted for tick in ticks)
    assert before == alpha.member().pairs


def test_completed_by_the_controller_runs_again_by_a_known_word() -> None:
    """On a Completed row: run again; the word that the row does not hold is a new one."""
    alpha = unwritable()
    type_and_settle(alpha, "Queued")
    alpha.end()
    settle(alpha)
    type_and_settle(alpha, "Pending")

    assert {"alpha"} == alpha.running
    assert alpha.run().conversation == "talk-2"


def test_once_written_the_words_before_are_stale() -> None:
    """A stale buffer is told by its Last Update, older than the one that the row held."""
    alpha = unwritable()
    buffer = dict(alpha.line())
    type_and_settle(alpha, "Paused")
    alpha.unwritable = False
    alpha.rest()
    alpha.line().update(buffer)

    assert alpha.tick().noted == ["StaleEdit"]
    assert (alpha.line()["Status"], alpha.running) == ("Paused", set())


def test_a_stale_buffer_where_nothing_is_written_is_noted_once() -> None:
    """An older Last Update is stale there too: event `StaleEdit`, once a save."""
    alpha = fleet()
    buffer = dict(alpha.line())
    alpha.sleep(60)
    alpha.type(status="Paused")
    alpha.rest()
    alpha.unwritable = True
    type_and_settle(alpha, "Blocked")
    alpha.line().update(buffer)

    assert settle(alpha) == ["StaleEdit"]
    assert set() == alpha.running


def test_finished_work_is_never_begun_again_by_a_stale_buffer() -> None:
    """Completed arrived, the controller died unaware of it, an editor saved an old Pending."""
    alpha = unwritable()
    buffer = dict(alpha.line())
    type_and_settle(alpha, "Queued")
    alpha.end()
    alpha.sleep(60)
    killed_behind_a_write(alpha)
    assert alpha.line()["Status"] == "Completed"
    alpha.line().update(buffer)

    assert settle(alpha) == ["StaleEdit"]
    assert (len(alpha.runs), "Completed") == (1, alpha.line()["Status"])


def test_paused_work_is_not_resumed_where_a_word_may_be_a_stale_buffer() -> None:
    """When in doubt it rests: Paused arrived, unknown to the next controller."""
    alpha = unwritable()
    buffer = dict(alpha.line())
    type_and_settle(alpha, "Paused")
    killed_behind_a_write(alpha)
    alpha.line().update(buffer)

    assert settle(alpha) == ["StaleEdit"]
    assert (set(), "Paused") == (alpha.running, alpha.line()["Status"])


def test_a_word_to_stop_counts_where_it_may_be_a_stale_buffer() -> None:
    """When in doubt it rests: In Progress arrived, and then the row says Paused again."""
    alpha = unwritable()
    type_and_settle(alpha, "Paused")
    buffer = dict(alpha.line())
    type_and_settle(alpha, "Pending")
    killed_behind_a_write(alpha)
    alpha.line().update(buffer)
    settle(alpha)

    assert (Intent.PAUSE, set()) == (alpha.member().intent, alpha.running)


def test_a_new_word_counts_in_any_case() -> None:
    """Anything else is the user's word: a version that never stood there is no old buffer."""
    alpha = unwritable()
    buffer = dict(alpha.line())
    alpha.end()
    killed_behind_a_write(alpha)
    alpha.line().update(buffer | {"Status": "Queued"})
    settle(alpha)

    assert {"alpha"} == alpha.running


def test_our_own_agent_cell_is_no_pin_beside_a_word() -> None:
    """What the controller wrote there is never a pin, while its next one does not arrive."""
    alpha = fleet()
    alpha.unwritable = True
    alpha.type(model="gpt")
    settle(alpha)
    type_and_settle(alpha, "Paused", "Pending", "Paused", "Pending")

    assert alpha.line()["Agent"] == "claude"
    assert (alpha.member().pin, alpha.run().agent) == ("", "codex")


def test_a_users_agent_beside_a_known_word_is_a_pin() -> None:
    """No edit of the user's is lost: the Agent cell that stood there is no news, another one is."""
    alpha = unwritable()
    type_and_settle(alpha, "Paused")
    alpha.type(status="Pending", agent="codex")
    settle(alpha)

    assert (alpha.member().pin, alpha.run().agent) == ("codex", "codex")


def test_words_of_a_row_that_only_queues_count() -> None:
    """No slot is needed for a word to count."""
    alpha = Fleet(cells(), limits=limits(slots=0))
    alpha.unwritable = True
    for word in ("", "Paused", "", "Paused"):
        alpha.type(status=word)
        alpha.tick()

    assert alpha.member().intent is Intent.PAUSE


def test_a_slow_list_that_gets_an_older_version_of_ours_is_no_stale_buffer() -> None:
    """A sheet is given a version while the next one is made: nobody saved an old list."""
    alpha = Fleet(cells())
    alpha.unwritable = True
    alpha.tick()
    alpha.begin()
    (first,) = alpha.tick().summary.rows
    assert first.cells["Status"] == "In Progress"
    settle(alpha)
    alpha.end("alpha")
    settle(alpha)
    alpha.lines[0].update(first.cells)
    assert "StaleEdit" not in settle(alpha)
    alpha.type(status="Paused")
    assert "StaleEdit" not in settle(alpha)
    assert alpha.says() == ("Paused", "UserPaused")
    alpha.unwritable = False
    alpha.rest()
    assert alpha.line()["Status"] == "Paused"
