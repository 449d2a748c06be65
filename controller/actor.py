"""The actor: carries out a plan's actions, each by itself."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from controller.agents.base import BUSY, SCREEN_LINES, Agent, AgentError, Approach, Screened
from controller.core.actions import (
    Action,
    Outcome,
    Plan,
    Remove,
    Start,
    Stop,
    Sweep,
    Tell,
    Watch,
)
from controller.core.errors import SidekickError
from controller.core.observed import StopRequest
from controller.metrics import Metrics
from controller.preparer import Preparer
from controller.runs.folders import RunFolders, RunsUnavailable
from controller.runtimes.base import Runtime, RuntimeFault, StartRequest

DRAWN_SECONDS = 1.0
"""Within which a dialog is drawn that was told of."""


class Actor:
    """Does what was decided.

    Args:
        runtime: Where sessions live.
        runs: The runs' folders.
        agents: Name → agent.
        preparer: Makes a run ready to be started.
        metrics: Counts.
    """

    def __init__(
        self,
        runtime: Runtime,
        runs: RunFolders,
        agents: Mapping[str, Agent],
        preparer: Preparer,
        metrics: Metrics,
    ) -> None:
        self._runtime = runtime
        self._runs = runs
        self._agents = agents
        self._preparer = preparer
        self._metrics = metrics

    def rename(self, plan: Plan) -> None:
        """Note on runs that their project's row bears another name now.

        Raises:
            RunsUnavailable: It could not be written; the next plan asks for it again.
        """
        for old, new in plan.renames.items():
            self._runs.rename(old, new)

    def carry_out(self, plan: Plan, now: datetime) -> tuple[Outcome, ...]:
        """Do every action but `Wait`; a failure of one is its own outcome."""
        outcomes = [
            self._timed(action, self._end)
            for action in plan.changes
            if not isinstance(action, Start | Sweep)
        ]
        sweeps = [action for action in plan.changes if isinstance(action, Sweep)]
        if sweeps:
            outcomes += self._sweep_all(sweeps)
        starts = [action for action in plan.changes if isinstance(action, Start)]
        if starts:
            outcomes += self._start_all(starts, now)
        for outcome in outcomes:
            kind = type(outcome.action).__name__
            self._metrics.actions.labels(kind, "success" if outcome.ok else "error").inc()
        return tuple(outcomes)

    def _timed(self, action: Action, do: Callable[[Action], Outcome]) -> Outcome:
        began = time.perf_counter()
        outcome = do(action)
        seconds = time.perf_counter() - began
        self._metrics.action_seconds.labels(type(action).__name__).observe(seconds)
        return replace(outcome, seconds=seconds)

    def _end(self, action: Action) -> Outcome:
        try:
            match action:
                case Stop():
                    self._stop(action)
                case Tell():
                    self._tell(action)
                case Watch():
                    self._runtime.watch(action.session, self._runs.root / action.run)
                case Remove():
                    self._runtime.remove(action.sessions)
        except SidekickError as error:
            return _outcome(action, error)
        return _outcome(action, None)

    def _stop(self, action: Stop) -> None:
        """Ask by the run's folder; where that takes no word, the session's own end is the word."""
        stop = StopRequest(action.by, action.reason, action.message)
        try:
            self._runs.request_stop(action.run, stop, self._preparer.terms.grace)
        except RunsUnavailable:
            if action.session is None:
                raise
            self._runtime.remove((action.session,))

    def _tell(self, action: Tell) -> None:
        """Type an answer, as what stands on the agent's terminal asks for it."""
        agent = self._agents.get(action.agent)
        approach = Approach(text=action.text)
        if isinstance(agent, Screened):
            approach = self._approach(agent, action)
        self._runtime.tell(action.session, approach.text, approach.keys)
        # For the next controller, should this one die before it remembers what it did.
        with suppress(RunsUnavailable):
            self._runs.note_answer(action.run, action.answer)

    def _approach(self, agent: Screened, action: Tell) -> Approach:
        """By what the terminal shows; an agent tells that it asks a moment before it draws that."""
        end = time.monotonic() + DRAWN_SECONDS
        while True:
            screen = self._runtime.screen(action.session, SCREEN_LINES)
            try:
                return agent.approach(screen, action.text)
            except AgentError as error:
                if error.reason != BUSY or time.monotonic() > end:
                    raise
            time.sleep(0.1)

    def _sweep_all(self, sweeps: Sequence[Sweep]) -> list[Outcome]:
        """Let go of the runs' names and end what they left, in one step for all."""
        began = time.perf_counter()
        runs = [action.run for action in sweeps]
        faults: Mapping[str, SidekickError]
        try:
            # First, for the names are needed again once the runs have ended.
            self._runtime.clear(runs)
        except RuntimeFault as fault:
            faults = dict.fromkeys(runs, fault)
        else:
            faults = self._runs.sweep_all(runs)
        outcomes = [_outcome(action, faults.get(action.run)) for action in sweeps]
        return self._shared(outcomes, began)

    def _start_all(self, starts: Sequence[Start], now: datetime) -> list[Outcome]:
        """Make every run's folder, then start all sessions in one call."""
        began = time.perf_counter()
        requests: dict[str, tuple[Start, StartRequest, str]] = {}
        outcomes: list[Outcome] = []
        for action in starts:
            try:
                request, conversation = self._preparer.prepare(action.workload, now)
            except SidekickError as error:
                outcomes.append(_outcome(action, error))
            else:
                requests[request.run] = (action, request, conversation)
        failures = self._start_sessions(requests)
        for run, (action, _, conversation) in requests.items():
            if run in failures:
                outcomes.append(_outcome(action, failures[run]))
            else:
                outcomes.append(Outcome(action, run=run, conversation=conversation))
        return self._shared(outcomes, began)

    def _shared(self, outcomes: Sequence[Outcome], began: float) -> list[Outcome]:
        """Outcomes of what was done in one step, each with its part of the time."""
        seconds = (time.perf_counter() - began) / len(outcomes)
        for outcome in outcomes:
            self._metrics.action_seconds.labels(type(outcome.action).__name__).observe(seconds)
        return [replace(outcome, seconds=seconds) for outcome in outcomes]

    def _start_sessions(
        self, requests: Mapping[str, tuple[Start, StartRequest, str]]
    ) -> Mapping[str, SidekickError]:
        ended = [session for action, _, _ in requests.values() for session in action.replaces]
        failures: Mapping[str, SidekickError]
        try:
            self._runtime.remove(ended)
        except RuntimeFault as fault:
            failures = dict.fromkeys(requests, fault)
        else:
            try:
                failures = self._runtime.start([request for _, request, _ in requests.values()])
            except RuntimeFault as fault:
                # What was started in spite of it, the next observation tells; its folder stays.
                return dict.fromkeys(requests, fault)
        for run in failures:
            self._runs.discard(run)
        return failures


def _outcome(action: Action, fault: SidekickError | None) -> Outcome:
    """An action that was done, or the fault that it met."""
    return Outcome(action, reason=fault.reason, message=fault.message) if fault else Outcome(action)
