"""A model of the Status cell: a person, a stale editor and the controller write it in any order.

The oracle is simple: what counts is the last word that the person typed into a row that the
controller read, but for work that completed since. It knows what stood in the file and what the
controller was told of that; of the controller's memory it asks one thing, whether the controller
died between a write and its confirmation.
"""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from controller.core.intent import PAIRS_KEPT, Intent
from controller.core.listener import AGENT_CELLS_KEPT
from controller.core.observed import Ending
from tests.core.fleet import PATIENCE, Fleet, KilledError, Tick
from tests.core.world import cells, limits

MEANING = {
    "": Intent.RUN,
    "pending": Intent.RUN,
    "queued": Intent.RUN,
    "inprogress": Intent.RUN,
    "waiting": Intent.RUN,
    "paused": Intent.PAUSE,
    "blocked": Intent.BLOCK,
    "completed": Intent.DONE,
}
SHOWN = {Intent.PAUSE: "Paused", Intent.BLOCK: "Blocked", Intent.DONE: "Completed"}
UNKNOWN = "foo"
WORDS = st.sampled_from(
    ["", "Pending", "queued", "In Progress", "WAITING", "Paused", "Blocked", "completed", "Foo"]
)
BUFFERS_KEPT = 8
"""Editors' buffers are rarely older than so many ticks; memory keeps many more versions."""

Version = tuple[str, str]


def version(line: dict[str, str]) -> Version:
    """A row's version as it stands in the file."""
    return "".join(line.get("Status", "").split()).lower(), line.get("Last Update", "")


class StatusCell(RuleBasedStateMachine):
    """One row, and everybody who writes it.

    Attributes:
        fleet: The row, the controller's memory and the sessions.
        wanted: What the oracle says that the row wants.
        completed: The work was finished, and the controller did not hear of it yet.
        known: Versions that the controller read, or that stood in the file after it wrote.
        read: The last version that the controller read.
        held: The last version that the controller knows to have stood in the file.
        ours: The last version that the controller wrote, until a word was typed over it.
        buffers: Whole rows that editors still hold.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fleet = Fleet(cells(), limits=limits(slots=1))
        self.wanted = Intent.RUN
        self.completed = False
        self.known: set[Version] = set()
        self.read: Version | None = None
        self.held: Version | None = None
        self.ours: Version | None = None
        self.buffers: list[dict[str, str]] = []

    @initialize(word=WORDS.filter(lambda word: word != "Foo"))
    def first_sight(self, word: str) -> None:
        """The row is read for the first time: the cell speaks."""
        self.fleet.line().update({"Status": word, "Last Update": ""})
        self.one_tick()

    # The person.

    @rule(word=WORDS)
    def types(self, word: str) -> None:
        """A person types a word into the Status cell and saves at once."""
        self.fleet.type(status=word)

    @rule()
    def clears_last_update(self) -> None:
        """A person empties the Last Update cell: where that is a new version, its word counts."""
        self.fleet.type(last_update="")

    @rule(word=WORDS, data=st.data())
    def types_into_an_old_buffer(self, word: str, data: st.DataObject) -> None:
        """A person types a word into a buffer that is old by now: a word all the same."""
        self.fleet.lines[0] = data.draw(st.sampled_from(self.buffers)) | {"Status": word}

    @rule(text=st.sampled_from(["one", "two", "three", ""]))
    def edits_next_action(self, text: str) -> None:
        """A person edits the prompt."""
        self.fleet.type(next_action=text)

    @rule(text=st.sampled_from(["", "claude", "codex", "Script"]))
    def edits_agent(self, text: str) -> None:
        """A person chooses an agent, or none."""
        self.fleet.type(agent=text)

    @rule(data=st.data())
    def a_stale_buffer_is_saved(self, data: st.DataObject) -> None:
        """An editor, or a `git checkout`, brings back an older version of the whole row."""
        self.fleet.lines[0] = dict(data.draw(st.sampled_from(self.buffers)))

    @rule(unwritable=st.booleans())
    def the_list_cannot_be_written(self, unwritable: bool) -> None:
        """Nothing of the controller's reaches the list for a while, or does again."""
        self.fleet.unwritable = unwritable

    # The controller.

    @rule(killed_before=st.sampled_from(["", "", "", "act", "commit", "write", "confirm"]))
    def tick(self, killed_before: str) -> None:
        """The controller ticks, and may be killed at any instant of it."""
        self.one_tick(killed_before=killed_before)

    @rule(word=WORDS)
    def tick_while_the_person_types(self, word: str) -> None:
        """The person saves between the controller's read and its write."""
        self.one_tick(race=word)

    @rule()
    def comes_to_rest(self) -> None:
        """Nobody writes for a while: the row is as wanted, and then a tick does nothing.

        While the list cannot be written, a tick does nothing but try to.
        """
        for _ in range(PATIENCE):
            tick = self.one_tick()
            assert tick is not None
            busy = any(run.stop or not run.started_at for run in self.fleet.living())
            waits = self.fleet.unwritable and not tick.plan.changes and tick.same_memory
            if (tick.quiet or waits) and not busy:
                break
            self.fleet.sleep(1)
            self.fleet.begin()
            self.fleet.obey()
        else:
            raise AssertionError(f"no rest: {tick}")
        assert not tick.plan.events
        line, member = self.fleet.line(), self.fleet.member()
        if version(line)[0] == UNKNOWN:
            return
        if self.wanted is not Intent.RUN:
            assert not self.fleet.running
            says = SHOWN[self.wanted]
        elif line["Next Action"] and not member.retry and not member.block:
            assert self.fleet.running == {"alpha"}
            says = "In Progress"
        else:
            return
        assert says == (self.fleet.says()[0] if self.fleet.unwritable else line["Status"])

    # The sessions.

    @rule(seconds=st.sampled_from([0.2, 1, 30, 400]))
    def time_passes(self, seconds: float) -> None:
        """Time passes."""
        self.fleet.sleep(seconds)

    @rule()
    def agents_begin_and_obey(self) -> None:
        """What was started runs, and what was asked to end has ended."""
        self.fleet.begin()
        self.fleet.obey()

    @precondition(lambda self: any(run.started_at for run in self.fleet.living()))
    @rule(ending=st.sampled_from([Ending.COMPLETED, Ending.CRASHED, Ending.LOST]))
    def agent_ends(self, ending: Ending) -> None:
        """An agent finishes its work, crashes, or is lost.

        Work whose prompt was edited meanwhile is not finished; test_planner_restarts.py holds it.
        """
        if self.fleet.living()[-1].words.action != self.fleet.member().words.action:
            return
        self.fleet.end(ending=ending)
        self.completed = ending is Ending.COMPLETED

    # What always holds.

    @invariant()
    def one_session(self) -> None:
        """At most one session a project, whatever crashed when."""
        assert len(self.fleet.living()) <= 1

    @invariant()
    def memory_is_bounded(self) -> None:
        """Memory does not grow with the number of edits."""
        for member in self.fleet.memory.projects.values():
            assert len(member.pairs) <= PAIRS_KEPT
            assert len(member.agent_cells) <= AGENT_CELLS_KEPT + 1

    # The oracle.

    def is_word(self, read: Version, wanted: Intent) -> bool:
        """Whether a version that is read now is the user's word, by SEMANTICS."""
        if read in {self.held, self.ours}:
            return False
        if read not in self.known:
            return True
        assert self.held is not None
        if read[1] != self.held[1]:
            return False
        stops = wanted is Intent.RUN and MEANING[read[0]] is not Intent.RUN
        return stops or not self.fleet.member().doubtful

    def one_tick(self, killed_before: str = "", race: str | None = None) -> Tick | None:
        """A tick, held against the oracle; a word is heard once memory is committed."""
        read, runs = version(self.fleet.line()), len(self.fleet.runs)
        valid = read[0] != UNKNOWN
        expected = Intent.DONE if self.completed else self.wanted
        word = valid and self.is_word(read, expected)
        if word:
            expected = MEANING[read[0]]

        def committed() -> None:
            assert self.fleet.member().intent is expected
            self.wanted, self.completed = expected, False
            if valid:
                self.read = self.held = read
                self.known.add(read)
            if word:
                self.ours = None

        def before_write() -> None:
            committed()
            if race is not None:
                self.fleet.type(status=race)

        tick, before = None, self.fleet.committed
        try:
            tick = self.fleet.tick(killed_before=killed_before, race=before_write)
        except KilledError:
            if self.fleet.committed is not before and killed_before != "confirm":
                committed()
            self.fleet.restart()
            if self.fleet.member().doubtful:
                self.held = self.read
        if len(self.fleet.runs) > runs:
            assert expected is Intent.RUN, "a row that is to rest was started"
            assert valid, "an invalid row was started"
        wrote = tick and ("alpha", "Last Update") in tick.wrote
        if wrote or (killed_before == "confirm" and version(self.fleet.line()) != read):
            self.ours = version(self.fleet.line())
            self.known.add(self.ours)
            if wrote:
                self.held = self.ours
        if tick:
            self.buffers = [*self.buffers, dict(self.fleet.line())][-BUFFERS_KEPT:]
        return tick


def test_no_word_is_lost_and_no_stale_buffer_is_a_word() -> None:
    """Whoever writes the row in whatever order: the person's last word is what is wanted."""
    run_state_machine_as_test(
        StatusCell,
        settings=settings(
            max_examples=100, stateful_step_count=30, deadline=None, derandomize=True
        ),
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_word_is_lost_in_long_histories() -> None:
    """The same, with many more and longer histories."""
    run_state_machine_as_test(
        StatusCell, settings=settings(max_examples=300, stateful_step_count=60, deadline=None)
    )
