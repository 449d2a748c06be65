"""The rounds: when the sheet is read and written while the loop goes on."""

import logging
import random
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from threading import Condition, Thread

from controller.core.errors import SidekickError
from controller.core.row import PROJECT
from controller.sources.base import Edit, Notice, Snapshot, SourceUnavailable, Written
from controller.sources.google_sheets_desk import Desk, Round
from controller.sources.google_sheets_faults import SheetFault
from controller.sources.google_sheets_orders import OrderBook
from controller.sources.google_sheets_queue import EditQueue

log = logging.getLogger(__name__)

LONGEST_BACKOFF_S = 64.0
"""As Google asks for: https://developers.google.com/workspace/sheets/api/limits"""
_DOUBLINGS = 6
"""Until the longest pause; a power of a night's failures is beyond what a float can hold."""
_RECHECK_S = 60.0
"""Of what somebody must mend first."""
_REFUSED_S = 300.0
"""Between two tries to write into a sheet that may only be read."""


class Rounds:
    """Does cycles by itself; who asks gets what the newest one found, at once.

    Args:
        desk: Does a cycle.
        poll: Seconds between two cycles.
        pace: Seconds between two cycles at least, where edits wait.
        wake: Called when there is news, from another thread.
        name: What messages call the list.
        book: Where orders are kept that are not written yet; None for nowhere.
    """

    def __init__(
        self,
        desk: Desk,
        poll: float,
        pace: float,
        wake: Callable[[], None],
        name: str,
        book: OrderBook | None = None,
    ) -> None:
        self._desk = desk
        self._poll = poll
        self._pace = pace
        self._wake = wake
        self._name = name
        self._news = Condition()
        self._found: Snapshot | SidekickError = SourceUnavailable(
            "SheetPending", f"{name} is being read for the first time"
        )
        self._read_at: datetime | None = None
        self._queue = EditQueue()
        self._notices: list[Notice] = []
        self._refusal = ""
        self._refused_at = 0.0
        self._next = self._soonest = 0.0
        self._failures = 0
        self._closed = False
        self._book = book
        if book is not None and (given_up := self._queue.restore(book.load(), _now())):
            text = f"not written, for no controller was there: {_ordered(given_up)}"
            self._notices.append(Notice("WriteFailed", text, warning=True))
        self._thread = Thread(target=self._run, name="sheet rounds", daemon=True)
        self._thread.start()

    def read(self) -> Snapshot:
        """What the newest cycle read.

        Raises:
            SidekickError: It failed.
        """
        with self._news:
            if not (self._closed or self._thread.is_alive()):
                text = f"{self._name} is read no more, by a defect of the controller: restart it"
                raise SourceUnavailable("Defect", text)
            if isinstance(self._found, SidekickError):
                raise self._found.with_traceback(None)
            return self._found

    def write(self, edits: Sequence[Edit]) -> Written:
        """Let the next cycle write edits; of a row's edits one waits, see `EditQueue`.

        Raises:
            SidekickError: The newest cycle failed; nothing waits.
        """
        with self._news:
            if isinstance(self._found, SidekickError):
                raise self._found.with_traceback(None)
            if not self.refusal():
                self._queue.put(edits, _now())
                self._keep_orders()
                self._news.notify()
            return Written(self._found.revision)

    def read_at(self) -> datetime | None:
        """When the newest good cycle ended."""
        with self._news:
            return self._read_at

    def refusal(self) -> str:
        """Why nothing is written for now; empty where it is tried."""
        with self._news:
            recent = time.monotonic() - self._refused_at < _REFUSED_S
            return self._refusal if recent else ""

    def notices(self) -> Sequence[Notice]:
        """What happened since it was last asked."""
        with self._news:
            found, self._notices = tuple(self._notices), []
            return found

    def close(self) -> None:
        """Do no further cycle."""
        with self._news:
            self._closed = True
            self._news.notify()

    def _run(self) -> None:
        while True:
            with self._news:
                while not self._closed and (pause := self._pause()) > 0:
                    self._news.wait(pause)
                if self._closed:
                    return
                batch = self._queue.take()
            try:
                done: Round | SidekickError = self._desk.cycle(batch)
            except SidekickError as error:
                done = error
            except Exception:  # a thread that ends would leave the list as it is for ever
                log.exception("a round over the sheet failed by a defect; please report it")
                text = "it failed by a defect of the controller; its log tells more"
                done = SourceUnavailable("Defect", text)
            with self._news:
                if self._closed:
                    return
                self._take(done, batch)
                self._keep_orders()
            self._wake()

    def _keep_orders(self) -> None:
        if self._book is not None:
            self._book.keep(self._queue.orders())

    def _pause(self) -> float:
        now = time.monotonic()
        if self._queue and not self._failures:
            return min(self._next, self._soonest) - now
        return self._next - now

    def _take(self, done: Round | SidekickError, batch: Sequence[Edit]) -> None:
        """Remember what a cycle found, and when the next one is due."""
        now = time.monotonic()
        self._soonest = now + self._pace
        if isinstance(done, SidekickError):
            self._failures += 1
            self._next = now + self._backoff(done)
            self._fail(done, batch)
            return
        if self._failures:
            log.info("%s can be read again", self._name)
        self._failures = 0
        self._next = now + self._poll
        self._found = done.table.snapshot
        self._read_at = _now()
        self._queue.done(done.written.applied, self._read_at)
        self._refuse(done.refusal, batch)
        self._conflict(done.written.conflicts)

    def _fail(self, error: SidekickError, batch: Sequence[Edit]) -> None:
        known = self._found
        same = isinstance(known, SidekickError) and known.message == error.message
        if not same:
            log.warning("%s: %s", error.reason, error.message)
            self._found = error
        permanent = not isinstance(error, SheetFault) or error.permanent
        given_up = self._queue.failed(_now(), permanent=permanent)
        if batch:
            text = (
                f"{len(batch)} rows were not written ({error.message}); statuses are written "
                "again by themselves"
            )
            if given_up:
                text += f". Not so {_ordered(given_up)}"
            self._notices.append(Notice("WriteFailed", text, warning=True))

    def _conflict(self, edits: Sequence[Edit]) -> None:
        for order in (False, True):
            lost = [edit.row.cell(PROJECT) for edit in edits if edit.order is order]
            if lost:
                text = f"not written, for the user changed the row meanwhile: {', '.join(lost)}"
                text += "; look at it, and order it again" if order else ""
                self._notices.append(Notice("EditConflict", text, warning=order))

    def _refuse(self, refusal: str, batch: Sequence[Edit]) -> None:
        if refusal:
            orders = [edit.row.cell(PROJECT) for edit in batch if edit.order]
            if refusal != self._refusal or orders:
                text = f"no status is written: {refusal}"
                text += f". Nor is {_ordered(orders)}" if orders else ""
                self._notices.append(Notice("SheetReadOnly", text, warning=True))
            self._refusal, self._refused_at = refusal, time.monotonic()
        elif batch and self._refusal:
            self._refusal = ""
            self._notices.append(Notice("SheetWritable", f"{self._name} can be written again"))

    def _backoff(self, error: SidekickError) -> float:
        """Seconds until the next try: full jitter, Google's own word, or a slow look again."""
        if not isinstance(error, SheetFault) or error.permanent:
            return max(self._poll, _RECHECK_S) if isinstance(error, SheetFault) else self._poll
        if error.retry_after is not None:
            return max(error.retry_after, self._pace)
        most = min(2.0 ** min(self._failures, _DOUBLINGS), LONGEST_BACKOFF_S)
        return max(random.uniform(0, most), self._pace)  # noqa: S311 - no secret


def _ordered(names: Sequence[str]) -> str:
    return f"what was ordered for {', '.join(names)}: order it again"


def _now() -> datetime:
    return datetime.now().astimezone()
