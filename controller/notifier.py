"""The notifier: a tick's changes that a person is to be told of, on their way once they are kept.

What is told is decided in `core/notices.py`, what is remembered lies in the store, and what is
sent is the dispatcher's business: nothing here waits for anybody.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from controller.core.digest import digest
from controller.core.memory import Memory
from controller.core.notice_texts import Terms, compose
from controller.core.notices import News, decide
from controller.core.outbox import DROPPED, Noticed, Parcel, post, settle
from controller.core.report import NotificationsView
from controller.core.standing import Kind, standing
from controller.notify.dispatcher import Dispatcher
from controller.notify.mailing import Mailing

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is told, and how.

    Attributes:
        mailing: To whom.
        kinds: What of.
        quiet: For so long another change of the same is not told.
        texts: What texts are made with; its page is the one of the settings, empty for none.
    """

    mailing: Mailing
    kinds: frozenset[Kind]
    quiet: timedelta
    texts: Terms


class Notifier:
    """Decides in every tick, remembers, and hands over.

    Args:
        wishes: What is told.
        dispatcher: Delivers.
        count: Given a message's kind and what became of it.

    Attributes:
        noticed: What is to be kept; another value whenever it changed.
    """

    def __init__(
        self, wishes: Wishes, dispatcher: Dispatcher, count: Callable[[str, str], None]
    ) -> None:
        self._wishes = wishes
        self._dispatcher = dispatcher
        self._count = count
        self._seen: Memory | None = None
        self._again_at: datetime | None = None
        self._offered: tuple[object, ...] = ()
        self._stumbled = False
        self._kept = self.noticed = Noticed()

    def start(self) -> None:
        """Begin to deliver."""
        self._dispatcher.start()

    def use(self, wishes: Wishes) -> None:
        """Go on with other settings."""
        self._wishes = wishes
        self._seen = None
        self._dispatcher.use(wishes.mailing)
        self._dispatcher.start()

    def recall(self, noticed: Noticed) -> None:
        """Go on from what was kept."""
        self._kept = self.noticed = noticed

    @property
    def kept(self) -> bool:
        """Whether `noticed` is what was kept last."""
        return self.noticed is self._kept

    def keep(self) -> None:
        """Take note that it is kept now."""
        self._kept = self.noticed

    def collect(self) -> None:
        """Take in what became of messages."""
        outbox = settle(self.noticed.outbox, self._dispatcher.collect())
        if outbox is not self.noticed.outbox:
            self.noticed = replace(self.noticed, outbox=outbox)

    def look(self, memory: Memory, server: str, now: datetime) -> None:
        """Decide what is told of a tick.

        Args:
            memory: What is remembered of every project by now.
            server: The server's address; empty for none.
            now: The time.
        """
        try:
            self._look(memory, server, now)
        except Exception:
            # What only tells of the fleet must not keep the tick from its end, time and again.
            if not self._stumbled:
                log.exception("notifications stumble over a defect; please report it")
            self._stumbled = True
        else:
            self._stumbled = False

    def hand_over(self, now: datetime) -> None:
        """Let the dispatcher have what is to be sent, after it was kept if it could be."""
        again = self._again_at
        if (self.noticed.outbox, again) != self._offered:
            self._offered = (self.noticed.outbox, again)
            seconds = max(0.0, (again - now).total_seconds()) if again else None
            self._dispatcher.offer(self.noticed.outbox, seconds)

    def view(self) -> NotificationsView:
        """How notifications stand."""
        return self._dispatcher.view()

    def close(self, patience: float) -> None:
        """End; what can be delivered at once is waited for, so many seconds at most."""
        self._dispatcher.close(patience)
        self.collect()

    def _look(self, memory: Memory, server: str, now: datetime) -> None:
        self.collect()
        if not self._dispatcher.on:
            self._forget()
            return
        if memory is self._seen and not (self._again_at and self._again_at <= now):
            return
        known = self.noticed.marks
        found = decide(standing(memory, now), known, self._wishes.kinds, self._wishes.quiet, now)
        fresh = [self._parcel(news, server, now) for news in found.news]
        self._seen, self._again_at = memory, found.again_at
        if fresh or found.marks is not known:
            outbox, gone = post(self.noticed.outbox, fresh)
            for parcel in gone:
                self._count(parcel.kind.label, DROPPED)
            self.noticed = Noticed(found.marks, outbox)

    def _forget(self) -> None:
        """Where nobody is told, what stands when somebody is again is no change."""
        self._seen = self._again_at = None
        if self.noticed != Noticed():
            self.noticed = Noticed()

    def _parcel(self, news: News, server: str, now: datetime) -> Parcel:
        texts = self._wishes.texts
        title, body = compose(news, replace(texts, page=texts.page or server))
        return Parcel(digest(news.id, now.isoformat()), news.kind, title, body, now)
