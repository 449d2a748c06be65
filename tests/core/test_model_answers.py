"""A model of questions, answers and holds: agents stop at limits and at questions, persons answer,
the controller dies at any instant.
"""  # noqa: D205 - one sentence of two lines

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from controller.core import holds
from controller.core.facts import Asking, Trouble
from controller.core.limits import Answer, Route
from controller.core.memory import Hold
from controller.core.observed import Ending
from tests.core.fleet import Fleet, KilledError
from tests.core.world import AGENTS, MODELS, cells, limits

NAMES = ("alpha", "beta", "gamma", "delta")
NAME = st.sampled_from(NAMES)
SECONDS = st.sampled_from([1.0, 5.0, 11.0, 61.0, 400.0, 4000.0])
ROUTES = {**MODELS, "either": (Route("claude", "opus"), Route("codex", "gpt-5"))}


class Answers(RuleBasedStateMachine):
    """Four rows of two agents; one row may be worked on by either.

    Attributes:
        fleet: The rows, the controller's memory and the runs.
        given: Answer → whose it is.
        got: Answers that an agent was given, once for every time.
        asking: Rows whose agent asked, and nobody said more since.
        said: Rows whose newest word the controller may not have heard yet.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fleet = Fleet(
            cells("alpha"), cells("beta", priority="2"), cells("gamma", agent="codex"),
            cells("delta", model="either"), limits=limits(models=ROUTES),
        )  # fmt: skip
        self.given: dict[str, str] = {}
        self.got: list[str] = []
        self.asking: set[str] = set()
        self.said: set[str] = set()

    @initialize()
    def begin(self) -> None:
        """All that may work does."""
        self.tick("")

    # The agents.

    @rule(name=NAME, seconds=st.one_of(st.none(), SECONDS))
    def hit_limit(self, name: str, seconds: float | None) -> None:
        """A run ends at its agent's limit, whose end is told or not."""
        until = None if seconds is None else self.fleet.now + timedelta(seconds=seconds)
        self._end(name, Ending.HELD, reason=Trouble.LIMIT.value, until=until)

    @rule(name=NAME)
    def lose_login(self, name: str) -> None:
        """A run ends because its agent's key is refused."""
        self._end(name, Ending.HELD, reason=Trouble.AUTH.value)

    @rule(name=NAME)
    def ask(self, name: str) -> None:
        """A run ends with a question."""
        answered = self.fleet.limits.answers.get(name)
        early = answered is not None and answered.id not in self.got
        asked = self._end(name, Ending.WAITING, reason=Asking.QUESTION.value, message="Which?")
        if asked and not early and name not in self.said:
            self.asking.add(name)

    @rule(name=NAME, ending=st.sampled_from([Ending.COMPLETED, Ending.CRASHED, Ending.LOST]))
    def end(self, name: str, ending: Ending) -> None:
        """A run ends."""
        self._end(name, ending)

    @rule(name=NAME)
    def step(self, name: str) -> None:
        """An agent gets on with its work."""
        if self.fleet.living(name):
            self.fleet.begin(name)
            self.fleet.tell(name, steps=1)

    def _end(self, name: str, ending: Ending, **more: object) -> bool:
        alive = bool(self.fleet.living(name))
        if alive:
            self.fleet.begin(name)
            self.fleet.end(name, ending, **more)
        return alive

    # The person.

    @rule(name=NAME)
    def answer(self, name: str) -> None:
        """A person answers, asked or not."""
        number = f"a{len(self.given)}"
        self.given[number] = name
        answers = {**self.fleet.limits.answers, name: Answer(number, number, self.fleet.now)}
        self.fleet.limits = replace(self.fleet.limits, answers=answers)
        self.asking.discard(name)

    @rule(name=NAME)
    def say(self, name: str) -> None:
        """The row is to be worked on again, from the start."""
        self.fleet.type(name, status="Pending", last_update="")
        self.asking.discard(name)
        self.said.add(name)

    @rule(agent=st.sampled_from(["claude", "codex"]))
    def release(self, agent: str) -> None:
        """A person ends a hold."""
        released = {**self.fleet.limits.released, agent: self.fleet.now}
        self.fleet.limits = replace(self.fleet.limits, released=released)

    # Time, and the controller.

    @rule(seconds=SECONDS)
    def sleep(self, seconds: float) -> None:
        """Time passes."""
        self.fleet.sleep(seconds)

    @rule(killed_before=st.sampled_from(["", "", "", "act", "commit", "write"]))
    def tick(self, killed_before: str) -> None:
        """One tick, perhaps cut short; all that it did is held against what it may do."""
        before = dict(self.fleet.memory.holds)
        runs = set(self.fleet.runs)
        typed = len(self.fleet.typed)
        with suppress(KilledError):
            self.fleet.tick(killed_before=killed_before)
            self.said.clear()
        self.got += self.fleet.typed[typed:]
        for run in sorted(self.fleet.runs.keys() - runs):
            self._judge(run, before)
        assert len(self.got) == len(set(self.got)), "an answer was given twice"
        self.fleet.sleep(0.5)
        self.fleet.obey()

    def _judge(self, run_id: str, before: dict[str, Hold]) -> None:
        run = self.fleet.runs[run_id]
        if run.answered:
            self.got.append(run.answered)
            assert self.given[run.answered] == run.project
        assert run.project not in self.asking, "it asked, and nobody said more"
        item = before.get(run.agent)
        if item is not None and not self._released(run.agent, item):
            assert holds.over(item, self.fleet.now), f"{run.agent} is held, and {run.project} began"

    def _released(self, agent: str, item: Hold) -> bool:
        at = self.fleet.limits.released.get(agent)
        return at is not None and at >= item.since

    def teardown(self) -> None:
        """No answer that an agent waited for is lost: each is given in the end, or there is one
        after it.
        """  # noqa: D205 - one sentence of two lines
        waiting = {
            name: item.id
            for name, item in self.fleet.limits.answers.items()
            if (member := self.fleet.memory.projects.get(name)) and member.question
        }
        for agent in AGENTS:
            self.release(agent)
        for _ in range(40):
            self.tick("")
            self.fleet.sleep(61.0)
            self.fleet.begin()
            for run in self.fleet.living():
                self.fleet.tell(run.project, steps=1)
                self.fleet.end(run.project, Ending.COMPLETED)
        lost = {name: number for name, number in waiting.items() if number not in self.got}
        assert not lost, f"answers that were not given: {lost}"


def test_answers_and_holds() -> None:
    """No start of a held agent, no answer given twice or lost, no question passed over."""
    run_state_machine_as_test(Answers)
