"""The calls to Google, through gspread: at most one request each once the tab is known."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from gspread.client import Client
from gspread.http_client import ParamsType as Params

from controller.sources.google_sheets_address import SheetAddress, area, letters
from controller.sources.google_sheets_answers import lines_in, object_in, tabs_in, values_in
from controller.sources.google_sheets_credentials import Credentials
from controller.sources.google_sheets_faults import (
    STUMBLES,
    SheetFault,
    Subject,
    fault_of,
    unreadable,
)
from controller.sources.google_sheets_http import SheetsHttp, login

LAST_COLUMN = "ZZ"

_T = TypeVar("_T")
_FIELDS = "sheets.properties(sheetId,title)"
_ALL_FIELDS = "sheets(properties,protectedRanges,conditionalFormats)"


@dataclass(frozen=True, slots=True)
class Line:
    """What shall stand in one line: column's number from 1 → text; the others stay."""

    number: int
    texts: Mapping[int, str]


class SheetClient:
    """Reads and writes one tab. Not for two threads at a time.

    Args:
        address: The tab.
        credentials: Who asks.
        endpoint: Another address than Google's, or empty.
        count: Told each answer's status, or "error".
        gid: The number of the tab that was read before; None before there was one.

    Attributes:
        account: Whom the sheet must be shared with; empty where nobody knows.
        readonly: Whether these credentials can write nothing anywhere.
        found: The number of the tab, once it is known.
    """

    def __init__(
        self,
        address: SheetAddress,
        credentials: Credentials,
        endpoint: str,
        count: Callable[[str], None],
        gid: int | None = None,
    ) -> None:
        self.account = credentials.account()
        self.readonly = bool(credentials.key)
        self._address = address
        self._about = Subject(str(address), self.account, credentials.where)
        self._key = address.key
        self.found = address.gid if gid is None else gid
        self._tab = ""
        self._guarded = True
        try:
            self._login = found = login(credentials, by_title=not address.key)
        except STUMBLES as error:
            raise SheetFault(
                "CredentialsInvalid",
                f"{credentials.where}: it is no key of a service account, nor an authorised user's "
                "file; take it as Google gave it",
                permanent=True,
            ) from error
        self._http = SheetsHttp(found, endpoint.rstrip("/"), count)

    def read(self) -> Sequence[Sequence[object]]:
        """Every line of the tab, as it is shown.

        Raises:
            SheetFault: It could not be read.
        """
        for last in (False, True):
            tab = self._tab or self._open()
            try:
                return self._read(tab)
            except SheetFault as fault:
                if last or fault.reason != "TabMissing":
                    raise
                self._tab = ""  # it was renamed, perhaps: its number tells
        raise AssertionError

    def write(self, lines: Sequence[Line], header: int) -> tuple[list[object] | None, list[Any]]:
        """Write lines as plain text; nothing is computed of it.

        Args:
            lines: What shall stand where.
            header: How many columns there are.

        Returns:
            The header, where it is known, and each line's values: as they are right after.

        Raises:
            SheetFault: It failed; the lines may be written nevertheless, unless it was refused.
        """
        last = letters(header)
        top = [(1, [None] * header)] if self._guarded else []
        data = [
            {"range": area(self._tab, f"A{number}:{last}{number}"), "values": [values]}
            for number, values in (*top, *((line.number, _values(line, header)) for line in lines))
        ]
        body = {
            "valueInputOption": "RAW",
            "data": data,
            "includeValuesInResponse": True,
            "responseValueRenderOption": "FORMATTED_VALUE",
        }
        try:
            found = self._ask(
                lambda: self._http.values_batch_update(self._key, body),
                lambda answer: lines_in(answer, len(data)),
            )
        except SheetFault as fault:
            if fault.reason == "NotShared":
                text = f"{self._about.sheet} may not be edited; {self._about.share}"
                raise SheetFault("SheetReadOnly", text, permanent=True) from fault
            if not (self._guarded and fault.reason == "SheetReadOnly"):
                raise
            self._guarded = False  # the header alone may be protected, and cannot be looked at
            return self.write(lines, header)
        return (found[0], found[1:]) if top else (None, found)

    def append(self, rows: Sequence[Sequence[str]]) -> None:
        """Insert rows below the list, as plain text; Google itself finds where it ends.

        Raises:
            SheetFault: It failed; the rows may be there nevertheless, unless it was refused.
        """
        options: Params = {"valueInputOption": "RAW", "insertDataOption": "INSERT_ROWS"}
        place, body = area(self._tab, "A1"), {"values": rows}
        self._ask(lambda: self._http.values_append(self._key, place, options, body), object_in)

    def tab(self) -> Mapping[str, Any]:
        """The tab as Google tells of it: its grid, what is protected, its colours' rules.

        Raises:
            SheetFault: It could not be asked.
        """
        params: Params = {"fields": _ALL_FIELDS}
        return self._ask(
            lambda: self._http.fetch_sheet_metadata(self._key, params),
            lambda answer: tabs_in(answer)[self.gid],
        )

    def arrange(self, requests: Sequence[Mapping[str, Any]]) -> None:
        """Change the tab's looks and grid: all of it, or nothing.

        Raises:
            SheetFault: It failed; it may be done nevertheless, unless it was refused.
        """
        body = {"requests": list(requests)}
        self._ask(lambda: self._http.batch_update(self._key, body), object_in)

    def forget_tab(self) -> None:
        """Look for the tab anew with the next read: what bears its name is no list."""
        self._tab = ""

    def close(self) -> None:
        """Ask nothing any more."""
        self._http.closed = True
        self._http.session.close()

    @property
    def gid(self) -> int:
        """The number of the tab that was read."""
        assert self.found is not None
        return self.found

    def _read(self, tab: str) -> Sequence[Sequence[object]]:
        ranges = [area(tab, f"A1:{LAST_COLUMN}")]
        return self._ask(lambda: self._http.values_batch_get(self._key, ranges), values_in)

    def _open(self) -> str:
        """Find the spreadsheet and the tab's present title."""
        if not self._key:
            self._key = self._by_title()
        params: Params = {"fields": _FIELDS}
        tabs = self._ask(lambda: self._http.fetch_sheet_metadata(self._key, params), tabs_in)
        titles = {gid: str(tab["properties"]["title"]) for gid, tab in tabs.items()}
        self.found, self._tab = self._choose(titles)
        return self._tab

    def _choose(self, tabs: Mapping[int, str]) -> tuple[int, str]:
        """The tab: its number of before, else its title, else the first of a sheet that is new.

        Where the tab of before is gone, no other one is the list: it may be an archive, whose rows
        nobody wants to work again.
        """
        wanted = self._address.tab.casefold()
        if self.found is not None and self.found in tabs:
            return self.found, tabs[self.found]
        for gid, title in tabs.items():
            if title.casefold() == wanted or (not wanted and self.found is None):
                return gid, title
        names = ", ".join(repr(title) for title in tabs.values())
        text = (
            f"{self._address} has no such tab; it has {names}. Restore it (File, Version history), "
            "or correct worksheet_name"
        )
        raise SheetFault("TabMissing", text, permanent=True)

    def _by_title(self) -> str:
        client = Client(self._login, self._http.session, http_client=self._http.as_factory())
        title = self._address.title
        keys = self._ask(
            lambda: client.list_spreadsheet_files(title),
            lambda found: [str(item["id"]) for item in found],
        )
        if len(keys) == 1:
            return keys[0]
        if keys:
            text = f"{len(keys)} sheets are called {title!r}; set priority_source.sheets.url"
            raise SheetFault("SheetAmbiguous", text, permanent=True)
        text = f"no sheet is called {title!r}; set priority_source.sheets.url, {self._about.share}"
        raise SheetFault("SheetNotFound", text, permanent=True)

    def _ask(self, call: Callable[[], Any], take: Callable[[Any], _T]) -> _T:
        """Do a call, and take what is wanted of its answer; what fails is told in our words.

        Raises:
            SheetFault: It failed, or its answer has another shape than Google's.
        """
        try:
            answer = call()
        except STUMBLES as error:
            raise fault_of(error, self._about, self._http.status) from error
        try:
            return take(answer)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise unreadable(self._about, self._http.status) from error


def _values(line: Line, columns: int) -> list[str | None]:
    return [line.texts.get(column) for column in range(1, columns + 1)]
