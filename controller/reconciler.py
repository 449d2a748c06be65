"""The reconciler: one tick from the list to the sessions and back. It makes no decisions.

    read → observe → plan → act → report

Every failure stays within its stage: a list that cannot be read keeps its last good rows, an
observation that fails permits no action, one failed action never stops the others.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from controller.actor import Actor
from controller.core import row as columns
from controller.core.actions import Outcome, Plan
from controller.core.desired import Desired, RowSchema, parse_rows
from controller.core.errors import SidekickError
from controller.core.events import Event
from controller.core.limits import Limits
from controller.core.memory import Memory
from controller.core.observed import Observed, Unknown
from controller.core.planner import plan
from controller.core.project import Project
from controller.core.report import ProjectView, Report, SourceView, view
from controller.core.status import RowStatus, summarize
from controller.core.versions import confirm
from controller.metrics import Metrics
from controller.observer import Observer
from controller.sources.base import Edit, Snapshot, Source
from controller.store import Store

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Tick:
    """What one tick gathered.

    Attributes:
        now: Its time.
        errors: Stage → what failed.
        fresh: Whether the list was read well.
        observed: What runs; None where that is unknown.
        plan: What was decided; None where nothing could be.
        outcomes: What became of the actions.
        wrote: Rows that were written.
        report: The end of it.
    """

    now: datetime
    errors: dict[str, str] = field(default_factory=dict)
    fresh: bool = False
    observed: Observed | None = None
    plan: Plan | None = None
    outcomes: tuple[Outcome, ...] = ()
    wrote: int = 0
    report: Report | None = None


class Reconciler:
    """Runs ticks.

    Args:
        source: The list.
        observer: Sees the sessions and the runs.
        actor: Carries out actions.
        store: Keeps the memory.
        schema: What rows are held against.
        limits: What is allowed, asked in every tick.
        metrics: Counts.
        clock: The time, with its zone.
    """

    def __init__(
        self,
        *,
        source: Source,
        observer: Observer,
        actor: Actor,
        store: Store,
        schema: RowSchema,
        limits: Callable[[], Limits],
        metrics: Metrics,
        clock: Callable[[], datetime],
    ) -> None:
        self._source = source
        self._observer = observer
        self._actor = actor
        self._store = store
        self._schema = schema
        self._limits = limits
        self._metrics = metrics
        self._clock = clock
        self._memory: Memory | None = None
        self._snapshot: Snapshot | None = None
        self._desired: Desired | None = None
        self._source_view = SourceView(source.kind, source.name)
        self._rows: tuple[RowStatus, ...] = ()
        self._faults: dict[str, str] = {}
        self.server = ""

    def tick(self) -> Tick:
        """Read, observe, plan, act, report. Raises nothing but what is a defect."""
        began = time.perf_counter()
        tick = Tick(self._clock())
        with self._phase("read"):
            self._read(tick)
        with self._phase("observe"):
            self._observe(tick)
        limits = self._limits()
        if self._desired is not None and tick.observed is not None:
            with self._phase("plan"):
                tick.plan = self.decide(tick, limits)
            with self._phase("act"):
                tick.outcomes = self._actor.carry_out(tick.plan, tick.now)
        with self._phase("report"):
            self._report(tick, limits)
        self._log_faults(tick.errors)
        for stage in tick.errors:
            self._metrics.errors.labels(stage).inc()
        self._metrics.ticks.labels("error" if tick.errors else "success").inc()
        self._metrics.tick_seconds.observe(time.perf_counter() - began)
        return tick

    def count_defect(self) -> None:
        """Count a tick that ended by a defect of ours."""
        self._metrics.errors.labels("plan").inc()
        self._metrics.ticks.labels("error").inc()

    def _log_faults(self, faults: dict[str, str]) -> None:
        """A fault is told once when it comes, and once when it is over."""
        for stage, message in faults.items():
            if self._faults.get(stage) != message:
                log.warning("%s failed: %s", stage, message)
        for stage in self._faults.keys() - faults.keys():
            log.info("%s works again", stage)
        self._faults = dict(faults)

    @property
    def source_view(self) -> SourceView:
        """The list, as it was last read."""
        return self._source_view

    def preview(self) -> Tick:
        """What the next tick would do; nothing is done or remembered."""
        tick = Tick(self._clock())
        self._read(tick)
        self._observe(tick)
        if self._desired is not None and tick.observed is not None:
            limits = self._limits()
            tick.plan = self.decide(tick, limits)
            summary = summarize(tick.plan, self._desired, tick.observed, (), tick.now)
            tick.report = self._view(tick, limits, summary.rows, summary.memory)
        return tick

    def decide(self, tick: Tick, limits: Limits) -> Plan:
        """The plan for what was read and seen."""
        assert self._desired is not None
        assert tick.observed is not None
        return plan(
            self._desired, tick.observed, self._recall(), limits, tick.now, fresh=tick.fresh
        )

    def _recall(self) -> Memory:
        if self._memory is None:
            self._memory = self._store.load()
        return self._memory

    def _read(self, tick: Tick) -> None:
        began = time.perf_counter()
        try:
            snapshot = self._source.read()
        except SidekickError as error:
            tick.errors["read"] = error.message
            self._metrics.reads.labels("error").inc()
            self._source_view = _replaced(self._source_view, valid=False, message=error.message)
            return
        self._metrics.reads.labels("success").inc()
        self._metrics.read_seconds.observe(time.perf_counter() - began)
        tick.fresh = True
        changed = self._source_view.changed_at
        if self._snapshot is None or snapshot.revision != self._snapshot.revision:
            self._desired = parse_rows(snapshot.rows, self._schema)
            changed = tick.now
        self._snapshot = snapshot
        assert self._desired is not None
        self._source_view = SourceView(
            self._source.kind, self._source.name, True, "", tick.now, changed,
            len(snapshot.rows), len(self._desired.invalid),
        )  # fmt: skip

    def _observe(self, tick: Tick) -> None:
        seen = self._observer.look()
        if isinstance(seen, Unknown):
            tick.errors["observe"] = seen.message
        else:
            tick.observed = seen

    def _report(self, tick: Tick, limits: Limits) -> None:
        memory = self._recall()
        events: tuple[Event, ...] = ()
        if tick.plan is not None and tick.observed is not None and self._desired is not None:
            summary = summarize(tick.plan, self._desired, tick.observed, tick.outcomes, tick.now)
            memory, self._rows = summary.memory, summary.rows
            events = (*tick.plan.events, *_events(tick.outcomes, tick.now))
        _log(events)
        failed = [outcome for outcome in tick.outcomes if not outcome.ok]
        if failed:
            tick.errors["act"] = failed[0].message
        tick.report = self._view(tick, limits, self._rows, memory)
        try:
            self._store.save(memory, tick.report, events)
            self._memory = memory
            if tick.plan is not None:
                self._write(tick)
        except SidekickError as error:
            tick.errors["store"] = error.message
        if len(tick.errors) != len(tick.report.errors):
            tick.report = self._view(tick, limits, self._rows, memory)
        self._metrics.publish(tick.report)

    def _write(self, tick: Tick) -> None:
        """Write what changed into the list; what fails is tried again in the next tick."""
        edits = [Edit(row.row, row.cells) for row in self._rows if row.row and row.cells]
        if not edits:
            return
        try:
            written = self._source.write(edits)
        except SidekickError as error:
            tick.errors["write"] = error.message
            return
        tick.wrote = len(written.applied)
        arrived = [(edit.row.cell(columns.PROJECT), edit.cells) for edit in written.applied]
        self._memory = confirm(self._recall(), arrived)

    def _view(
        self, tick: Tick, limits: Limits, rows: tuple[RowStatus, ...], memory: Memory
    ) -> Report:
        projects = self._desired.projects if self._desired else {}
        observed = tick.observed or Observed()
        return Report(
            at=tick.now,
            source=self._source_view,
            projects=tuple(_views(rows, projects, memory, observed, tick.now)),
            runtime_up=tick.observed is not None,
            runtime_message=tick.errors.get("observe", ""),
            slots=limits.slots,
            demo=bool(limits.demo_agent),
            suspended=_why(limits),
            prune=memory.prune,
            errors=dict(tick.errors),
            server=self.server,
        )

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        with self._metrics.phase_seconds.labels(name).time():
            yield


def _views(
    rows: tuple[RowStatus, ...],
    projects: Mapping[str, Project],
    memory: Memory,
    observed: Observed,
    now: datetime,
) -> Iterator[ProjectView]:
    for row in rows:
        yield view(row, projects.get(row.name), memory, observed, now)


def _replaced(source: SourceView, *, valid: bool, message: str) -> SourceView:
    return SourceView(
        source.kind, source.name, valid, message, source.read_at, source.changed_at,
        source.rows, source.invalid,
    )  # fmt: skip


def _why(limits: Limits) -> str:
    if limits.suspension is None:
        return ""
    return limits.suspension.message or "suspended"


def _events(outcomes: tuple[Outcome, ...], now: datetime) -> tuple[Event, ...]:
    """What was done, or failed, as events."""
    return tuple(
        Event(now, outcome.action.project, type(outcome.action).__name__, outcome.action.message)
        if outcome.ok
        else Event(now, outcome.action.project, outcome.reason, outcome.message, warning=True)
        for outcome in outcomes
    )


def _log(events: tuple[Event, ...]) -> None:
    for event in events:
        level = logging.WARNING if event.warning else logging.INFO
        log.log(level, "%s %s: %s", event.project or "fleet", event.reason, event.message)
