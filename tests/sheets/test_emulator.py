"""The emulator is what gspread takes for Google: its own client, at another address alone."""

from collections.abc import Iterator
from typing import Any

import gspread
import pytest
from google.oauth2.service_account import Credentials
from gspread.http_client import HTTPClient
from requests import Response

from tests.sheets.accounts import EMAIL, service_account
from tests.sheets.emulator import KEY, Emulator
from tests.sheets.lists import fill
from tests.sheets.masks import masked
from tests.sheets.quota import LIMIT, Quota


@pytest.fixture
def client(google: Emulator) -> Iterator[gspread.Client]:
    """Gspread as everybody has it."""

    class Here(HTTPClient):
        def request(self, method: str, endpoint: str, *args: Any, **options: Any) -> Response:
            for base in ("https://sheets.googleapis.com", "https://www.googleapis.com"):
                endpoint = endpoint.replace(base, google.url)
            return super().request(method, endpoint, *args, **options)

    scopes = ["https://www.googleapis.com/auth/spreadsheets"]
    login = Credentials.from_service_account_info(service_account(google.url), scopes=scopes)  # type: ignore[no-untyped-call] # google-auth's
    login._is_regional_access_boundary_lookup_required = lambda: False
    made = gspread.Client(login, http_client=Here)
    made.set_timeout(10)
    yield made
    made.http_client.session.close()


def test_gspread_reads_and_writes(google: Emulator, client: gspread.Client) -> None:
    """By key and by title, with percent-encoded names; RAW, and nothing else, is stored."""
    fill(google, "a", "b")
    google.tab.title = "Bob's plan: 100% / ü"
    tab = client.open_by_key(KEY).sheet1
    assert (tab.title, tab.id) == (google.tab.title, google.tab.gid)
    assert [line[0] for line in tab.get_all_values()] == ["Project", "a", "b"]
    assert client.open("Fleet").id == KEY
    tab.update([["=1+1"]], "C3", raw=True)
    assert google.tab.table()[1]["Status"] == "=1+1"
    with pytest.raises(gspread.exceptions.APIError, match="RAW"):
        tab.update([["=1+1"]], "C3", raw=False)
    assert client.http_client.get_file_drive_metadata(KEY) == {"id": KEY, "name": "Fleet"}


def test_values_by_a_filter(google: Emulator, client: gspread.Client) -> None:
    """A tab's values by its number; one that there is none of is refused."""
    fill(google, "a")
    ask = client.http_client.request
    url = f"{google.url}/v4/spreadsheets/{KEY}/values:batchGetByDataFilter"
    found = ask("post", url, json={"dataFilters": [{"gridRange": {"sheetId": 0}}]}).json()
    assert found["valueRanges"][0]["valueRange"]["values"][1][0] == "a"
    with pytest.raises(gspread.exceptions.APIError, match="No grid"):
        ask("post", url, json={"dataFilters": [{"gridRange": {"sheetId": 9}}]})


def test_the_quota_of_a_minute(google: Emulator, client: gspread.Client) -> None:
    """Reads and writes each by itself; what is one too many is refused, and not done."""
    fill(google, "a")
    tab = client.open_by_key(KEY).sheet1
    now = [0.0]
    google.writes = Quota(2, lambda: now[0])
    for word in ("1", "2", "3"):
        if word == "3":
            with pytest.raises(gspread.exceptions.APIError, match="Quota exceeded"):
                tab.update([[word]], "B2", raw=True)
        else:
            tab.update([[word]], "B2", raw=True)
    assert tab.acell("B2").value == google.tab.table()[0]["Priority"] == "2"
    now[0] = 60.0
    tab.update([["4"]], "B2", raw=True)
    assert google.tab.table()[0]["Priority"] == "4"
    assert google.reads.limit == LIMIT == 60


def test_strangers_are_told_nothing(google: Emulator, client: gspread.Client) -> None:
    """Who may not read gets 403, who may only read cannot write, an unknown key is 404."""
    fill(google, "a")
    google.book.writers.clear()
    with pytest.raises(PermissionError):
        client.open_by_key(KEY)
    google.book.readers.add(EMAIL)
    tab = client.open_by_key(KEY).sheet1
    with pytest.raises(gspread.exceptions.APIError, match="permission"):
        tab.update([["x"]], "B2", raw=True)
    with pytest.raises(gspread.SpreadsheetNotFound):
        client.open_by_key("1" * 30)


def test_a_mask_leaves_out_what_is_not_asked_for() -> None:
    """Names, inner names, and several of one list's items."""
    whole = {"a": [{"b": 1, "c": {"d": 2, "e": 3}}, {"b": 4}], "f": 5}
    assert masked(whole, "f") == {"f": 5}
    assert masked(whole, "a(b,c.d),f") == {"a": [{"b": 1, "c": {"d": 2}}, {"b": 4}], "f": 5}
    assert masked(whole, "a.c(e)") == {"a": [{"c": {"e": 3}}, {}]}
