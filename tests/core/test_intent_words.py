"""Whose word is the Status cell? The table of pairs, and the table of words."""

import pytest

from controller.core.intent import (
    PAIRS_KEPT,
    Intent,
    Pair,
    Word,
    intent_without_memory,
    remember,
    word_of,
)
from controller.core.listener import Heard, listen
from controller.core.memory import Block, Done, ProjectMemory, Retry
from controller.core.words import Status
from tests.core.fleet import Fleet
from tests.core.world import NOW, OLD, after, cells, member, pair, project, words

NEWER = "2026-02-02T00:00:00+00:00"
MEANING = [
    ("", Intent.RUN),
    ("Pending", Intent.RUN),
    ("Queued", Intent.RUN),
    ("In Progress", Intent.RUN),
    ("Waiting", Intent.RUN),
    ("Paused", Intent.PAUSE),
    ("Blocked", Intent.BLOCK),
    ("Completed", Intent.DONE),
]
SPELLINGS = [
    (" pAuSeD ", Intent.PAUSE), ("IN  PROGRESS", Intent.RUN), ("completed", Intent.DONE)
]  # fmt: skip


def hear(status: str, known: ProjectMemory, last_update: str = OLD, **typed: str) -> Heard:
    """Listen to a row of this version."""
    read = project(status=status, last_update=last_update, **typed)
    return listen(read, known, None, NOW, demo=False)


def test_the_newest_pair_is_no_news() -> None:
    """The newest pair (seen or written): no news."""
    assert Word.NO_NEWS is word_of(pair("Queued"), (pair("Paused"), pair("Queued")), None)


def test_an_older_pair_is_stale() -> None:
    """An older pair, seen or written before and replaced since: stale, not a word."""
    newest = pair("Queued", NEWER)

    assert Word.STALE is word_of(pair("Paused"), (pair("Paused"), newest), newest)


def test_a_known_pair_of_the_time_that_the_row_held_is_the_users_word() -> None:
    """Nothing of the controller's was written in between: the last save wins."""
    known = (pair("Paused"), pair("Pending"), pair("In Progress", NEWER))

    assert Word.USERS is word_of(pair("Paused"), known, pair("Pending"))


def test_what_the_row_held_already_is_no_word() -> None:
    """The newest pair did not arrive: the older one still stands there, whoever wrote it."""
    known = (pair("Paused"), pair("Queued", NEWER))

    assert Word.UNWRITTEN is word_of(pair("Paused"), known, pair("Paused"))
    assert Word.UNWRITTEN is word_of(pair("Paused"), known, None)


@pytest.mark.parametrize("read", [pair("Blocked"), pair("Paused", NEWER), pair("Queued", "")])
def test_any_other_pair_is_the_users_word(read: Pair) -> None:
    """Anything else: the user's word."""
    assert Word.USERS is word_of(read, (pair("Paused"), pair("Queued")), pair("Queued"))


def test_a_pair_ignores_case_and_spaces() -> None:
    """The user's word: case and spaces ignored; so are the blanks around Last Update."""
    assert Pair.of("In Progress", OLD) == Pair.of(" in  PROGRESS", f" {OLD} ")


def test_what_is_remembered_stays_bounded() -> None:
    """Memory keeps the pairs of lately, so the memory's size is bounded."""
    known: tuple[Pair, ...] = ()
    for number in range(3 * PAIRS_KEPT):
        known = remember(known, pair("Queued", str(number)))

    assert tuple(pair("Queued", str(n)) for n in range(2 * PAIRS_KEPT, 3 * PAIRS_KEPT)) == known


def test_a_pair_seen_again_is_the_newest() -> None:
    """A pair is known once, at the place of its newest mention."""
    assert (pair("b"), pair("a")) == remember((pair("a"), pair("b")), pair("a"))


@pytest.mark.parametrize("intent", list(Intent))
@pytest.mark.parametrize(("status", "_meaning"), MEANING)
def test_no_news_leaves_the_intent(status: str, _meaning: Intent, intent: Intent) -> None:
    """No news: the intent stands, whatever the cell says."""
    known = member(pairs=(pair(status),), intent=intent)

    heard = hear(status, known)

    assert (intent, False, ()) == (heard.member.intent, heard.stale, heard.events)


@pytest.mark.parametrize("intent", list(Intent))
@pytest.mark.parametrize(("status", "_meaning"), MEANING)
def test_a_stale_pair_leaves_the_intent(status: str, _meaning: Intent, intent: Intent) -> None:
    """Stale: not a word; the newest pair is written again, event `StaleEdit`."""
    known = member(pairs=(pair(status), pair("Queued", NEWER)), intent=intent)

    heard = hear(status, known)

    assert (intent, known.pairs) == (heard.member.intent, heard.member.pairs)
    assert heard.stale
    assert [event.reason for event in heard.events] == ["StaleEdit"]


def test_a_stale_rows_other_cells_count() -> None:
    """The row's other cells count, though its Status does not."""
    known = member(pairs=(pair("Paused"), pair("Queued", NEWER)))

    heard = hear("Paused", known, next_action="something else")

    assert words(next_action="something else") == heard.member.words


def test_a_version_that_was_committed_and_never_written_is_no_stale_edit() -> None:
    """Killed between commit and write: the row is written again, and nobody is blamed for it."""
    known = member(pairs=(pair("Paused"), pair("Queued", NEWER)), unwritten=True)

    heard = hear("Paused", known)

    assert (heard.stale, heard.events) == (True, ())


@pytest.mark.parametrize("before", list(Intent))
@pytest.mark.parametrize(("status", "meaning"), MEANING + SPELLINGS)
def test_the_users_word_is_the_intent(status: str, meaning: Intent, before: Intent) -> None:
    """The user's word says what is wanted, whatever was wanted before."""
    known = member(pairs=(pair("never read"),), intent=before)

    heard = hear(status, known)

    assert meaning is heard.member.intent
    assert not heard.stale
    assert pair(status) == heard.member.pairs[-1]


@pytest.mark.parametrize("status", ["", "Pending", "Queued"])
def test_pending_on_a_completed_row_is_a_fresh_conversation(status: str) -> None:
    """Empty, Pending, Queued on a Completed row: run again, a fresh conversation."""
    known = member(
        pairs=(pair("Completed", NEWER),), intent=Intent.DONE, conversation="talk-1",
        conversation_agent="claude", delivered="x", done=Done("x"),
    )  # fmt: skip

    heard = hear(status, known, NEWER).member

    assert (
        heard.intent, heard.done, heard.conversation, heard.conversation_agent, heard.delivered
    ) == (Intent.RUN, None, "", "", "")  # fmt: skip


@pytest.mark.parametrize("status", ["In Progress", "Waiting"])
def test_in_progress_on_a_completed_row_goes_on(status: str) -> None:
    """In Progress, Waiting: run; the conversation stays."""
    known = member(pairs=(pair("Completed"),), intent=Intent.DONE, conversation="talk-1")

    heard = hear(status, known).member

    assert (heard.intent, heard.conversation) == (Intent.RUN, "talk-1")


@pytest.mark.parametrize("status", ["Paused", "Blocked"])
@pytest.mark.parametrize("again", ["", "Pending", "Queued", "In Progress", "Waiting"])
def test_paused_keeps_the_conversation(status: str, again: str) -> None:
    """Paused, Blocked: stop, keep the conversation; the next word to run goes on with it."""
    known = member(pairs=(pair("Queued"),), conversation="talk-1", conversation_agent="claude")

    paused = hear(status, known).member
    resumed = hear(again, paused, NEWER).member

    assert paused.conversation == "talk-1"
    assert (resumed.intent, resumed.conversation) == (Intent.RUN, "talk-1")


@pytest.mark.parametrize(("status", "_meaning"), MEANING)
def test_the_users_word_is_a_new_chance(status: str, _meaning: Intent) -> None:
    """What blocked a row or held it back ends with the user's next word."""
    known = member(
        pairs=(pair("never read"),), block=Block("CrashLoop", ""), crashes=5, faults=2,
        retry=Retry("CrashBackoff", "", after(300), keeps_slot=True),
    )  # fmt: skip

    heard = hear(status, known).member

    assert (heard.block, heard.crashes, heard.faults, heard.retry) == (None, 0, 0, None)


@pytest.mark.parametrize("paused_by_us", [True, False])
@pytest.mark.parametrize(("status", "meaning"), MEANING)
def test_without_memory_the_cell_speaks(status: str, meaning: Intent, paused_by_us: bool) -> None:
    """No memory: the cell speaks; Paused asks the run's folder who paused it: ours → run."""
    word = next((item for item in Status if item == status), None)
    expected = Intent.RUN if status == "Paused" and paused_by_us else meaning

    assert expected is intent_without_memory(word, paused_by_us=paused_by_us)


def test_no_news_costs_nothing() -> None:
    """A row without news leaves the very same memory."""
    first = hear("Queued", member()).member

    assert first is hear("Queued", first).member


def test_a_row_that_never_was_in_order_has_no_older_status() -> None:
    """Nothing of ours stands in it, so a word that comes back is a word of the user's."""
    fleet = Fleet(cells(agent="nobody"))
    for status in ("Pending", "", "Pending", ""):
        fleet.type(status=status)
        assert "StaleEdit" not in fleet.tick().noted
