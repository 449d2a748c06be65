"""Whose word is the Status cell? What becomes of the sessions."""

import pytest

from controller.core.intent import Intent
from controller.core.observed import Ending, ReportState
from tests.core.fleet import Fleet, fleet
from tests.core.world import OLD, cells, limits

RUNNING_WORDS = ["", "Pending", "Queued", "In Progress", "Waiting"]
STOPPING_WORDS = [
    ("Paused", "UserPaused"), ("Blocked", "UserBlocked"), ("Completed", "UserCompleted")
]  # fmt: skip


@pytest.mark.parametrize(("word", "reason"), STOPPING_WORDS)
def test_a_word_to_stop_stops(word: str, reason: str) -> None:
    """Paused, Blocked: stop, keep the conversation; Completed: stop, done."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.type(status=word.upper())
    tick = alpha.tick()
    alpha.rest()

    assert (["alpha"], set()) == (tick.stopped, alpha.running)
    assert (word, reason) == alpha.says()
    assert word == alpha.line()["Status"]


@pytest.mark.parametrize("word", RUNNING_WORDS)
def test_a_word_to_run_leaves_what_runs(word: str) -> None:
    """Empty, Pending, Queued, In Progress, Waiting: run; what runs already goes on."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.type(status=word)
    alpha.rest()

    assert len(alpha.runs) == 1
    assert (alpha.line()["Status"], alpha.says()[0]) == ("In Progress", "In Progress")


@pytest.mark.parametrize("word", RUNNING_WORDS)
@pytest.mark.parametrize(("stop", "_reason"), STOPPING_WORDS[:2])
def test_a_word_to_run_resumes_what_was_stopped(word: str, stop: str, _reason: str) -> None:
    """Paused, Blocked keep the conversation: the next word to run goes on with it."""
    alpha = fleet()
    for status in (stop, word):
        alpha.sleep(60)
        alpha.type(status=status)
        alpha.rest()

    assert {"alpha"} == alpha.running
    assert alpha.run().conversation == "talk-1"


@pytest.mark.parametrize("word", ["", "Pending", "Queued"])
def test_pending_on_a_completed_row_starts_afresh(word: str) -> None:
    """On a Completed row: run again, a fresh conversation."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.end()
    alpha.rest()
    alpha.sleep(60)
    alpha.type(status=word)
    alpha.rest()

    assert {"alpha"} == alpha.running
    assert alpha.run().conversation == "talk-2"


@pytest.mark.parametrize("word", ["", "Pending", "Queued"])
def test_pending_starts_afresh_behind_a_session_that_still_ends(word: str) -> None:
    """Pending typed before the completed session is gone: it ends first, then a fresh one."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.report("alpha", ReportState.DONE)
    alpha.tick()
    alpha.type(status=word)
    alpha.sleep(1)
    alpha.tick()

    assert len(alpha.runs) == 1

    alpha.rest()

    assert alpha.run().conversation == "talk-2"


@pytest.mark.parametrize("word", ["", "Pending", "Queued"])
def test_pending_starts_afresh_behind_a_session_that_the_user_completed(word: str) -> None:
    """Its agent tells of its conversation until it is gone; the work is done again without it."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.tell(conversation="talk-1")
    alpha.type(status="Completed")
    alpha.tick()
    alpha.type(status=word)
    for _ in range(2):
        alpha.sleep(1)
        alpha.tick()

    assert len(alpha.runs) == 1

    alpha.rest()

    assert alpha.run().conversation == "talk-2"


def test_pending_read_together_with_the_agents_word_that_it_is_done() -> None:
    """On a completed row: run again, a fresh conversation; the old session must not idle on."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.report("alpha", ReportState.DONE)
    alpha.type(status="Pending")
    alpha.rest()

    assert alpha.run().conversation == "talk-2"


def test_completed_is_never_undone_by_a_stale_buffer() -> None:
    """An editor's old buffer is no word: the completed row is written again and stays at rest."""
    alpha = fleet()
    buffer = dict(alpha.line())
    alpha.sleep(60)
    alpha.end()
    alpha.rest()
    newest = dict(alpha.line())
    alpha.line().update(buffer)
    alpha.sleep(60)
    tick = alpha.tick()

    assert (tick.noted, tick.started) == (["StaleEdit"], [])
    assert newest == alpha.line()
    assert alpha.rest().quiet


def test_a_stale_buffer_with_a_new_prompt() -> None:
    """The stale row's other cells count: its Next Action restarts what runs."""
    alpha = Fleet(cells(status="In Progress", last_update=OLD))
    alpha.tick()
    buffer = dict(alpha.line())
    alpha.rest()
    alpha.sleep(60)
    alpha.type(status="Paused")
    alpha.rest()
    alpha.type(status="Pending")
    alpha.rest()
    alpha.line().update(buffer | {"Next Action": "something else"})
    alpha.sleep(60)
    alpha.rest()

    assert {"alpha"} == alpha.running
    assert alpha.member().words.action == alpha.run().words.action


@pytest.mark.parametrize("word", ["Foo", "Pausd", "in-progress"])
def test_an_unknown_word_leaves_cell_and_session_alone(word: str) -> None:
    """Any other word: row invalid; the cell is left as it is; a running session is left alone."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.type(status=word, next_action="something else", priority="7")
    tick = alpha.tick()

    assert ([], {"alpha"}) == (tick.of("alpha"), alpha.running)
    assert {("alpha", "Reason")} == set(tick.wrote)
    assert alpha.line()["Reason"].startswith(f'InvalidRow: Status "{word}"')
    assert alpha.tick().quiet


def test_an_unknown_word_starts_nothing() -> None:
    """A typo must not start an agent."""
    alpha = Fleet(cells(status="Foo"))

    assert alpha.tick().of("alpha") == []
    assert alpha.line()["Status"] == "Foo"


def test_a_mended_word_counts() -> None:
    """Once the word is mended it is the user's word."""
    alpha = fleet()
    for word in ("Pausd", "Paused"):
        alpha.sleep(60)
        alpha.type(status=word)
        alpha.rest()

    assert (set(), ("Paused", "UserPaused")) == (alpha.running, alpha.says())


def test_a_word_typed_while_the_row_is_written_is_not_lost() -> None:
    """No edit of the user's is lost, at whatever moment."""
    alpha = Fleet(cells())
    alpha.tick()
    alpha.begin()
    alpha.sleep(1)
    alpha.tick(race=lambda: alpha.type(status="Paused"))

    assert alpha.line()["Status"] == "Paused"

    alpha.rest()

    assert (set(), ("Paused", "UserPaused")) == (alpha.running, alpha.says())


def test_pause_wins_over_a_crash_in_the_same_tick() -> None:
    """A word counts after the end of the run that it may be about."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.end(ending=Ending.CRASHED)
    alpha.type(status="Paused")
    alpha.rest()

    assert alpha.says() == ("Paused", "UserPaused")
    assert alpha.member().retry is None


def test_the_same_word_typed_twice_is_a_word_twice() -> None:
    """No word of the user's is lost: each Pending asks a row between two tries to try at once."""
    alpha = Fleet(cells())
    for _ in range(2):
        alpha.type(status="Pending")
        alpha.tick()
        alpha.end(ending=Ending.FAULT, reason="ProgramMissing")
        alpha.sleep(1)
        alpha.tick()
    alpha.type(status="Pending")
    tick = alpha.tick()

    assert tick.started == ["alpha"]


def test_a_word_typed_soon_after_two_others_is_a_word() -> None:
    """No word of the user's is lost, however quickly the user, or a script, changes it."""
    alpha = Fleet(cells(), limits=limits(slots=0))
    for word in ("", "Paused", "Pending", "Paused"):
        alpha.type(status=word)
        alpha.tick()

    assert alpha.member().intent is Intent.PAUSE


def test_words_of_rows_that_must_queue_count_too() -> None:
    """Paused on a row that only queues takes it out of the queue."""
    both = Fleet(cells("alpha"), cells("beta"), limits=limits(slots=1))
    both.rest()
    both.type("beta", status="Paused")
    both.rest()
    both.end("alpha")
    both.rest()

    assert (set(), ("Paused", "UserPaused")) == (both.running, both.says("beta"))
