"""The list as a Google Sheet that people edit in their browser or on their phone."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from controller.sources.base import Edit, Notice, Snapshot, Written
from controller.sources.google_sheets_address import SheetAddress
from controller.sources.google_sheets_client import SheetClient
from controller.sources.google_sheets_credentials import CredentialsInvalid, find_credentials
from controller.sources.google_sheets_debts import DebtBook
from controller.sources.google_sheets_desk import Desk, Round
from controller.sources.google_sheets_faults import SheetFault
from controller.sources.google_sheets_orders import OrderBook
from controller.sources.google_sheets_queue import dated
from controller.sources.google_sheets_rounds import Rounds
from controller.sources.google_sheets_setup import extend, prepare, probe
from controller.sources.google_sheets_tab import TabNote
from controller.sources.google_sheets_write import stored
from controller.sources.header import REQUIRED_COLUMNS

POLL_S = 60.0
PACE_S = 10.0
"""Between two cycles at least: six reads and writes in a minute, of the 60 that Google allows."""
DEADLINE_S = 45.0
"""Of a whole cycle; each answer within it has its own."""
_TRIES = 3
_LONGEST_PAUSE_S = 5.0


def _uncounted(_code: str) -> None:
    """Nobody counts the requests of a command."""


class GoogleSheet:
    """A tab of a spreadsheet as a source.

    A command reads and writes it as it reads a file, within a deadline. For a controller, after
    `listen`, cycles go on by themselves: `read` gives what the newest one found, `write` is done by
    the next, and neither ever waits for Google.

    Args:
        address: The tab.
        credentials_file: The setting, or None.
        environment: The process's environment, where credentials are looked for.
        endpoint: Another address than Google's, or empty.
        required: The columns without which it is no list.
        poll: Seconds between two cycles.
        pace: Seconds between two cycles at least, where edits wait.
        deadline: Seconds that a cycle may take.
        count: Told each answer's HTTP status, or "error".
        debts: Where a controller keeps the writes that are not proven yet; None for nowhere.
        orders: Where it keeps the orders that are not written yet; None for nowhere.
        tab: Where it keeps which tab is the list, where the address names none; None for nowhere.

    Attributes:
        kind: "sheets".
        name: The sheet's title or address, and its tab.
        watched: None; only polling tells of changes.
    """

    kind = "sheets"

    def __init__(
        self,
        address: SheetAddress,
        *,
        credentials_file: Path | None,
        environment: Mapping[str, str],
        endpoint: str = "",
        required: Sequence[str] = REQUIRED_COLUMNS,
        poll: float = POLL_S,
        pace: float = PACE_S,
        deadline: float = DEADLINE_S,
        count: Callable[[str], None] = _uncounted,
        debts: Path | None = None,
        orders: Path | None = None,
        tab: Path | None = None,
    ) -> None:
        self.name = f"the sheet {address}"
        self.watched: Path | None = None
        self._required = tuple(required)
        self._book = DebtBook(debts, str(address)) if debts else None
        self._orders = OrderBook(orders, str(address)) if orders else None
        self._tab = note = TabNote(tab, address) if tab else None
        self._poll = poll
        self._pace = pace
        self._snapshot: Snapshot | None = None
        self._rounds: Rounds | None = None

        def connect(gid: int | None) -> SheetClient:
            found = find_credentials(credentials_file, environment)
            if found is None:
                text = (
                    "there are no credentials for Google; set priority_source.sheets."
                    "credentials_file to a service account's key, see docs/google-sheets.md"
                )
                raise CredentialsInvalid("CredentialsMissing", text)
            if gid is None and note is not None:
                gid = note.load()
            return SheetClient(address, found, endpoint, count, gid)

        self._desk = Desk(connect, required, self.name, deadline)

    def listen(self, wake: Callable[[], None]) -> None:
        """Go on by itself from here on; see `Source.listen`."""
        if self._rounds is None:
            if self._book is not None:
                self._desk.keep(self._book)
            if self._tab is not None:
                self._desk.follow(self._tab)
            self._rounds = Rounds(self._desk, self._poll, self._pace, wake, self.name, self._orders)

    def read(self) -> Snapshot:
        """Read the tab, whole or not at all; see `Source.read`.

        Equal content gives the same Snapshot object.
        """
        found = self._rounds.read() if self._rounds else self._cycle(()).table.snapshot
        if self._snapshot is None or self._snapshot.revision != found.revision:
            self._snapshot = found
        return self._snapshot

    def write(self, edits: Sequence[Edit]) -> Written:
        """Write the cells of each edit that still fits; see `Source.write`."""
        now = datetime.now().astimezone()
        edits = [dated(edit, now) for edit in edits]
        if self._rounds:
            return self._rounds.write(edits)
        done = self._cycle(edits)
        if done.refusal:
            raise SheetFault("SheetReadOnly", done.refusal, permanent=True)
        return done.written

    def extend(self, columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
        """Add columns behind the last one, and rows below the others; see `Growing.extend`."""
        self._desk.deed(lambda client: extend(client, self._required, self.name, columns, rows))

    def stored(self, text: str) -> str:
        """What a cell says once a text was written to it; see `Source.stored`."""
        return stored(text)

    def prepare(self) -> bool:
        """Lay the tab out for people; whether it was empty and got its header.

        Raises:
            SheetFault: It failed; doing it again does no harm.
            SourceInvalid: The tab holds something else than a list.
        """
        return self._desk.deed(lambda client: prepare(client, self._required, self.name))

    def probe(self) -> None:
        """Find out whether the tab can be written; no cell is changed.

        Raises:
            SheetFault: It cannot, or Google could not be asked.
        """
        self._desk.deed(lambda client: probe(client, self.name))

    def last_read(self) -> datetime | None:
        """When Google was really asked; see `Source.last_read`."""
        return self._rounds.read_at() if self._rounds else None

    def refusal(self) -> str:
        """Why nothing can be written; see `Source.refusal`."""
        return self._rounds.refusal() if self._rounds else ""

    def holder(self) -> str:
        """Nobody keeps a sheet from being written; see `Source.holder`."""
        return ""

    def notices(self) -> Sequence[Notice]:
        """What happened to edits; see `Source.notices`."""
        return self._rounds.notices() if self._rounds else ()

    def close(self) -> None:
        """Ask nothing any more; nobody waits for Google."""
        if self._rounds:
            self._rounds.close()
        self._desk.close()

    def _cycle(self, edits: Sequence[Edit]) -> Round:
        """A cycle, tried again a few times where that may help."""
        for attempt in range(1, _TRIES + 1):
            try:
                return self._desk.cycle(edits)
            except SheetFault as fault:
                pause = fault.retry_after if fault.retry_after is not None else 0.25 * 2**attempt
                if fault.permanent or attempt == _TRIES or pause > _LONGEST_PAUSE_S:
                    raise
                if fault.reason == "SheetTimeout":
                    raise
            time.sleep(pause)
        raise AssertionError
