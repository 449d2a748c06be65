"""The keeper: what is remembered of every project, and when it is committed.

Nothing is acted on that was heard and not committed, where it can be; and no version of a row is
written that the next controller would not know.
"""

import logging
from collections.abc import Iterable, Sequence

from controller.core.actions import Plan
from controller.core.errors import SidekickError
from controller.core.events import Event
from controller.core.memory import Memory
from controller.core.report import Report
from controller.core.versions import confirm, doubt
from controller.notifier import Notifier
from controller.store import Store

log = logging.getLogger(__name__)


class Keeper:
    """Holds the memory, and commits it with the journal, the report and what was notified.

    Args:
        store: Where it is kept.
        notifier: What it remembers is committed in the same step.

    Attributes:
        revision: Grows whenever the report's essence or the journal changed.
    """

    def __init__(self, store: Store, notifier: Notifier) -> None:
        self._store = store
        self._notifier = notifier
        self._memory: Memory | None = None
        self.revision = 0

    @property
    def memory(self) -> Memory:
        """What is remembered; nothing before it could be recalled."""
        return self._memory or Memory()

    def recall(self) -> Memory:
        """What is remembered, read once.

        Raises:
            StoreUnavailable: It cannot be read.
        """
        if self._memory is None:
            memory = doubt(self._store.load())
            self._notifier.recall(self._store.load_noticed())
            self._memory = memory  # once all of it could be read
        return self._memory

    def commit_ahead(self, decided: Plan) -> bool:
        """Commit what was heard before it is acted on; whether it now is.

        After a death between the two it would be heard again: a word as a new one, that asks for
        work which was begun or done already; an end as one from before the row's history.
        """
        if not decided.changes or decided.memory == self._memory:
            return False
        try:
            self._store.commit(decided.memory, decided.events)
        except SidekickError:
            return False  # what is to be done is not held up; the tick's end tries again, and tells
        self._memory = decided.memory
        self.revision += 1
        return True

    def keep(self, memory: Memory, report: Report, events: Sequence[Event], *, same: bool) -> bool:
        """Commit what a tick ends with; whether anything had to be.

        What cannot be committed is remembered by this process alone, and committed once it can be.

        Args:
            memory: What is remembered from now on.
            report: What every row is.
            events: What happened.
            same: Whether the tick before ended just so.

        Raises:
            StoreUnavailable: It cannot be committed.
        """
        if same and self._notifier.kept and not self._store.lost():
            return False
        self._memory = memory
        if self._store.save(memory, report, events, self._notifier.noticed):
            self.revision += 1
        self._notifier.keep()
        return True

    def confirm(self, written: Iterable[tuple[str, Iterable[str]]]) -> None:
        """Remember what has arrived in the list.

        Args:
            written: Name and written columns of every row whose write succeeded.
        """
        self._memory = confirm(self.memory, written)

    def close(self, patience: float) -> None:
        """Let notifications go that can at once, and remember which did.

        Args:
            patience: Seconds at most.
        """
        self._notifier.close(patience)
        if self._memory is None or self._notifier.kept:
            return
        try:
            self._store.keep_noticed(self._notifier.noticed)
        except SidekickError as error:
            log.warning("what was notified at last may be notified again: %s", error.message)
