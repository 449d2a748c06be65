"""What the loop makes of a run that is over is kept beside it; a look at it writes nothing."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.agents.base import Agent, Mode, Options
from controller.agents.claude import Claude
from controller.agents.verdict import judge_exit
from controller.core.detail import RunView
from controller.core.facts import NO_FACTS, Facts, Trouble
from controller.core.observed import Ending, Observed, Run, Words
from controller.host.sweeper import Sweeper
from controller.observer import Observer
from controller.runs import stream
from controller.runs.folders import RunFolders
from controller.runs.history import history
from controller.runs.meta import Meta
from controller.runs.stream import Fold
from controller.runtimes.memory import MemoryRuntime
from tests.runs.conftest import SPEC, Bench, now

AT = 1_700_000_000
CLAUDE = Claude(Options("claude", "claude", Path("/h"), Mode.HEADLESS))
INIT = {"type": "system", "subtype": "init", "session_id": "c0ffee", "model": "opus"}
LIMIT = {
    "type": "result", "subtype": "success", "is_error": True, "total_cost_usd": 1.5,
    "result": "You've hit your usage limit hunter2", "api_error": "usage_limit_reached",
}  # fmt: skip


class World:
    """A run whose agent was known when it began, and controllers that come and go."""

    def __init__(self, bench: Bench) -> None:
        self.root = bench.root
        self.agents: dict[str, Agent] = {"claude": CLAUDE}
        self.start()
        self.run = self.runs.new_id(now())
        meta = Meta("A", "a", "claude", "/", Words("d"), now(), tells=True, interactive=False)
        self.folder = self.runs.create(self.run, SPEC, meta, "", {})
        (self.folder / "started.json").write_text(json.dumps({"version": 1, "at": AT}))

    def start(self, *, readonly: bool = False) -> None:
        """Another controller, or a command that looks only."""
        self.runs = RunFolders(self.root, self._fold_of)
        self.runs.load()
        self.observer = Observer(
            MemoryRuntime(), self.runs, self.agents, now, _without_secrets, readonly=readonly
        )

    def _fold_of(self, name: str) -> Fold | None:
        agent = self.agents.get(name)
        return agent.read if agent else None

    def tell(self, *events: object) -> None:
        """The agent's next events."""
        with (self.folder / "stream.jsonl").open("a") as file:
            file.writelines(json.dumps({"at": AT, "event": each}) + "\n" for each in events)

    def end(self, status: int = 1) -> None:
        """The shim's record."""
        record = {"version": 1, "cause": "exit", "status": status, "started_at": AT,
                  "ended_at": AT + 5, "tail": ["bye"]}  # fmt: skip
        (self.folder / "exit.json").write_text(json.dumps(record))

    def look(self) -> Run:
        """The run as it is seen."""
        seen = self.observer.look()
        assert isinstance(seen, Observed)
        return seen.runs[self.run]

    def told(self) -> RunView:
        """The run as a look at its history tells it."""
        (view,) = history(self.root, "A", judge_exit, _without_secrets)
        return view

    def files(self) -> dict[str, tuple[int, int]]:
        """Each file of the run, by its number and the time of its change."""
        return {entry.name: (entry.inode(), entry.stat().st_mtime_ns) for entry in self._entries()}

    def _entries(self) -> Iterator[os.DirEntry[str]]:
        with os.scandir(self.folder) as entries:
            yield from entries


def _without_secrets(text: str) -> str:
    return text.replace("hunter2", "[redacted]")


@pytest.fixture
def world(bench: Bench) -> World:
    """A run that is under way."""
    return World(bench)


def test_a_verdict_is_kept_and_told(world: World) -> None:
    """The loop keeps what it made of an end, without secrets; a look tells just that."""
    world.tell(INIT, LIMIT)
    world.end()
    result = world.look().result
    assert result is not None
    assert (result.ending, result.reason) == (Ending.HELD, Trouble.LIMIT.value)
    told = world.told()
    assert (told.ending, told.reason, told.message) == ("Held", "UsageLimit", result.message)
    assert told.status == 1
    kept = (world.folder / "verdict.json").read_text()
    assert "[redacted]" in kept
    assert "hunter2" not in kept
    assert (world.folder / "verdict.json").stat().st_mode & 0o777 == 0o600


def test_a_look_writes_nothing(world: World) -> None:
    """Neither a history, nor a command that looks only, nor the host of the sessions."""
    world.tell(INIT, LIMIT)
    world.end()
    before = world.files()
    world.told()
    Sweeper(world.root).load()
    world.start(readonly=True)
    assert world.look().facts.conversation == "c0ffee"
    assert world.files() == before
    world.start()
    world.look()
    kept = world.files()
    assert kept.keys() - before.keys() == {"facts.json", "verdict.json"}
    world.look()
    world.start()
    world.look()
    assert world.files() == kept


def test_an_end_while_the_settings_forgot_the_agent(world: World) -> None:
    """Nothing is kept; once they know it again, its events are read, and the end is judged."""
    world.tell(INIT)
    assert world.look().facts.working
    known = world.agents.pop("claude")
    world.tell(LIMIT)
    world.end()
    forgot = world.look()
    assert forgot.result is not None
    assert (forgot.result.reason, forgot.facts.usage.dollars) == ("Crashed", None)
    assert not (world.folder / "facts.json").exists()
    assert world.told().reason == "Crashed"
    world.agents["claude"] = known
    again = world.look()
    assert again.result is not None
    assert (again.result.reason, again.facts.usage.dollars) == ("UsageLimit", 1.5)
    assert again.facts.conversation == "c0ffee"
    assert world.told().reason == "UsageLimit"


def test_a_start_while_the_settings_forget_the_agent(world: World) -> None:
    """What that controller cannot read, the next one that knows the agent still finds."""
    world.tell(INIT, LIMIT)
    world.end()
    known = world.agents.pop("claude")
    world.start()
    assert world.look().facts == NO_FACTS
    world.agents["claude"] = known
    world.start()
    assert world.look().facts.usage.dollars == 1.5


def test_facts_that_say_nothing(world: World) -> None:
    """Such as were kept without the agent count for nothing: the stream is read."""
    world.tell(INIT, LIMIT)
    world.end()
    (world.folder / "facts.json").write_text('{"at": "2026-01-02T03:04:05Z"}')
    world.start()
    assert world.look().facts.conversation == "c0ffee"
    assert json.loads((world.folder / "facts.json").read_bytes())["conversation"] == "c0ffee"


def test_facts_are_kept_for_the_next_controller(world: World) -> None:
    """It needs no stream any more."""
    world.tell(INIT, LIMIT)
    world.end()
    facts = world.look().facts
    (world.folder / "stream.jsonl").unlink()
    world.start()
    assert world.look().facts == facts


def test_facts_that_are_too_long(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be read again is not kept: the stream stays what tells."""
    monkeypatch.setattr(stream, "FILE_LIMIT", 100)
    world.tell(INIT)
    world.end()
    world.look()
    assert not (world.folder / "facts.json").exists()
    assert (world.folder / "verdict.json").exists()


@pytest.mark.parametrize(
    "forged",
    [
        {"conversation": "--yolo"}, {"said": "x", "until": "2026-01-02T03:04:05"},
        {"said": "x", "turn_at": "9999-12-31T23:59:59Z"}, {"said": "x", "usage": {"fresh": -1}},
        {"ask": {"kind": "AgentWaiting", "text": "?", "at": "0001-01-01T00:00:00+12:00"}},
        {"said": "x", "usage": {"dollars": "Infinity"}}, {"said": "x", "usage": {"dollars": "NaN"}},
    ],
)  # fmt: skip
def test_facts_that_no_stream_gives(world: World, forged: object) -> None:
    """An option for a conversation, times that cannot be reckoned with: the stream is read."""
    world.tell(INIT, LIMIT)
    world.end()
    (world.folder / "facts.json").write_text(json.dumps(forged))
    world.start()
    assert world.look().facts.conversation == "c0ffee"


def test_facts_that_the_agent_wrote(world: World) -> None:
    """A controller that followed the run believes what it read."""
    world.tell(INIT)
    world.look()
    (world.folder / "facts.json").write_text(json.dumps({"conversation": "another"}))
    world.tell(LIMIT)
    world.end()
    assert world.look().facts.conversation == "c0ffee"


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{", '{"ending": "Great", "reason": "Finished"}', '{"ending": "Held"}',
        '{"ending": "Held", "reason": "not a word"}', '{"ending": ["Held"], "reason": 5}',
        '{"ending": "Held", "reason": "Limit", "message": "' + "x" * 2_000_000,
    ],
)  # fmt: skip
def test_what_else_may_stand_there(world: World, text: str) -> None:
    """Then a look says what the records say; the loop writes the verdict over it."""
    world.tell(INIT, LIMIT)
    world.end()
    (world.folder / "verdict.json").write_text(text)
    told = world.told()
    assert (told.ending, told.reason, told.message) == ("Crashed", "Crashed", "exit status 1: bye")
    world.look()
    assert world.told().reason == "UsageLimit"


def test_a_forged_verdict_is_bounded(world: World) -> None:
    """An agent's own text is cut, without secrets, and its status a status."""
    world.end()
    forged = {"ending": "Held", "reason": "X", "message": "hunter2 " + "x" * 9999, "status": 1e9}
    (world.folder / "verdict.json").write_text(json.dumps(forged))
    told = world.told()
    assert told.message.startswith("[redacted] x")
    assert (len(told.message) < 4200, told.status) == (True, None)


def test_a_verdict_of_a_run_that_lasts(world: World) -> None:
    """There is none: an agent that runs wrote it."""
    (world.folder / "verdict.json").write_text('{"ending": "Completed", "reason": "Finished"}')
    assert (world.told().ending, world.told().ended_at) == ("", None)


def test_a_disk_that_takes_nothing(world: World) -> None:
    """The end counts all the same, and a look says what the records say."""
    world.tell(INIT, LIMIT)
    world.end()
    for name in (".facts.json.new", ".verdict.json.new"):
        (world.folder / name).mkdir()
    result = world.look().result
    assert result is not None
    assert result.reason == "UsageLimit"
    assert world.told().reason == "Crashed"
    assert world.look().facts != Facts()
