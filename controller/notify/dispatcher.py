"""The dispatcher: sends messages from threads of its own, again and again until they arrive.

The loop hands over its whole outbox and collects what became of it; neither ever waits for the
other. A send has the service's own deadlines, and a hard one besides: one that hangs is left to
itself, in a thread that holds up no end of the process.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from controller.core.backoff import NOTICE, Curve
from controller.core.errors import SidekickError
from controller.core.outbox import Parcel, Settled
from controller.core.report import NotificationsView
from controller.notify.addresses import Address, read_addresses, secrets_of
from controller.notify.deliveries import NEVER, Deliveries
from controller.notify.lines import Job, Line
from controller.notify.mailing import Mailing
from controller.notify.services import Service, service_of

log = logging.getLogger(__name__)

HARD_SECONDS = 30.0
"""After which a send counts as failed, whatever its service waits for."""


class Dispatcher:
    """Delivers.

    Args:
        mailing: To whom.
        count: Given a message's kind and what became of it, for every address; from any thread.
        know: Given secrets, to be taken out of every text; from any thread.
        wake: Wakes the loop; from any thread.
        clock: The time, with its zone.
        make: What makes a service of an address.
        curve: How long a failed address rests.
        hard: Seconds after which a send counts as failed.
    """

    def __init__(
        self,
        mailing: Mailing,
        *,
        count: Callable[[str, str], None],
        know: Callable[[Iterable[bytes]], None],
        wake: Callable[[], None],
        clock: Callable[[], datetime],
        make: Callable[[Address], Service] = service_of,
        curve: Curve = NOTICE,
        hard: float = HARD_SECONDS,
    ) -> None:
        self._mailing = mailing
        self._know, self._wake, self._make, self._curve = know, wake, make, curve
        self._changed = threading.Condition()
        self._deliveries = Deliveries(count, clock, hard)
        self._faults: tuple[str, ...] = ()
        self._loaded: object = None
        self._again = NEVER
        self._stopping = False
        self._thread: threading.Thread | None = None

    # -- the loop's side: none of this waits for a service -----------------------------------

    @property
    def on(self) -> bool:
        """Whether messages go to anybody."""
        return self._mailing.on

    def start(self) -> None:
        """Begin to deliver, as soon as there is anybody to deliver to."""
        if self._thread is None and self.on:
            self._thread = threading.Thread(target=self._run, name="notify", daemon=True)
            self._thread.start()

    def use(self, mailing: Mailing) -> None:
        """Go on with other addresses."""
        with self._changed:
            self._mailing = mailing
            self._changed.notify_all()

    def offer(self, outbox: tuple[Parcel, ...], again_in: float | None) -> None:
        """Take the outbox as it is now.

        Args:
            outbox: All that is not delivered.
            again_in: Seconds after which the loop wants to be woken; None for never.
        """
        with self._changed:
            self._deliveries.take(outbox)
            self._again = NEVER if again_in is None else time.monotonic() + again_in
            self._changed.notify_all()

    def collect(self) -> Sequence[Settled]:
        """What was settled since the last time."""
        with self._changed:
            news, self._deliveries.news = self._deliveries.news, []
        return news

    def view(self) -> NotificationsView:
        """How things stand."""
        with self._changed:
            mailing, deliveries = self._mailing, self._deliveries
            if not mailing.on:
                return NotificationsView()
            lines = deliveries.lines.values()
            targets = tuple(line.service.shown for line in lines) or mailing.shown
            waiting, failing = len(deliveries.outbox), deliveries.failing()
            if self._faults:
                return NotificationsView(targets, waiting, self._faults[0])
            if failing is None:
                return NotificationsView(targets, waiting)
            why = f"{failing.service.shown}: {failing.failed}"
            return NotificationsView(targets, waiting, why, failing.failed_at)

    def close(self, patience: float) -> None:
        """End; what can be delivered at once is waited for, so many seconds at most."""
        with self._changed:
            if self._thread is not None:
                self._changed.wait_for(self._idle, patience)
            self._stopping = True
            self._changed.notify_all()

    # -- the threads' side -------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._load()
                with self._changed:
                    pause = self._round()
                    self._changed.notify_all()
                    if not self._stopping:
                        self._changed.wait(pause)
            except Exception:
                log.exception("notifications stumble over a defect; please report it")
                time.sleep(HARD_SECONDS)

    def _load(self) -> None:
        """Make the services anew where the addresses changed."""
        mailing = self._mailing
        version = mailing.version()
        if version == self._loaded:
            return
        faults: list[str] = []
        addresses = list(mailing.given)
        if mailing.file is not None:
            try:
                addresses += read_addresses(mailing.file)
            except SidekickError as error:
                faults.append(error.message)
        self._know(part.encode() for one in addresses for part in secrets_of(one.url))
        lines: dict[str, Line] = {}
        for address in addresses:
            try:
                known = self._deliveries.lines.get(address.digest)
                lines[address.digest] = known or Line(self._make(address), self._curve)
            except SidekickError as error:
                faults.append(error.message)
        for fault in faults:
            log.warning("notifications: %s", fault)
        with self._changed:
            self._deliveries.lines, self._faults, self._loaded = lines, tuple(faults), version
            self._wake_loop()

    def _round(self) -> float | None:
        """Begin all that is due; returns the seconds until something may be, None for never."""
        deliveries, retry_for = self._deliveries, self._mailing.retry_for
        deliveries.give_up(retry_for)
        for line, job in deliveries.begin():
            threading.Thread(
                target=self._send, args=(line, job), name="notify-send", daemon=True
            ).start()
        now = time.monotonic()
        if self._again <= now or deliveries.news:
            self._again = NEVER if self._again <= now else self._again
            self._wake_loop()
        at = min(self._again, deliveries.next_at(retry_for))
        return None if at == NEVER else max(0.0, at - now)

    def _send(self, line: Line, job: Job) -> None:
        """One try, in a thread of its own."""
        parcel = job.parcel
        why = line.service.send(parcel.kind, parcel.title, parcel.body)
        with self._changed:
            self._deliveries.end(line, job, why)
            if self._deliveries.news:
                self._wake_loop()
            self._changed.notify_all()

    def _idle(self) -> bool:
        """Whether nothing is on its way, nor could be at once."""
        loaded = self._loaded is not None
        return not self._deliveries.outbox or (loaded and self._deliveries.idle())

    def _wake_loop(self) -> None:
        """The loop is woken under the lock: once this one ends, nobody may be there any more."""
        if not self._stopping:
            self._wake()
