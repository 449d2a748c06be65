"""Runs whose folders another process made: `sidekick adopt` does, beside a running controller."""

from pathlib import Path

import pytest

from controller.core.observed import Observed, Words
from controller.observer import Observer
from controller.runs import roll
from controller.runs.folders import RunFolders
from controller.runs.meta import Meta
from controller.runtimes.base import StartRequest
from controller.runtimes.memory import MemoryRuntime
from tests.runs.conftest import SPEC, Bench, now


class World:
    """A controller that looks, and another process beside it."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.runtime = MemoryRuntime()
        self.other = bench.reloaded()
        self.observer = Observer(self.runtime, bench.runs, {})

    def adopt(self, name: str, run: str = "") -> str:
        """Let the other process make a run, and a session with its mark."""
        run = run or make(self.other, name)
        self.runtime.add_foreign(name, owner="sidekick", run=run)
        return run

    def look(self) -> Observed:
        """A look that must succeed."""
        seen = self.observer.look()
        assert isinstance(seen, Observed)
        return seen


@pytest.fixture
def world(bench: Bench) -> World:
    """Nothing runs yet."""
    return World(bench)


def make(runs: RunFolders, project: str) -> str:
    """A run of a project; its id."""
    run = runs.new_id(now())
    runs.create(run, SPEC, Meta(project, project.lower(), "x", "/", Words("d"), now()), "", {})
    return run


class TestLearn:
    """What the folders take in."""

    def test_a_folder_of_another_process(self, bench: Bench) -> None:
        """It is known at once, as its folder tells it; ids go on behind it."""
        run = make(bench.reloaded(), "A")
        bench.put(run, "started.json", '{"version": 1, "pid": 42, "at": 1700000000}')
        before = bench.runs.look()

        assert bench.runs.learn(run)

        assert run not in before
        assert bench.runs.look() == bench.reloaded().look()
        assert bench.runs.look()[run].pid == 42
        assert bench.runs.unfinished() == (run,)
        assert bench.runs.new_id(now()) > run

    def test_what_is_known_stays_as_it_is(self, bench: Bench) -> None:
        """Not even the object that tells it changes."""
        run = bench.make()
        before = bench.runs.look()
        assert bench.runs.learn(run)
        assert bench.runs.look() is before

    def test_a_run_that_is_over(self, bench: Bench) -> None:
        """Only a project's newest is kept, and an older one changes nothing."""
        other = bench.reloaded()
        old, newest = make(other, "A"), make(other, "A")
        for run in (old, newest):
            bench.end(run)
        assert bench.runs.learn(newest)
        before = bench.runs.look()

        assert not bench.runs.learn(old)

        assert bench.runs.look() is before
        assert list(before) == [newest]

    @pytest.mark.parametrize("run", ["", ".", "..", "../runs", "/etc", "x", "1" * 17 + "-00000g"])
    def test_other_ids(self, bench: Bench, run: str) -> None:
        """Nothing is opened for an id that we would not give."""
        bench.make()
        assert not bench.runs.learn(run)

    def test_no_folder(self, bench: Bench) -> None:
        """Nor is one known whose folder is missing, or holds no notes."""
        run = make(bench.reloaded(), "A")
        (bench.root / run / "meta.json").write_text("{")
        assert not bench.runs.learn(run)
        assert not bench.runs.learn("01" * 8 + "0-00000f")
        assert bench.runs.look() == {}


class TestObserver:
    """What a running controller sees."""

    def test_an_adopted_session(self, world: World) -> None:
        """Its run is there in the very look in which its mark is."""
        assert not world.look().runs
        run = world.adopt("A")
        seen = world.look()
        assert [run] == list(seen.sessions) == list(seen.runs)
        assert seen.runs[run].project == "A"

    def test_the_same_object_where_nothing_changes(self, world: World) -> None:
        """A session that cannot be learned, and a known one, cost no new mapping."""
        world.adopt("A")
        world.adopt("B", "r1")
        ended = make(world.other, "C")
        world.bench.end(ended)
        make(world.other, "C")
        world.adopt("C", ended)
        first = world.look()
        assert len(first.sessions) == 3
        assert world.look().runs is first.runs

    def test_its_end(self, world: World, tmp_path: Path) -> None:
        """It is followed like any other run."""
        run = world.adopt("A")
        world.look()
        world.bench.end(run)
        result = world.look().runs[run].result
        assert result
        assert result.reason == "Finished"
        assert world.bench.runs.unfinished() == ()

    def test_our_own_runs_are_not_learned(self, world: World) -> None:
        """A run that this controller made is known before its session is."""
        run = make(world.bench.runs, "A")
        request = StartRequest(run, "a", world.bench.root / run)
        assert world.runtime.start([request]) == {}
        assert list(world.look().runs) == [run]


class TestLeft:
    """Runs whose maker died, and that no session tells of."""

    def test_it_becomes_known(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        """After a while, and not while it may still be in the making; one that is over does not."""
        other = bench.reloaded()
        ended, run = make(other, "A"), make(other, "B")
        bench.end(ended)
        assert bench.runs.look() == {}
        monkeypatch.setattr(roll, "SWEEP_SECONDS", 0.0)
        assert set(bench.runs.look()) == {run}
        assert bench.runs.unfinished() == (run,)
