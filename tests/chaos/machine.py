"""The machine: whatever users, agents, servers, disks and clocks do, in any order."""

import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import wraps
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from controller.fleet import Fleet
from controller.layout import clock
from tests.chaos.controller import Seen
from tests.chaos.rest import converge, stay
from tests.chaos.witness import Witness
from tests.chaos.world import DEAF, DONE, FAIL, LONG, TREE, WORK, World, tick

NAMES = ("ant", "bee", "cat", "dog")
NAME = st.sampled_from(NAMES)
ACTION = st.sampled_from([WORK, WORK, WORK, TREE, DEAF, DONE, FAIL, ""])
AGENT = st.sampled_from(["", "", "tty", "talk"])
PRIORITY = st.sampled_from(["1", "2", "3", ""])
WORD = st.sampled_from(["", "Pending", "In Progress", "Waiting", "Paused", "Completed", "Blocked"])
GARBAGE = st.sampled_from(
    [("Status", "Foo"), ("Priority", "x"), ("GPU", "maybe"), ("Deadline", "soon"),
     ("Agent", "nobody"), ("Model", "none")]
)  # fmt: skip
JUMP = st.sampled_from([3, 12, 31, 61, 125, 700, 3700, 90_000, -3, -61, -700, -3700, -90_000])
THEN = st.sampled_from(["", "tick", "tick", "tick tick", "rest tick", "rest tick tick"])


def fault(**strategies: Any) -> Callable[[Callable[..., None]], Any]:
    """A rule that is followed by some ticks, or by none."""

    def decorate(function: Callable[..., None]) -> Any:
        @wraps(function)
        def wrapped(self: "Chaos", then: str, **drawn: Any) -> None:
            self.witness.tell(f"{function.__name__} {drawn}, then {then!r}")
            function(self, **drawn)
            self.go_on(then)

        del wrapped.__wrapped__  # hypothesis reads the signature
        ruled = rule(then=THEN, **strategies)
        return ruled(wrapped)  # type: ignore[no-untyped-call]

    return decorate


class Chaos(RuleBasedStateMachine):
    """Everything that can happen; at the end the world comes to rest and stays so."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.witness = Witness(self.world)
        self.fleet = Fleet(self.world.state)
        self.buffers: list[bytes] = []
        self.good: bytes | None = None
        self.slots_read = 0

    @initialize(
        rows=st.lists(st.tuples(ACTION, PRIORITY, AGENT), min_size=1, max_size=len(NAMES)),
        slots=st.integers(1, 4),
    )
    def begin(self, rows: list[tuple[str, str, str]], slots: int) -> None:
        """A list, settings, and a first tick."""
        self.slots(slots)
        self.world.save(
            [_row(name, *cells) for name, cells in zip(NAMES, rows, strict=False)], whole=True
        )
        self.go_on("tick")

    # -- time -------------------------------------------------------------------------------

    def go_on(self, then: str) -> None:
        """Some ticks, and rests between them."""
        for word in then.split():
            if word == "rest":
                self.rest()
            else:
                self.tick()
        self.witness.sample()

    def rest(self) -> None:
        """No agent is about to begin any more: from now on the newest settings count."""
        self.world.settle()
        self.witness.sample()
        self.witness.slots = max(self.slots_read, self.world.slots)

    def tick(self) -> Seen:
        """A tick, watched."""
        heard = self.witness.listen()
        seen = tick(self.world, self.witness.sample)
        self.witness.sample()
        if seen.fresh and seen.planned:
            self.witness.heard(heard, surely=True)
        self.witness.judge(seen)
        self.slots_read = self.world.slots
        return seen

    @fault(seconds=JUMP)
    def jump(self, seconds: int) -> None:
        """The clock is put forward or back, or time passes."""
        self.world.offset += seconds

    @fault(delay=st.integers(0, 90))
    def kill_controller_in_tick(self, delay: int) -> None:
        """SIGKILL, some milliseconds into a tick."""
        heard = self.witness.listen()
        self.world.ask()
        until = time.monotonic() + delay / 1000
        while time.monotonic() < until:
            self.witness.sample()
        self.world.kill_controller()
        self.witness.sample()
        self.witness.heard(heard, surely=False)
        self.witness.judge(None)

    @fault()
    def kill_controller(self) -> None:
        """SIGKILL, between two ticks."""
        self.world.kill_controller()

    # -- the user ---------------------------------------------------------------------------

    def edit(self, change: Callable[[list[dict[str, str]]], list[dict[str, str]]], *names: str,
             whole: bool = True) -> None:  # fmt: skip
        """Read, change, save; remember the buffer before, for it may be saved again."""
        if self.good is not None:
            return
        self.buffers = [*self.buffers[-3:], self.world.list.read_bytes()]
        self.witness.edit(*names)
        self.world.save(change(self.world.read_list()), whole=whole)

    def type(self, name: str, column: str, text: str, *, whole: bool = True) -> None:
        """Type a cell of the first row of that name."""

        def change(rows: list[dict[str, str]]) -> list[dict[str, str]]:
            for row in rows:
                if row["Project"] == name:
                    row[column] = text
                    break
            return rows

        self.edit(change, name, whole=whole)

    @fault(name=NAME, action=ACTION, priority=PRIORITY, agent=AGENT, word=WORD)
    def add(self, name: str, action: str, priority: str, agent: str, word: str) -> None:
        """A new row, or a second one of that name."""
        row = _row(name, action, priority, agent, word)
        self.edit(lambda rows: [*rows, row], name)

    @fault(name=NAME)
    def delete(self, name: str) -> None:
        """The rows of that name go."""
        self.edit(lambda rows: [row for row in rows if row["Project"] != name], name)

    @fault(old=NAME, new=st.sampled_from([*NAMES, "eel"]))
    def rename(self, old: str, new: str) -> None:
        """A row gets another name."""
        self.witness.doubt(old, new)
        self.type(old, "Project", new)
        self.witness.edit(new)

    @fault(name=NAME, word=WORD, whole=st.booleans())
    def say(self, name: str, word: str, whole: bool) -> None:
        """A word in Status."""
        self.type(name, "Status", word, whole=whole)

    @fault(name=NAME, action=ACTION, whole=st.booleans())
    def order(self, name: str, action: str, whole: bool) -> None:
        """Another Next Action."""
        self.type(name, "Next Action", action, whole=whole)

    @fault(name=NAME, priority=PRIORITY)
    def rank(self, name: str, priority: str) -> None:
        """Another Priority."""
        self.type(name, "Priority", priority)

    @fault(name=NAME, agent=AGENT)
    def choose(self, name: str, agent: str) -> None:
        """Another Agent."""
        self.type(name, "Agent", agent)

    @fault(name=NAME, gpu=st.sampled_from(["Yes", ""]))
    def want_gpu(self, name: str, gpu: str) -> None:
        """A GPU is asked for, or not."""
        self.type(name, "GPU", gpu)

    @fault(name=NAME, cell=GARBAGE)
    def garble(self, name: str, cell: tuple[str, str]) -> None:
        """A cell that means nothing."""
        self.type(name, *cell)

    @fault(name=NAME)
    def clean(self, name: str) -> None:
        """Cells that mean nothing are emptied again."""
        for column in ("Priority", "GPU", "Deadline", "Agent", "Model"):
            self.type(name, column, "")

    @fault(order=st.permutations(range(6)))
    def reorder(self, order: list[int]) -> None:
        """The rows in another order."""
        self.edit(lambda rows: [rows[i] for i in order if i < len(rows)] + rows[6:])

    @fault(index=st.integers(0, 3), whole=st.booleans())
    def save_stale(self, index: int, whole: bool) -> None:
        """An editor that was open all the time saves its old buffer."""
        if self.good is None and index < len(self.buffers):
            self.witness.edit(*NAMES, "eel")
            self.world.save_bytes(self.buffers[index], whole=whole)

    @fault(how=st.sampled_from(["empty", "header", "half", "binary", "missing", "folder"]))
    def break_list(self, how: str) -> None:
        """The list is no list any more, or an empty one."""
        if self.good is not None:
            return
        self.good = self.world.list.read_bytes()
        match how:
            case "empty":
                self.world.save_bytes(b"", whole=False)
            case "header":
                self.world.save_bytes(self.good.split(b"\n")[0] + b"\n", whole=True)
            case "half":
                self.world.save_bytes(self.good[: len(self.good.split(b"\n")[0]) // 2], whole=True)
            case "binary":
                self.world.save_bytes(b"\0\xff\x00" * 99, whole=True)
            case _:
                self.world.list.unlink()
                if how == "folder":
                    self.world.list.mkdir()

    @precondition(lambda self: self.good is not None)
    @fault()
    def mend_list(self) -> None:
        """It is what it was."""
        assert self.good is not None
        if self.world.list.is_dir():
            self.world.list.rmdir()
        self.world.save_bytes(self.good, whole=True)
        self.good = None

    @fault(slots=st.integers(0, 4))
    def reload(self, slots: int) -> None:
        """Other slots; none at all is no valid setting, and changes nothing."""
        self.slots(slots)

    def slots(self, slots: int) -> None:
        """Write the settings."""
        self.world.configure(slots=slots)
        self.witness.slots = max(self.witness.slots, slots)

    @fault(suspended=st.booleans())
    def suspend(self, suspended: bool) -> None:
        """The whole fleet rests, or goes on."""
        if suspended:
            self.fleet.suspend(clock() + timedelta(seconds=self.world.offset), "lunch")
        else:
            self.fleet.resume()

    # -- agents and shims -------------------------------------------------------------------

    def living(self, index: int) -> str:
        """A run whose agent lives; empty where none does."""
        runs = sorted(self.witness.lived)
        return runs[index % len(runs)] if runs else ""

    @fault(index=st.integers(0, 3), number=st.sampled_from([signal.SIGTERM, signal.SIGKILL]))
    def kill_agent(self, index: int, number: signal.Signals) -> None:
        """Somebody kills an agent."""
        run = self.living(index)
        if run:
            self.witness.excused.add(run)
            # The shell first: it would begin anew what it sees end, and that would be left over.
            for pid in sorted(self.witness.lived[run]):
                with suppress(ProcessLookupError):
                    os.kill(pid, number)

    @fault(index=st.integers(0, 3), which=st.sampled_from(["outer", "inner", "both"]))
    def kill_shim(self, index: int, which: str) -> None:
        """SIGKILL of what watches over an agent."""
        run = self.living(index)
        pids = sorted(self.world.census.take()[1].get(run, ()))
        chosen = {"outer": pids[:1], "inner": pids[1:], "both": pids}[which]
        for pid in chosen:
            self.witness.excused.add(run)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    @fault(index=st.integers(0, 3), state=st.sampled_from(["done", "blocked"]))
    def report(self, index: int, state: str) -> None:
        """An agent says something of itself."""
        run = self.living(index)
        if run:
            line = {"at": time.time(), "type": "report", "state": state, "message": "so it is"}
            with suppress(OSError), (self.world.runs / run / "events.jsonl").open("a") as file:
                file.write(json.dumps(line) + "\n")
                self.witness.reported.add(run)

    # -- tmux -------------------------------------------------------------------------------

    def excuse_all(self) -> None:
        """Every run may end by what is done now, one that begins just now included."""
        agents, shims = self.world.census.take()
        runs = {path.name for path in self.world.runs.glob("*-*")}
        self.witness.excused |= agents.keys() | shims.keys() | runs

    @fault(hard=st.booleans())
    def end_server(self, hard: bool) -> None:
        """The tmux server is ended, or killed."""
        self.excuse_all()
        self.world.end_server(hard=hard)

    @precondition(lambda self: not self.world.stopped)
    @fault()
    def hang_server(self) -> None:
        """SIGSTOP."""
        self.world.hang_server()

    @precondition(lambda self: self.world.stopped)
    @fault()
    def wake_server(self) -> None:
        """SIGCONT."""
        self.world.wake_server()

    @precondition(lambda self: not self.world.stopped)
    @fault(name=st.sampled_from([*NAMES, "own"]), mark=st.booleans())
    def make_session(self, name: str, mark: bool) -> None:
        """A person makes a session, perhaps under our name, perhaps another controller does."""
        marks = ['{"owner":"other","run":"01795428900000000-abcdef"}'] if mark else []
        self.world.make_session(name, *marks)

    @precondition(lambda self: not self.world.stopped)
    @fault(index=st.integers(0, 3), how=st.sampled_from(["unmark", "rename", "kill"]))
    def touch_session(self, index: int, how: str) -> None:
        """A person does something to a session of ours."""
        panes = sorted(self.world.panes().items())
        if not panes:
            return
        run, (pane, name) = panes[index % len(panes)]
        match how:
            case "unmark":
                self.witness.excused.add(run)
                self.world.tmux("set-option", "-pu", "-t", pane, "@sidekick")
            case "rename":
                self.world.tmux("rename-session", "-t", pane, f"{name}-mine")
            case _:
                self.witness.excused.add(run)
                self.world.tmux("kill-session", "-t", pane)

    # -- the disk ---------------------------------------------------------------------------

    @fault(how=st.sampled_from(["deleted", "garbage", "truncated", "rows"]))
    def lose_database(self, how: str) -> None:
        """The memory is gone, or broken."""
        self.world.lose_database(how)
        self.witness.forget()

    @fault(index=st.integers(0, 7), how=st.sampled_from(
        ["deleted", "exit.json", "started.json", "meta.json", "events.jsonl", "spec.json"]
    ))  # fmt: skip
    def lose_run(self, index: int, how: str) -> None:
        """A run's folder is gone, or one of its records is."""
        runs = sorted(self.world.runs.glob("*-*"))[-8:]
        if not runs:
            return
        folder = runs[index % len(runs)]
        self.witness.excused.add(folder.name)
        self.witness.doubt(self.world.project(folder.name))
        if how == "deleted":
            shutil.rmtree(folder)
        elif (folder / how).exists():
            (folder / how).write_bytes((folder / how).read_bytes()[:9])

    @fault()
    def lose_runs(self) -> None:
        """The folder of all runs is gone."""
        self.excuse_all()
        self.witness.doubt(*NAMES, "eel")
        shutil.rmtree(self.world.runs, ignore_errors=True)

    @fault(gone=st.booleans())
    def lose_program(self, gone: bool) -> None:
        """The agents' program is not installed any more, or is again."""
        if gone:
            self.world.break_program()
        else:
            self.world.mend_program()

    # -- the end ----------------------------------------------------------------------------

    def teardown(self) -> None:
        """No more faults: the world comes to rest, and nothing is done any more."""
        try:
            if self.world.settings:
                self.calm()
                converge(self)
                stay(self)
        finally:
            COUNTED.update(
                examples=COUNTED["examples"] + 1,
                samples=COUNTED["samples"] + self.witness.samples,
                ticks=COUNTED["ticks"] + self.witness.ticks,
                agents=COUNTED["agents"] + len(self.witness.born),
            )
            self.world.close()

    def calm(self) -> None:
        """Take away what stands in the way of rest."""
        self.witness.tell("calm")
        self.world.wake_server()
        self.world.mend_program()
        if self.good is not None:
            if self.world.list.is_dir():
                self.world.list.rmdir()
            self.world.save_bytes(self.good, whole=True)
            self.good = None
        self.world.configure(slots=self.world.slots)
        self.witness.sample()
        self.world.foreign.clear()
        self.world.end_unmarked_sessions()


COUNTED = {"examples": 0, "samples": 0, "ticks": 0, "agents": 0}
"""What was tried in this process, for who wants to know."""


def _row(name: str, action: str, priority: str, agent: str, word: str = "") -> dict[str, str]:
    return {"Project": name, "Priority": priority, "Status": word, "Agent": agent,
            "Next Action": action}  # fmt: skip


assert set(LONG) == {WORK, TREE, DEAF}
