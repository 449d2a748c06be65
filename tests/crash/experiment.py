"""An experiment: a scenario with a death in it, and what the world is like in the end."""

import json
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tests.crash.endstate import EndState, look
from tests.crash.pilot import LOG, Board, fly, parts
from tests.crash.scenarios import BYSTANDER, SCENARIOS, TIMES, Scenario
from tests.crash.steps import Steps, is_retired, leftovers
from tests.crash.tracee import Answer, Call, Kill, Tracee
from tests.e2e.lab import Lab

_KILLED = -9

_WAS_GIVEN = re.compile(r"unlink desired/\..*\.sidekick-(?!new-)")
"""A step after which a command's word is in the list: who repeats it gives another one."""


@dataclass(frozen=True)
class Result:
    """What came of it.

    Attributes:
        steps: The steps that were counted; of one that was killed the last was not made.
        end: The end state.
        moved: Files that three more ticks changed.
        warnings: What the controller told as going wrong.
    """

    steps: tuple[str, ...]
    end: EndState
    moved: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Failure:
    """A call that fails.

    Attributes:
        call: As `Steps.fallible` names it.
        number: The errno.
        ticks: Every such call fails until so many ticks have gone by; with 0 just one does.
    """

    call: str
    number: int
    ticks: int = 0


def calls(name: str) -> tuple[str, ...]:
    """The calls of a scenario that may fail, each once."""
    experiment = _Experiment(SCENARIOS[name], [], names=[])
    try:
        experiment.play()
    finally:
        experiment.close()
    return tuple(dict.fromkeys(experiment.names or ()))


def hinder(name: str, failure: Failure) -> Result:
    """Play a scenario in which a call fails, and nobody dies."""
    experiment = _Experiment(SCENARIOS[name], [], failure=failure)
    try:
        return experiment.play()
    finally:
        experiment.close()


def play(name: str, *deaths: int) -> Result:
    """Play a scenario.

    Args:
        name: Of the scenario.
        deaths: Before which of its steps, counted from 0, the process dies: the first, the one
            that follows it, and so on.
    """
    experiment = _Experiment(SCENARIOS[name], list(deaths))
    try:
        return experiment.play()
    finally:
        experiment.close()


@dataclass
class _Experiment:
    scenario: Scenario
    deaths: list[int]
    failure: Failure | None = None
    names: list[str] | None = None
    lab: Lab = field(default_factory=Lab)
    board: Board = field(default_factory=Board)
    steps: list[str] = field(default_factory=list)
    controller: Tracee | None = None

    def play(self) -> Result:
        scenario = self.scenario
        rows = (BYSTANDER, *scenario.rows) if scenario.bystander else scenario.rows
        settings: dict[str, Any] = {"times": TIMES, **scenario.settings}
        self.lab.settle_in(*rows, **settings)
        if not scenario.cold or scenario.before:
            self._start_controller()
            self._rest()
        for act in scenario.before:
            act(self.lab)
            self._rest()
        scenario.act(self.lab)
        if scenario.command is not None:
            self._command()
        else:
            self._converge()
        self._rest()
        if scenario.command is not None:
            self._time_goes_by()
            self._start_controller()
            self._rest()
        end = look(self.lab)
        before = self._stamps()
        self._rest()
        after = self._stamps()
        moved = [path for path in before | after if before.get(path) != after.get(path)]
        said = (self.lab.root / LOG).read_text(encoding="utf-8").splitlines()
        warnings = [line for line in said if json.loads(line)["level"] in {"warning", "error"}]
        return Result(tuple(self.steps), end, tuple(moved), tuple(warnings))

    def close(self) -> None:
        self._kill_controller()
        self.lab.close()

    def _converge(self) -> None:
        """The controller makes it so, however often it dies."""
        if self.scenario.cold:
            self._start_controller()
        while self.deaths:
            assert self.controller is not None
            self.controller.go(self._until(self.deaths.pop(0)))
            if self.controller.status != _KILLED:
                return
            self._time_goes_by()
            self._start_controller()
        if not self.steps:
            assert self.controller is not None
            self.controller.go(self._until(None))

    def _command(self) -> None:
        """The user gives a command, and where it dies, once more."""
        while True:
            command = Tracee(self._give)
            command.go(self._until(self.deaths.pop(0) if self.deaths else None))
            if command.status == 0:
                return
            assert command.status == _KILLED, self._said()
            if _WAS_GIVEN.match(self.steps[-1]):
                return
            self._rest()
            self._time_goes_by()

    def _give(self) -> None:
        assert self.scenario.command is not None
        app = parts(self.lab, self.board, readonly=True)
        self.scenario.command(app)
        app.close()

    def _kill_controller(self) -> None:
        if self.controller is not None:
            self.controller.kill()

    def _start_controller(self) -> None:
        self._kill_controller()
        self.controller = Tracee(lambda: fly(self.lab, self.board, self.scenario.played))

    def _until(self, death: int | None) -> Callable[[Call], Answer]:
        names = Steps(self.lab.root, self.board)
        count = 0
        failed_at: int | None = None

        def judge(call: Call) -> Answer:
            nonlocal count, failed_at
            if self.names is not None:
                self.names += filter(None, (names.fallible(call),))
            failure = self.failure
            if failure and names.fallible(call) == failure.call:
                before = failed_at
                failed_at = self.board.ticks if before is None else before
                if before is None or self.board.ticks < before + failure.ticks:
                    return failure.number
            name = names.name(call)
            if not name:
                return None
            self.steps.append(name)
            count += 1
            return Kill() if death is not None and count > death else None

        return judge

    def _rest(self) -> None:
        assert self.controller is not None
        self.controller.go()
        assert self.controller.alive, f"it ended ({self.controller.status}): {self._said()}"

    def _said(self) -> str:
        return (self.lab.root / LOG).read_text(encoding="utf-8")[-3000:]

    def _time_goes_by(self) -> None:
        """What was left half-made is two minutes old when the next one comes to it."""
        then = time.time() - 120
        for path in leftovers(self.lab.root):
            with suppress(FileNotFoundError):  # a shim has just renamed it
                os.utime(path, (then, then))

    def _stamps(self) -> dict[str, tuple[int, int]]:
        """Every file but agents' logs, which shims make late, and old lists, which go by and by."""
        return {
            str(path): (path.lstat().st_mtime_ns, path.lstat().st_size)
            for folder in ("state", "desired", "runs", "workspaces")
            for path in (self.lab.root / folder).rglob("*")
            if path.is_file() and path.name != "output.log" and not is_retired(path.name)
        }
