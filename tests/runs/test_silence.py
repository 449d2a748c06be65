"""A run on a terminal whose agent tells nothing: its screen is looked at, and no other's."""

import json
from datetime import datetime, timedelta
from pathlib import Path

from controller.agents.base import Mode, Options
from controller.agents.claude import Claude
from controller.core.facts import Asking, Facts
from controller.core.observed import Observed, Run, Words
from controller.observer import Observer
from controller.runs.folders import RunFolders
from controller.runs.meta import Meta
from controller.runtimes.base import RuntimeFault
from controller.runtimes.memory import MemoryRuntime
from tests.runs.conftest import SPEC, Bench, now

SCREENS = Path(__file__).parents[1] / "agents" / "screens"


class World:
    """A session that shows what a real one showed, and a clock that is set."""

    def __init__(self, bench: Bench) -> None:
        self.clock = now()
        self.bench = bench
        self.runtime = MemoryRuntime()
        claude = Claude(Options("claude", "claude", Path("/h"), Mode.INTERACTIVE))
        self.runs = RunFolders(bench.root, lambda _: claude.read)
        self.runs.load()
        agents = {"claude": claude}
        self.observer = Observer(self.runtime, self.runs, agents, lambda: self.clock)
        self.run = self.runs.new_id(now())
        meta = Meta("A", "a", "claude", "/", Words("d"), now(), tells=True)
        self.runs.create(self.run, SPEC, meta, "", {})
        self.runtime.add_foreign("a", owner="sidekick", run=self.run)
        self.put("started.json", {"version": 1, "pid": 42, "at": self.clock.timestamp()})

    def put(self, name: str, content: object) -> None:
        """A file that the session wrote."""
        self.bench.put(self.run, name, json.dumps(content) + "\n")

    def show(self, name: str, at: datetime) -> None:
        """Let the session show a captured screen."""
        text = (SCREENS / f"claude-2.1.330-{name}.txt").read_text(encoding="utf-8")
        self.runtime.write(self.run, "\n" * 60 + text, activity=int(at.timestamp()))

    def look(self) -> Run:
        """The run as it is seen."""
        seen = self.observer.look()
        assert isinstance(seen, Observed)
        return seen.runs[self.run]

    @property
    def looked(self) -> int:
        """How often a screen was looked at."""
        return self.runtime.calls["screen"]


def test_a_dialog_before_its_first_word(bench: Bench) -> None:
    """Nothing is looked at for a while; then the dialog is told, and looked at no more."""
    world = World(bench)
    world.show("trust", world.clock)
    assert world.look().facts == Facts()
    assert world.looked == 0
    world.clock += timedelta(seconds=20)
    ask = world.look().facts.ask
    assert ask is not None
    assert ask.kind is Asking.TRUST
    assert ask.at is not None
    assert (world.look().facts.ask, world.looked) == (ask, 1)
    first = world.observer.look()
    assert isinstance(first, Observed)
    second = world.observer.look()
    assert isinstance(second, Observed)
    assert first.runs is second.runs
    event = {"hook_event_name": "UserPromptSubmit"}
    world.put("stream.jsonl", {"at": world.clock.timestamp(), "event": event})
    facts = world.look().facts
    assert (facts.ask, facts.working, world.looked) == (None, True, 1)


def test_a_dialog_that_somebody_closed(bench: Bench) -> None:
    """Allowed at the terminal, its long step runs: the row waits no more."""
    world = World(bench)
    asked = {"hook_event_name": "PermissionRequest", "tool_name": "Bash", "tool_input": {}}
    world.put("stream.jsonl", {"at": world.clock.timestamp(), "event": asked})
    world.show("permission-bash", world.clock + timedelta(seconds=1))
    assert world.look().facts.ask is not None
    assert world.looked == 0
    world.show("permission-bash", world.clock + timedelta(seconds=20))
    assert world.look().facts.ask is not None
    world.show("working", world.clock + timedelta(seconds=30))
    assert world.look().facts.ask is None
    assert world.looked == 2


def test_a_screen_that_cannot_be_had(bench: Bench) -> None:
    """Nothing is told; the next change is looked at."""
    world = World(bench)
    world.clock += timedelta(seconds=30)
    world.show("trust", world.clock)
    world.runtime.fail_next("screen", RuntimeFault("TmuxTimeout", "no answer"))
    assert world.look().facts == Facts()
    world.show("trust", world.clock + timedelta(seconds=1))
    assert world.look().facts.ask is not None
