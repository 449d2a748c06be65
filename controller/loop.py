"""The loop: tick after tick, as long as nobody says stop."""

import logging
import signal
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from types import FrameType
from typing import Any, TypeVar

from controller.core.actions import Plan
from controller.core.errors import SidekickError, TransientError
from controller.core.report import Report
from controller.reconciler import Reconciler
from controller.tick import Tick
from controller.wakes import Wakes

log = logging.getLogger(__name__)

HEALTHY_TICKS = 3
"""So many tick times may pass without a finished tick before the loop counts as stuck."""
HEALTHY_FLOOR = 30.0
"""Seconds that a tick may take in any case: deadlines of external calls add up."""
PATIENCE = 20.0
"""Seconds that another thread waits for the loop to do what it asks."""

_T = TypeVar("_T")
_Task = tuple[Callable[[], None], Future[Any]]
"""Does what was asked for, and where its answer goes."""


class Loop:
    """Runs a reconciler until a signal.

    Args:
        reconciler: What to run.
        wakes: Where to wait.
        interval: Seconds between two ticks when nothing wakes it, asked after every tick.
        clock: The time, with its zone.
        after: Told of every tick.

    Attributes:
        report: The newest report; None before the first tick.
        plan: The newest plan; None where the newest tick could make none.
        ready: Whether a plan could be made once.
    """

    def __init__(
        self,
        reconciler: Reconciler,
        wakes: Wakes,
        interval: Callable[[], float],
        clock: Callable[[], datetime],
        after: Callable[[Tick], None],
    ) -> None:
        self._reconciler = reconciler
        self._wakes = wakes
        self._interval = interval
        self._clock = clock
        self._after = after
        self._stopping = False
        self._progress = time.monotonic()
        self._orders: deque[_Task] = deque()
        self._looks: deque[_Task] = deque()
        self._ticks_wanted: deque[Future[Tick]] = deque()
        self.report: Report | None = None
        self.plan: Plan | None = None
        self.ready = False

    def install_signals(self, *, on_terminal: bool) -> None:
        """SIGTERM and SIGINT end the loop, SIGUSR1 wakes it.

        Args:
            on_terminal: SIGHUP says that the terminal was closed, and ends the loop; elsewhere it
                wakes it, as services are used to.
        """
        self._wakes.listen_to_signals()
        hangup = self._stop if on_terminal else self._wake
        signal.signal(signal.SIGHUP, hangup)
        signal.signal(signal.SIGUSR1, self._wake)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def stop(self) -> None:
        """End after the current tick; from any thread."""
        self._stopping = True
        self._wakes.wake()

    def run(self) -> None:
        """Tick until told to stop. A defect in a tick is logged and counted; the loop goes on."""
        while not self._stopping:
            _do(self._orders)
            _do(self._looks)
            wanted = [self._ticks_wanted.popleft() for _ in range(len(self._ticks_wanted))]
            tick = self._tick()
            self._progress = time.monotonic()
            for future in wanted:
                _answer(future, tick)
            if not self._stopping:
                self._wakes.wait(self._pause(tick), lambda: _do(self._looks))
        self._turn_away()

    def ask(self, order: Callable[[], _T]) -> _T:
        """Let the loop's thread change something between two ticks; from any other thread.

        A tick follows, that acts on what was changed.

        Raises:
            SidekickError: What the order raises; `LoopBusy` where its turn did not come in time.
        """
        task, future = _task(order)
        self._orders.append((task, future))
        self._wakes.wake()
        return _wait(future)

    def look(self, look: Callable[[], _T]) -> _T:
        """Let the loop's thread look at something between two ticks; from any other thread.

        It changes nothing, so no tick follows, and the next one is as near as before.

        Raises:
            SidekickError: What the look raises; `LoopBusy` where its turn did not come in time.
        """
        task, future = _task(look)
        self._looks.append((task, future))
        self._wakes.ring()
        return _wait(future)

    def ask_tick(self) -> Tick:
        """Let the loop tick now, and return that tick; from any other thread.

        Raises:
            TransientError: It failed by a defect, or was not done in time.
        """
        future: Future[Tick] = Future()
        self._ticks_wanted.append(future)
        self._wakes.wake()
        return _wait(future)

    def _turn_away(self) -> None:
        """Tell those whose turn never came."""
        text = "the controller ends; ask the next one"
        tasks = (*self._orders, *self._looks)
        for future in [future for _, future in tasks] + list(self._ticks_wanted):
            if future.set_running_or_notify_cancel():
                future.set_exception(TransientError("ShuttingDown", text))

    def healthy(self) -> bool:
        """Whether the loop makes progress."""
        allowed = max(HEALTHY_TICKS * self._interval(), HEALTHY_FLOOR)
        return time.monotonic() - self._progress < allowed

    def _tick(self) -> Tick | None:
        try:
            tick = self._reconciler.tick()
            self.report, self.plan = tick.report, tick.plan
            self.ready = self.ready or (tick.plan is not None)
            self._after(tick)
        except Exception:
            # One defect must not end what watches over live work.
            log.exception("a tick failed by a defect of the controller; please report it")
            self._reconciler.count_defect()
            return None
        return tick

    def _pause(self, tick: Tick | None) -> float:
        at = tick.plan.requeue_at if tick and tick.plan else None
        if at is None:
            return self._interval()
        return min(self._interval(), max(0.0, (at - self._clock()).total_seconds()))

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _wake(self, _number: int, _frame: FrameType | None) -> None:
        """The signal's byte in the wake-up pipe is all it takes."""


def _task(call: Callable[[], _T]) -> tuple[Callable[[], None], Future[_T]]:
    future: Future[_T] = Future()

    def do() -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(call())
        except SidekickError as error:
            future.set_exception(error)
        except Exception:
            log.exception(
                "what was asked of the loop failed by a defect of the controller; please report it"
            )
            future.set_exception(_defect())

    return do, future


def _do(tasks: deque[_Task]) -> None:
    """Those that wait now; who asks meanwhile waits for the next time."""
    for _ in range(len(tasks)):
        tasks.popleft()[0]()


def _answer(future: Future[Tick], tick: Tick | None) -> None:
    if not future.set_running_or_notify_cancel():
        return
    if tick is None:
        future.set_exception(_defect())
    else:
        future.set_result(tick)


def _wait(future: Future[_T]) -> _T:
    try:
        return future.result(PATIENCE)
    except TimeoutError:
        future.cancel()
        text = f"the loop had no time for it within {PATIENCE:g} s; see sidekick status"
        raise TransientError("LoopBusy", text) from None


def _defect() -> TransientError:
    return TransientError("Defect", "it failed by a defect of the controller; its log tells more")
