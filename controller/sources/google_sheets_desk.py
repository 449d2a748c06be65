"""The desk: one thread that talks to Google, and that nobody has to wait for."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

from controller.core.errors import SidekickError
from controller.sources.base import Edit, SourceEmpty, SourceInvalid, SourceUnavailable, Written
from controller.sources.google_sheets_client import SheetClient
from controller.sources.google_sheets_debts import Debt, DebtBook
from controller.sources.google_sheets_faults import SheetFault
from controller.sources.google_sheets_tab import TabNote
from controller.sources.google_sheets_table import SheetTable
from controller.sources.google_sheets_write import SheetWriter

log = logging.getLogger(__name__)

_T = TypeVar("_T")

_MOST_LOST = 3
"""Threads that Google keeps hanging; beyond that no other is begun until one of them ends."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one cycle found and did.

    Attributes:
        table: The tab as it is now.
        written: What became of the edits.
        refusal: Why nothing can be written; empty where it can.
    """

    table: SheetTable
    written: Written
    refusal: str = ""


class Desk:
    """Does cycles, one after the other, on a thread of its own.

    Args:
        connect: Makes the calls' client; reads the credentials. Told the number of the tab that the
            one before it read, or None.
        required: The columns without which the list is none.
        name: What messages call the list.
        deadline: Seconds that a cycle may take.
    """

    def __init__(
        self,
        connect: Callable[[int | None], SheetClient],
        required: Sequence[str],
        name: str,
        deadline: float,
    ) -> None:
        self._connect = connect
        self._required = required
        self._name = name
        self._deadline = deadline
        self._lost: list[Thread] = []
        self._debts: list[Debt] = []
        self._book: DebtBook | None = None
        self._gid: int | None = None
        self._tab: TabNote | None = None
        self._hand: _Hand | None = None

    def keep(self, book: DebtBook) -> None:
        """Keep debts in a book from here on, and settle those that are in it."""
        self._book = book
        self._debts = book.load()

    def follow(self, note: TabNote) -> None:
        """Keep from here on which tab was read well."""
        self._tab = note

    def cycle(self, edits: Sequence[Edit]) -> Round:
        """Read the tab, and write edits into it.

        Raises:
            SheetFault: It failed, or took too long.
            SourceUnavailable, SourceInvalid: There are no credentials, or the tab is no list.
        """
        done, gid = self._do(lambda hand: (hand.cycle(edits), hand.client.gid))
        if self._tab is not None:
            self._tab.keep(gid)
        return done

    def deed(self, work: Callable[[SheetClient], _T]) -> _T:
        """Do something else with the sheet.

        Raises:
            SidekickError: As `work`, or it took too long.
        """
        return self._do(lambda hand: work(hand.client))

    def close(self) -> None:
        """Ask nothing any more; nobody waits for what is under way."""
        self._drop()

    def _do(self, work: "Callable[[_Hand], _T]") -> _T:
        hand = self._at_hand()
        try:
            return hand.ask(work).result(self._deadline)
        except TimeoutError:
            self._drop(lost=True)
            text = (
                f"Google did not answer within {self._deadline:g} s about {self._name}; "
                "it is tried again"
            )
            raise SheetFault("SheetTimeout", text) from None
        except SheetFault as fault:
            if fault.permanent:
                self._drop()  # credentials are read anew, the tab is looked for anew
            raise

    def _at_hand(self) -> "_Hand":
        self._lost = [thread for thread in self._lost if thread.is_alive()]
        if self._hand is None:
            if len(self._lost) >= _MOST_LOST:
                text = f"Google keeps {_MOST_LOST} calls about {self._name} waiting; it goes on"
                raise SheetFault("SheetTimeout", text)
            client = self._connect(self._gid)
            writer = SheetWriter(client, self._required, self._name, self._debts, self._note)
            self._hand = _Hand(client, writer)
        return self._hand

    def _note(self, debts: Sequence[Debt]) -> None:
        if self._book is not None:
            self._book.keep(debts)

    def _drop(self, *, lost: bool = False) -> None:
        hand, self._hand = self._hand, None
        if hand is not None:  # the end may come from another thread
            hand.writer.disown()
            self._debts = list(hand.writer.debts)
            self._gid = hand.client.found
            hand.end()
            if lost:
                self._lost.append(hand.thread)


class _Hand:
    """The thread and what it alone uses."""

    def __init__(self, client: SheetClient, writer: SheetWriter) -> None:
        self.client = client
        self.writer = writer
        self._asked: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self.thread = Thread(target=self._work, name="sheets", daemon=True)
        self.thread.start()

    def ask(self, work: "Callable[[_Hand], _T]") -> "Future[_T]":
        future: Future[_T] = Future()
        self._asked.put(lambda: self._fulfil(work, future))
        return future

    def end(self) -> None:
        self.client.close()
        self._asked.put(None)

    def _work(self) -> None:
        while (asked := self._asked.get()) is not None:
            asked()

    def _fulfil(self, work: "Callable[[_Hand], _T]", future: "Future[_T]") -> None:
        try:
            future.set_result(work(self))
        except SidekickError as error:
            future.set_exception(error)
        except Exception:
            log.exception("a call to Google failed by a defect; please report it")
            text = "it failed by a defect of the controller; its log tells more"
            future.set_exception(SourceUnavailable("Defect", text))

    def cycle(self, edits: Sequence[Edit]) -> Round:
        """Read the tab, and write edits into it; see `Desk.cycle`."""
        refusal = ""
        if self.client.readonly and edits:
            refusal = "an API key can only read a sheet; use a service account's key to write"
        try:
            if not refusal and (edits or self.writer.debts):
                done = self.writer.write(edits)
                settled = done.settled
                revision = done.table.snapshot.revision
                return Round(done.table, Written(revision, settled.applied, settled.conflicts))
        except SheetFault as fault:
            if not (fault.refused and fault.reason == "SheetReadOnly"):
                raise
            refusal = fault.message
        except (SourceEmpty, SourceInvalid):
            self.client.forget_tab()
            raise
        try:
            table = self.writer.read()
        except (SourceEmpty, SourceInvalid):
            self.client.forget_tab()
            raise
        return Round(table, Written(table.snapshot.revision), refusal)
