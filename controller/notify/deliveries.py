"""Deliveries: which message is open for whom, what is tried next, and what became of it.

Nothing here waits, sends, or is safe between threads: the dispatcher's lock is held by its caller.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from controller.core.outbox import DROPPED, FAILED, SENT, Parcel, Settled
from controller.notify.lines import STUCK, Job, Line

log = logging.getLogger(__name__)

NEVER = float("inf")


class Deliveries:
    """The outbox, held against the lines that there are.

    Args:
        count: Given a message's kind and what became of it, for every address.
        clock: The time, with its zone.
        hard: Seconds after which a try counts as failed.

    Attributes:
        outbox: What the loop wants to be delivered.
        lines: Digest of an address → its line.
        news: What was settled and not collected yet.
    """

    def __init__(
        self, count: Callable[[str, str], None], clock: Callable[[], datetime], hard: float
    ) -> None:
        self._count, self._clock, self._hard = count, clock, hard
        self._done: set[tuple[str, str]] = set()
        self.outbox: tuple[Parcel, ...] = ()
        self.lines: Mapping[str, Line] = {}
        self.news: list[Settled] = []

    def take(self, outbox: tuple[Parcel, ...]) -> None:
        """The outbox as it is now."""
        self.outbox = outbox
        known = {parcel.id for parcel in outbox}
        self._done = {item for item in self._done if item[0] in known}

    def begin(self) -> Iterator[tuple[Line, Job]]:
        """Begin every try that is due."""
        now = time.monotonic()
        for line in self.lines.values():
            self._abandon(line, now)
            if line.job is not None or line.not_before > now or line.stuck >= STUCK:
                continue
            parcel = line.choose(self._open_on(line))
            if parcel is not None:
                yield line, line.begin(parcel, now)

    def end(self, line: Line, job: Job, why: str) -> None:
        """A try is over; `why` says why it failed, empty where it did not."""
        if job.abandoned:
            line.stuck -= 1
        if not why:
            if line.failures:
                log.info("notifications reach %s again", line.service.shown)
            line.arrive(job)
            self._settle(job.parcel, line.address, SENT)
        elif not job.abandoned:
            self._fail(line, why)

    def give_up(self, retry_for: timedelta) -> None:
        """Settle what is too old, and what has nobody left to reach."""
        limit = self._clock() - retry_for
        for parcel in self.outbox:
            waiting = [line for line in self.lines.values() if self._is_open(parcel, line.address)]
            if parcel.at < limit and not self.lines and self._is_open(parcel, ""):
                log.warning("a notification is dropped, for no address can be used")
                self._settle(parcel, "", DROPPED)
            elif parcel.at < limit:
                for line in waiting:
                    log.warning("a notification is given up that never reached %s: %r",
                                line.service.shown, parcel.title)  # fmt: skip
                    self._settle(parcel, line.address, FAILED)
            elif self.lines and not waiting:
                self._tell(Settled(parcel.id, "", last=True))

    def next_at(self, retry_for: timedelta) -> float:
        """When something may be due, in seconds of the monotonic clock."""
        times = [NEVER]
        for line in self.lines.values():
            if line.job is not None:
                times.append(line.job.began + self._hard)
            elif line.stuck < STUCK and self._open_on(line):
                times.append(line.not_before)
        if self.outbox:
            left = min(parcel.at for parcel in self.outbox) + retry_for - self._clock()
            times.append(time.monotonic() + max(1.0, left.total_seconds()))
        return min(times)

    def idle(self) -> bool:
        """Whether nothing is on its way, nor could be at once."""
        now = time.monotonic()
        return not any(
            line.job or (line.not_before <= now and line.stuck < STUCK and self._open_on(line))
            for line in self.lines.values()
        )

    def failing(self) -> Line | None:
        """The line that failed last, of those that do not work."""
        failed = [line for line in self.lines.values() if line.failed_at]
        return max(failed, key=lambda line: str(line.failed_at), default=None)

    def _abandon(self, line: Line, now: float) -> None:
        """A try that takes too long is left to itself."""
        if line.job is not None and now - line.job.began >= self._hard:
            line.job.abandoned = True
            line.stuck += 1
            self._fail(line, f"no end within {self._hard:g} s")

    def _fail(self, line: Line, why: str) -> None:
        if not line.failures:
            text = "a notification did not reach %s, and is tried again: %s"
            log.warning(text, line.service.shown, why)
        line.fail(why, self._clock(), time.monotonic())

    def _settle(self, parcel: Parcel, address: str, result: str) -> None:
        """A message is settled for an address, once."""
        if not self._is_open(parcel, address):
            return
        self._done.add((parcel.id, address))
        self._count(parcel.kind.label, result)
        last = not any(self._is_open(parcel, line) for line in self.lines)
        self._tell(Settled(parcel.id, address, last))

    def _tell(self, news: Settled) -> None:
        if news not in self.news:
            self.news.append(news)

    def _open_on(self, line: Line) -> list[Parcel]:
        return [parcel for parcel in self.outbox if self._is_open(parcel, line.address)]

    def _is_open(self, parcel: Parcel, address: str) -> bool:
        return address not in parcel.settled and (parcel.id, address) not in self._done
