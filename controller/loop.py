"""The loop: tick after tick, as long as nobody says stop."""

import logging
import signal
import time
from collections.abc import Callable
from datetime import datetime
from types import FrameType

from controller.core.report import Report
from controller.reconciler import Reconciler, Tick
from controller.wakes import Wakes

log = logging.getLogger(__name__)

HEALTHY_TICKS = 3
"""So many tick times may pass without a finished tick before the loop counts as stuck."""
HEALTHY_FLOOR = 30.0
"""Seconds that a tick may take in any case: deadlines of external calls add up."""


class Loop:
    """Runs a reconciler until a signal.

    Args:
        reconciler: What to run.
        wakes: Where to wait.
        interval: Seconds between two ticks when nothing wakes it.
        clock: The time, with its zone.
        after: Told of every tick.
    """

    def __init__(
        self,
        reconciler: Reconciler,
        wakes: Wakes,
        interval: float,
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
        self.report: Report | None = None
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
            tick = self._tick()
            self._progress = time.monotonic()
            if not self._stopping:
                self._wakes.wait(self._pause(tick))

    def healthy(self) -> bool:
        """Whether the loop makes progress."""
        allowed = max(HEALTHY_TICKS * self._interval, HEALTHY_FLOOR)
        return time.monotonic() - self._progress < allowed

    def _tick(self) -> Tick | None:
        try:
            tick = self._reconciler.tick()
            self.report = tick.report
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
            return self._interval
        return min(self._interval, max(0.0, (at - self._clock()).total_seconds()))

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _wake(self, _number: int, _frame: FrameType | None) -> None:
        """The signal's byte in the wake-up pipe is all it takes."""
