"""The scribe: reads what the list wants, and writes into it what became of that."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from controller.core.desired import Desired, with_written
from controller.core.errors import SidekickError
from controller.core.events import Event
from controller.core.report import SourceView
from controller.core.rivals import REASON as RIVAL
from controller.core.row import PROJECT
from controller.core.row_schema import RowSchema
from controller.core.row_status import RowStatus
from controller.metrics import Metrics
from controller.reading import RowReader
from controller.sources.base import Edit, Snapshot, Source
from controller.tick import Tick

_RIVAL_TOLD = timedelta(hours=1)
"""How long another controller is shown after it last wrote: it writes when something changes."""


class Scribe:
    """Keeps the newest good read of a list, and writes its own cells.

    Args:
        source: The list.
        schema: What rows are held against.
        metrics: Counts.

    Attributes:
        desired: The newest good read, with what was written since; None before there was one.
        view: The list, as it was last read.
    """

    def __init__(self, source: Source, schema: RowSchema, metrics: Metrics) -> None:
        self._source = source
        self._reader = RowReader(schema)
        self._metrics = metrics
        self._snapshot: Snapshot | None = None
        self._read_at: datetime | None = None
        self._rival_at: datetime | None = None
        self.desired: Desired | None = None
        self.view = SourceView(source.kind, source.name)

    def read(self, tick: Tick) -> None:
        """Read the list; where that fails, the last good rows stand."""
        began = time.perf_counter()
        found = self._read(tick)
        self.view = found.view
        self._metrics.reads.labels("success" if found.view.valid else "error").inc()
        if found.snapshot is None:
            return
        self._metrics.read_seconds.observe(time.perf_counter() - began)
        self._snapshot, self.desired, self._read_at = found.snapshot, tick.desired, found.at

    def look(self, tick: Tick) -> SourceView:
        """Read the list for somebody who only looks; it is as if nobody had.

        A read that was not seen before counts towards a deletion: to take it from the next tick
        would put that off with each look.
        """
        return self._read(tick).view

    def _read(self, tick: Tick) -> "_Read":
        """Read the list, and tell the tick; nothing is remembered."""
        tick.desired = self.desired
        try:
            snapshot = self._source.read()
            news = self._snapshot is None or snapshot.revision != self._snapshot.revision
            desired = self._reader.parse(snapshot.rows) if news else self.desired
        except SidekickError as error:
            tick.errors["read"] = error.message
            return _Read(replace(self.view, valid=False, message=error.message))
        assert desired is not None
        at = self._source.last_read()
        tick.desired, tick.fresh = desired, at is None or at != self._read_at
        changed = tick.now if news else self.view.changed_at
        view = SourceView(
            self._source.kind, self._source.name, True, "", at or tick.now, changed,
            len(snapshot.rows), len(desired.invalid), self.view.waits, self.view.refusal,
            self._rival(tick.now),
        )  # fmt: skip
        return _Read(view, snapshot, at)

    def _rival(self, now: datetime) -> str:
        recent = self._rival_at is not None and now - self._rival_at < _RIVAL_TOLD
        return self.view.rival if recent else ""

    def hear(self, tick: Tick) -> None:
        """What the list's source did by itself."""
        tick.events += [
            Event(tick.now, "", notice.reason, notice.message, notice.warning)
            for notice in self._source.notices()
        ]

    def stored(self, text: str) -> str:
        """What a cell of the list says once a text was written to it."""
        return self._source.stored(text)

    def hold(self, tick: Tick, rows: Sequence[RowStatus]) -> None:
        """Find out who else works on the list: another controller, or an editor, told once.

        What was refused stays so until it arrives, though it is tried again in between.
        """
        waiting = bool(_edits(rows))
        holder = self._source.holder() if waiting else ""
        refusal = (self._source.refusal() or self.view.refusal) if waiting else ""
        if holder and not self.view.waits:
            text = f"the list is open in {holder}: what is to be written waits a moment"
            tick.events.append(Event(tick.now, "", "WriteDeferred", text))
        self.view = replace(self.view, waits=holder, refusal=refusal)
        told = [event for event in tick.plan.events if event.reason == RIVAL] if tick.plan else []
        if told:
            self._rival_at = tick.now
            self.view = replace(self.view, rival=told[-1].message)

    def write(
        self, tick: Tick, rows: Sequence[RowStatus]
    ) -> Sequence[tuple[str, Mapping[str, str]]]:
        """Write what changed into the list; what waits or fails is tried in the next tick.

        Returns:
            Name and cells of every row that holds them now.
        """
        edits = _edits(rows)
        if not edits or self.view.waits or self._source.refusal():
            return ()
        try:
            written = self._source.write(edits)
        except SidekickError as error:
            tick.errors["write"] = error.message
            return ()
        tick.wrote = len(written.applied)
        arrived = [(edit.row.cell(PROJECT), edit.cells) for edit in written.applied]
        assert self.desired is not None
        self.desired = with_written(self.desired, arrived)
        self._snapshot = None  # so that the old content, saved again, is read as what it is
        return arrived


@dataclass(frozen=True, slots=True)
class _Read:
    """A read of the list: how that is shown, and, where it was good, its content and time."""

    view: SourceView
    snapshot: Snapshot | None = None
    at: datetime | None = None


def _edits(rows: Sequence[RowStatus]) -> list[Edit]:
    return [Edit(row.row, row.cells) for row in rows if row.row and row.cells]
