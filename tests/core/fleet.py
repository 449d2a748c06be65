"""A fleet: the list, the sessions, the memory and the clock, on which plans are carried out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from controller.core.actions import Outcome, Plan, Remove, Start, Stop, Sweep, Tell, Watch
from controller.core.desired import Desired, parse_rows
from controller.core.limits import Limits
from controller.core.memory import Memory, ProjectMemory
from controller.core.observed import (
    Ending,
    Observed,
    Report,
    ReportState,
    Result,
    Run,
    Session,
    StopRequest,
)
from controller.core.planner import plan
from controller.core.row import LAST_UPDATE, STATUS, Row
from controller.core.row_status import RowStatus
from controller.core.status import Summary, summarize
from controller.core.versions import confirm, doubt
from tests.core import world

PATIENCE = 12
"""Ticks within which an undisturbed fleet comes to rest."""


class KilledError(Exception):
    """The controller was killed at a chosen instant."""


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick came to.

    Attributes:
        plan: What was decided.
        outcomes: What became of it.
        summary: What the rows say.
        wrote: (name, column) → text, for every cell that was written.
        same_memory: Whether nothing new was to be remembered.
    """

    plan: Plan
    outcomes: tuple[Outcome, ...]
    summary: Summary
    wrote: Mapping[tuple[str, str], str]
    same_memory: bool

    @property
    def quiet(self) -> bool:
        """Nothing was done, written, remembered or noted."""
        return not (self.plan.changes or self.wrote or self.plan.events) and self.same_memory

    def of(self, name: str) -> list[str]:
        """The kinds of a project's actions."""
        return [type(action).__name__ for action in self.plan.actions if action.project == name]

    @property
    def started(self) -> list[str]:
        """Names of the projects that were started, in their order."""
        return [action.project for action in self.plan.actions if isinstance(action, Start)]

    @property
    def stopped(self) -> list[str]:
        """Names of the projects whose runs were asked to end, those restarted included."""
        return [action.project for action in self.plan.actions if isinstance(action, Stop)]

    @property
    def noted(self) -> list[str]:
        """The reasons of the events."""
        return [event.reason for event in self.plan.events]


class Fleet:
    """Everything outside the core, as simple as it can be.

    Args:
        lines: The list, each line's cells.
        limits: What is allowed.
        header: The list's columns.
    """

    def __init__(
        self,
        *lines: Mapping[str, str],
        limits: Limits | None = None,
        header: tuple[str, ...] = world.HEADER,
    ) -> None:
        self.header = header
        self.lines = [dict(line) for line in lines]
        self.limits = limits or world.limits()
        self.memory = Memory()
        self.committed = Memory()
        self.unwritable = False
        self.runs: dict[str, Run] = {}
        self.sessions: dict[str, Session] = {}
        self.now = world.NOW
        self.last: Tick | None = None
        self.guarded: frozenset[str] = frozenset()
        self.broken: dict[str, str] = {}
        self.unswept: dict[str, str] = {}
        self.typed: list[str] = []
        self._count = 0

    # What the controller does.

    def desired(self) -> Desired:
        """A whole read of the list."""
        rows = [
            world.line_of(line, self.header, number=number)
            for number, line in enumerate(self.lines, start=2)
        ]
        return parse_rows(rows, world.SCHEMA)

    def observed(self) -> Observed:
        """A good observation."""
        return Observed(dict(self.sessions), dict(self.runs), "server", self.guarded)

    def tick(
        self,
        *,
        fresh: bool = True,
        killed_before: str = "",
        race: Callable[[], None] | None = None,
    ) -> Tick:
        """One tick.

        Args:
            fresh: Whether the list could be read.
            killed_before: `act`, `commit`, `write` or `confirm`: the instant of the controller's
                death.
            race: What the user does between the read of the list and the write into it.

        Raises:
            KilledError: The controller was killed, as asked.
        """
        desired, observed = self.desired(), self.observed()
        planned = plan(desired, observed, self.memory, self.limits, self.now, fresh=fresh)
        _die("act", killed_before)
        before = self.memory
        if planned.changes:
            # What was heard is committed before it is acted on.
            self.memory = self.committed = planned.memory
        outcomes = self._carry_out(planned)
        summary = summarize(planned, desired, observed, outcomes, self.now)
        _die("commit", killed_before)
        same = summary.memory == before
        self.memory = self.committed = summary.memory
        _die("write", killed_before)
        if race:
            race()
        wrote: dict[tuple[str, str], str] = {}
        for status in summary.rows:
            if status.row and status.cells and self._fits(status.row, status.cells):
                self.lines[self._index(status.name)].update(status.cells)
                wrote |= {(status.name, column): text for column, text in status.cells.items()}
                _die("confirm", killed_before)
                self.memory = confirm(self.memory, [(status.name, status.cells)])
        self.last = Tick(planned, outcomes, summary, wrote, same)
        return self.last

    def _fits(self, row: Row, wanted: Mapping[str, str]) -> bool:
        """A row is written only where it still holds what was read, and the list can be written."""
        if self.unwritable:
            return False
        names = [line["Project"].strip() for line in self.lines]
        if names.count(row.cell("Project")) != 1:
            return False
        line = self.lines[self._index(row.cell("Project"))]
        return all(
            line.get(column, "") == row.cells.get(column, "")
            for column in {*wanted, STATUS, LAST_UPDATE}
        )

    def _carry_out(self, planned: Plan) -> tuple[Outcome, ...]:
        for run_id, run in list(self.runs.items()):
            known = run.result is None or run == self.run(run.project)
            if known and run.project in planned.renames:
                self.runs[run_id] = replace(run, project=planned.renames[run.project])
        outcomes = []
        for action in planned.changes:
            match action:
                case Start():
                    outcomes.append(self._start(action))
                    continue
                case Stop(run=run_id, by=by, reason=reason):
                    request = StopRequest(by, reason, at=self.now)
                    self.runs[run_id] = replace(self.runs[run_id], stop=request)
                case Sweep(run=run_id) if run_id in self.unswept:
                    why = self.unswept[run_id]
                    outcomes.append(Outcome(action, reason=why, message="it would not end"))
                    continue
                case Sweep(run=run_id):
                    if run_id in self.runs:  # else its folder is gone, too
                        result = Result(Ending.LOST, "ShimLost", "it was killed", self.now)
                        self.runs[run_id] = replace(self.runs[run_id], result=result)
                case Tell(run=run_id, text=text, answer=answer):
                    self.typed.append(text)
                    run = self.runs[run_id]
                    told = replace(run.facts, ask=None, turn_at=self.now)
                    self.runs[run_id] = replace(run, facts=told, answered=answer)
                case Watch(run=run_id):
                    self.sessions[run_id] = replace(self.sessions[run_id], watched=True)
                case Remove(sessions=sessions):
                    for session in sessions:
                        del self.sessions[session.run]
                case _:
                    raise AssertionError(action)
            outcomes.append(Outcome(action))
        return tuple(outcomes)

    def _start(self, action: Start) -> Outcome:
        work = action.workload
        for session in action.replaces:
            assert not self._lives(session.run), "a living session's screen was to be replaced"
            del self.sessions[session.run]
        if work.project in self.broken:
            return Outcome(action, reason=self.broken[work.project], message="it would not start")
        taken = [session.name for session in self.sessions.values()]
        assert work.slug not in taken, f"a session {work.slug} exists already"
        self._count += 1
        keeps = self.limits.agents[work.agent].conversations
        talk = work.conversation or (f"talk-{self._count}" if keeps else "")
        run = Run(
            id=f"run-{self._count:04d}",
            project=work.project,
            slug=work.slug,
            agent=work.agent,
            folder=work.folder,
            words=work.words,
            created_at=self.now,
            conversation=talk,
            demo=work.demo,
            config=work.config,
            gpus=work.gpus,
            model=work.model,
            answered=work.answer,
        )
        self.runs[run.id] = run
        self.sessions[run.id] = Session(f"${self._count}", work.slug, run.id, alive=True)
        return Outcome(action, run=run.id, conversation=talk)

    # What the agents and their sessions do.

    def _lives(self, run_id: str) -> bool:
        run, session = self.runs[run_id], self.sessions.get(run_id)
        return run.result is None and session is not None and session.alive

    def living(self, name: str | None = None) -> list[Run]:
        """The runs that live, of one project or of all, in the order of their starts."""
        return [
            run
            for run in sorted(self.runs.values(), key=lambda run: run.id)
            if name in {None, run.project} and self._lives(run.id)
        ]

    @property
    def running(self) -> set[str]:
        """Names of the projects that have a living session."""
        return {run.project for run in self.living()}

    def run(self, name: str = "alpha") -> Run:
        """A project's newest run."""
        return max((run for run in self.runs.values() if run.project == name), key=lambda r: r.id)

    def begin(self, name: str | None = None) -> None:
        """Agents that were started run now."""
        for run in self.living(name):
            if run.started_at is None:
                self.runs[run.id] = replace(run, started_at=self.now)

    def end(self, name: str = "alpha", ending: Ending = Ending.COMPLETED, **more: Any) -> None:
        """A project's run ends by itself, or because it was asked to."""
        self._end(self.living(name)[-1], ending, **more)

    def obey(self) -> None:
        """Every run that was asked to end has ended."""
        for run in self.living():
            if run.stop:
                self._end(run, Ending.STOPPED)

    def _end(self, run: Run, ending: Ending, seconds: float | None = None, **more: Any) -> None:
        lasted = (self.now - run.started_at).total_seconds() if run.started_at else 0.0
        result = Result(
            ending=ending,
            reason=more.get("reason", ending.value),
            message=more.get("message", ""),
            at=more.get("at", self.now),
            seconds=lasted if seconds is None else seconds,
            stop=run.stop,
            until=more.get("until"),
        )
        self.runs[run.id] = replace(run, result=result)
        self.sessions[run.id] = replace(self.sessions[run.id], alive=False)

    def report(self, name: str, state: ReportState, message: str = "") -> None:
        """A project's agent says something of itself."""
        run = self.living(name)[-1]
        self.runs[run.id] = replace(run, report=Report(state, message, self.now))

    def propose(self, name: str, text: str) -> None:
        """A project's agent says what it would do next."""
        run = self.living(name)[-1]
        said = Report(ReportState.NEXT, text, self.now)
        self.runs[run.id] = replace(run, proposal=said)

    def tell(self, name: str = "alpha", **facts: Any) -> None:
        """A project's agent tells more by its events."""
        run = self.living(name)[-1]
        told = replace(run.facts, at=self.now, **facts)
        self.runs[run.id] = replace(run, facts=told)

    def lose_sessions(self, name: str | None = None) -> None:
        """Sessions are gone without a word, and their screens with them."""
        for run in self.living(name):
            del self.sessions[run.id]

    # What the user and time do.

    def _index(self, name: str) -> int:
        return [line["Project"].strip() for line in self.lines].index(name)

    def line(self, name: str = "alpha") -> dict[str, str]:
        """A project's line of the list."""
        return self.lines[self._index(name)]

    def type(self, name: str = "alpha", **typed: str) -> None:
        """The user types some cells of a row."""
        self.line(name).update({world.column_of(keyword): text for keyword, text in typed.items()})

    def add(self, *lines: Mapping[str, str]) -> None:
        """The user adds rows at the end."""
        self.lines += [dict(line) for line in lines]

    def delete(self, *names: str) -> list[dict[str, str]]:
        """The user deletes rows."""
        gone = [line for line in self.lines if line["Project"].strip() in names]
        self.lines = [line for line in self.lines if line["Project"].strip() not in names]
        return gone

    def sleep(self, seconds: float) -> None:
        """Time passes, or jumps back."""
        self.now += timedelta(seconds=seconds)

    def restart(self) -> None:
        """Another controller goes on with what was committed."""
        self.memory = doubt(self.committed)

    def lose_memory(self) -> None:
        """The state folder is gone."""
        self.memory = self.committed = Memory()

    # What the tests look at.

    def rest(self, step: float = 1.0) -> Tick:
        """Tick until nothing is left to do: agents begin, and end where they were asked to.

        Only what happens by itself happens, and a second at a time.
        """
        for _ in range(PATIENCE):
            tick = self.tick()
            if tick.quiet and not any(run.stop or not run.started_at for run in self.living()):
                return tick
            self.sleep(step)
            self.begin()
            self.obey()
        raise AssertionError(f"no rest after {PATIENCE} ticks: {tick}")

    def member(self, name: str = "alpha") -> ProjectMemory:
        """What is remembered of a project."""
        return self.memory.projects[name]

    def status(self, name: str = "alpha") -> RowStatus:
        """What a row said at the end of the last tick."""
        assert self.last is not None
        return next(row for row in self.last.summary.rows if row.name == name)

    def says(self, name: str = "alpha") -> tuple[str, str]:
        """A row's status and reason at the end of the last tick."""
        status = self.status(name)
        return status.status, status.reason


def _die(here: str, killed_before: str) -> None:
    if here == killed_before:
        raise KilledError


def fleet(*names: str, at: datetime = world.NOW, **changes: Any) -> Fleet:
    """A fleet at rest in which these projects run."""
    made = Fleet(*(world.cells(name) for name in names or ("alpha",)), **changes)
    made.now = at
    made.rest()
    return made
