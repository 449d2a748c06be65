"""The reconciler: one tick from the list to the sessions and back. It makes no decisions.

    read → observe → plan → act → report

Every failure stays within its stage: a list that cannot be read keeps its last good rows, an
observation that fails permits no action, one failed action never stops the others.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from controller.actor import Actor
from controller.chronicle import Chronicle
from controller.core.actions import Plan
from controller.core.board import make_board, make_report, refresh_board
from controller.core.errors import SidekickError
from controller.core.events import Event
from controller.core.limits import Limits
from controller.core.memory import Memory
from controller.core.observed import Unknown
from controller.core.planner import plan
from controller.core.report import ProjectView, Report, SourceView
from controller.core.rest import Rest
from controller.core.row_schema import RowSchema
from controller.core.row_status import RowStatus
from controller.core.status import summarize
from controller.keeper import Keeper
from controller.metrics import Metrics
from controller.notifier import Notifier
from controller.observer import Observer
from controller.reload import Reload
from controller.scribe import Scribe
from controller.sources.base import Source
from controller.tick import Tick

log = logging.getLogger(__name__)


class Reconciler:
    """Runs ticks.

    Args:
        source: The list.
        observer: Sees the sessions and the runs.
        actor: Carries out actions.
        keeper: Keeps the memory.
        schema: What rows are held against.
        limits: What is allowed, asked in every tick.
        reload: The settings' file, looked at in every tick.
        notifier: Tells people what changed.
        metrics: Counts.
        clock: The time, with its zone.

    Attributes:
        server: The address of the server.
    """

    def __init__(
        self,
        *,
        source: Source,
        observer: Observer,
        actor: Actor,
        keeper: Keeper,
        schema: RowSchema,
        limits: Callable[[], Limits],
        reload: Reload,
        notifier: Notifier,
        metrics: Metrics,
        clock: Callable[[], datetime],
    ) -> None:
        self._scribe = Scribe(source, schema, metrics)
        self._observer = observer
        self._actor = actor
        self._keeper = keeper
        self._limits = limits
        self._reload = reload
        self._notifier = notifier
        self._metrics = metrics
        self.now = clock
        self._rows: tuple[RowStatus, ...] = ()
        self._rest: Rest | None = None
        self._report: Report | None = None
        self._chronicle = Chronicle(metrics.happened)
        self._phase_now = "settings"
        self.server = ""

    def tick(self) -> Tick:
        """Read, observe, plan, act, report. Raises nothing but what is a defect."""
        began = time.perf_counter()
        tick = Tick(self.now())
        self._phase_now = "settings"
        self._check_settings(tick)
        with self._phase("read"):
            self._scribe.read(tick)
            self._scribe.hear(tick)
        with self._phase("observe"):
            self._observe(tick)
        limits = self._limits()
        with self._phase("plan"):
            self._decide(tick, limits)
        with self._phase("act"):
            if tick.plan is not None and tick.observed is not None and not tick.rested:
                self._commit_ahead(tick, tick.plan)
                tick.outcomes = self._actor.carry_out(tick.plan, tick.now)
                self._metrics.acted(tick.plan, tick.observed, tick.outcomes)
        with self._phase("report"):
            self._conclude(tick, limits)
        for stage in tick.errors:
            self._metrics.errors.labels(stage).inc()
        self._metrics.ticks.labels("error" if tick.errors else "success").inc()
        seconds = time.perf_counter() - began
        self._metrics.tick_seconds.observe(seconds)
        self._chronicle.sum_up(tick, seconds)
        return tick

    def preview(self) -> Tick:
        """What the next tick would do; nothing is done or remembered."""
        tick = Tick(self.now())
        source = self._scribe.look(tick)
        self._observe(tick)
        limits = self._limits()
        self._decide(tick, limits, anew=True)
        if tick.plan is not None and tick.observed is not None and tick.desired is not None:
            summary = summarize(tick.plan, tick.desired, tick.observed, (), tick.now)
            board = make_board(
                summary.rows, tick.desired.projects, summary.memory, tick.observed, tick.now
            )
            tick.report = self._frame(tick, limits, summary.memory, board, source)
        else:
            tick.report = Report(tick.now, source, slots=limits.slots, errors=dict(tick.errors))
        return tick

    def count_defect(self) -> None:
        """Count a tick that ended by a defect of ours, in the phase where it did."""
        self._rest = None
        self._metrics.errors.labels(self._phase_now).inc()
        self._metrics.ticks.labels("error").inc()

    @property
    def revision(self) -> int:
        """Grows whenever the report's essence or the journal changed."""
        return self._keeper.revision

    def _check_settings(self, tick: Tick) -> None:
        try:
            tick.events += self._reload.check(tick.now)
        except SidekickError as error:
            tick.errors["settings"] = error.message

    def _decide(self, tick: Tick, limits: Limits, *, anew: bool = False) -> None:
        """The plan for what was read and seen; the same again where nothing differs."""
        desired = tick.desired
        try:
            memory = self._keeper.recall()
        except SidekickError as error:
            tick.errors["store"] = error.message
            return
        if desired is None or tick.observed is None:
            return
        given = (desired, tick.observed, memory, limits, tick.now)
        if self._rest is not None and not anew and self._rest.holds(*given, fresh=tick.fresh):
            tick.plan, tick.rested = self._rest.plan, True
        else:
            tick.plan = plan(*given, fresh=tick.fresh)

    def _observe(self, tick: Tick) -> None:
        seen = self._observer.look()
        if isinstance(seen, Unknown):
            tick.errors["observe"] = seen.message
        else:
            tick.observed = seen

    def _commit_ahead(self, tick: Tick, decided: Plan) -> None:
        try:
            self._actor.rename(decided)
        except SidekickError as error:
            tick.errors["act"] = error.message
            return  # memory knows the runs by their names
        if self._keeper.commit_ahead(decided):
            self._chronicle.tell(decided.events)
            tick.told = True

    def _conclude(self, tick: Tick, limits: Limits) -> None:
        """Say what every row is, remember it, then write it."""
        before = memory = self._keeper.memory
        board = self._report.projects if self._report else ()
        news: tuple[Event, ...] = ()
        if tick.rested and tick.observed is not None:
            board = refresh_board(board, tick.observed, tick.now)
        elif tick.plan is not None and tick.observed is not None and tick.desired is not None:
            summary = summarize(
                tick.plan, tick.desired, tick.observed, tick.outcomes, tick.now,
                self._scribe.stored,
            )  # fmt: skip
            memory, self._rows = summary.memory, summary.rows
            news = summary.events if tick.told else (*tick.plan.events, *summary.events)
            board = make_board(self._rows, tick.desired.projects, memory, tick.observed, tick.now)
        failed = [outcome for outcome in tick.outcomes if not outcome.ok]
        if failed:
            tick.errors.setdefault("act", failed[0].message)
        if tick.plan is not None and not tick.rested:
            self._scribe.hold(tick, self._rows)
        self._chronicle.gather(tick, news)
        if tick.plan is not None and tick.observed is not None:
            self._notifier.look(memory, self.server, tick.now)
        tick.report = self._frame(tick, limits, memory, board, self._scribe.view)
        self._keep(tick, memory)
        self._notifier.hand_over(tick.now)
        if dict(tick.report.errors) != tick.errors:
            tick.report = replace(tick.report, errors=dict(tick.errors))
        self._chronicle.conclude(tick, committed="store" not in tick.errors)
        if not tick.rested:
            self._rest = self._at_rest(tick, limits, before, memory)
        self._report = tick.report
        self._metrics.publish(tick.report)

    def _keep(self, tick: Tick, memory: Memory) -> None:
        """Commit the memory and the events, then write into the list."""
        assert tick.report is not None
        if "store" in tick.errors:
            return  # what was remembered could not be read, and must not be written over
        known = self._report
        same = tick.rested and known and not tick.events and known.frame == tick.report.frame
        try:
            kept = self._keeper.keep(memory, tick.report, tick.events, same=bool(same))
        except SidekickError as error:
            tick.errors["store"] = error.message
            return
        if kept and tick.plan is not None and not tick.rested:
            self._keeper.confirm(self._scribe.write(tick, self._rows))

    def _at_rest(self, tick: Tick, limits: Limits, before: Memory, memory: Memory) -> Rest | None:
        """What makes the next tick the same, where this one had nothing to do."""
        busy = tick.errors or tick.events or any(row.cells for row in self._rows)
        if busy or tick.plan is None or tick.plan.changes or memory != before:
            return None
        assert tick.desired is not None
        assert tick.observed is not None
        return Rest(
            tick.desired,
            tick.observed,
            self._keeper.memory,
            limits,
            tick.fresh,
            tick.now,
            tick.plan,
        )

    def _frame(
        self,
        tick: Tick,
        limits: Limits,
        memory: Memory,
        board: tuple[ProjectView, ...],
        source: SourceView,
    ) -> Report:
        return make_report(
            tick.now,
            source,
            board,
            tick.observed,
            memory,
            limits,
            errors=dict(tick.errors),
            restart_needed=self._reload.restart_needed,
            server=self.server,
            notifications=self._notifier.view(),
            gpus_before=self._report.gpus_used if self._report else 0,
        )

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        self._phase_now = name
        with self._metrics.phase_seconds.labels(name).time():
            yield
