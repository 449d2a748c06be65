"""Whatever answers in Google's place: a fault in our words, never a defect, never a row lost."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.core.row import Row
from controller.sources.base import Edit
from controller.sources.google_sheets_address import SheetAddress
from controller.sources.google_sheets_client import Line, SheetClient
from controller.sources.google_sheets_credentials import find_credentials
from controller.sources.google_sheets_debts import Debt, DebtBook
from controller.sources.google_sheets_faults import SheetFault
from controller.sources.google_sheets_orders import Order, OrderBook
from controller.sources.google_sheets_repairs import repairs_of
from controller.sources.google_sheets_table import parse_values
from tests.sheets.accounts import write_key
from tests.sheets.emulator import KEY, Emulator
from tests.sheets.faults import Fault
from tests.sheets.lists import fill, statuses

ANYTHING = (
    *("", "null", "1", '"x"', "[]", "[1]", "{}", "{", "\0", "<p>", "[" * 3000, '{"error": 5}'),
    *('{"error": null}', '{"error": {"code": "x"}}', "\ufeff{}"),
)
READS = (
    *('{"valueRanges": 5}', '{"valueRanges": [1]}', '{"valueRanges": [null]}'),
    *('{"valueRanges": [{}]}', '{"valueRanges": [{"range": "x", "values": 5}]}'),
    *('{"valueRanges": [{"range": "x", "values": [5]}]}', '{"valueRanges": {"0": 1}}'),
)
WRITES = (
    *('{"responses": 5}', '{"responses": [1, 2]}', '{"responses": [{"updatedData": 5}, {}]}'),
    *('{"responses": [{"updatedData": {"values": [5]}}, {}]}', '{"responses": {"a": 1, "b": 2}}'),
)
TABS = (
    *('{"sheets": 5}', '{"sheets": [1]}', '{"sheets": [{"properties": {"sheetId": "x"}}]}'),
    *('{"sheets": {"a": 1}}', '{"sheets": [{"properties": 5}]}'),
)
TOKENS = ('{"access_token": 5}', '{"error": {"a": 1}}', '{"access_token": "x", "expires_in": "y"}')
CASES = {"batchGet": READS, "write": WRITES, "metadata": TABS, "token": TOKENS}


def client_of(google: Emulator, folder: Path) -> SheetClient:
    """The calls, and nothing that tries them again."""
    found = find_credentials(write_key(folder / "key.json", google.url), {})
    assert found is not None
    return SheetClient(SheetAddress(KEY), found, google.url, lambda _code: None)


@pytest.mark.parametrize(
    "deed",
    ["token", *(pytest.param(one, marks=pytest.mark.slow) for one in CASES if one != "token")],
)
def test_garbage_is_a_fault_of_ours(google: Emulator, tmp_path: Path, deed: str) -> None:
    """Of any status: a reason and a mend, and the next call works."""
    fill(google, "a")
    google.reads.limit = google.writes.limit = 10_000
    for body in (*ANYTHING, *CASES[deed]):
        for status in (200, 400) if deed == "token" else (200, 400, 403, 500):
            client = client_of(google, tmp_path)
            if deed == "write":
                client.read()
            google.fail(deed, *[Fault(status, body)] * (3 if deed == "token" else 2))
            with pytest.raises(SheetFault) as caught:
                _ = client.write([Line(2, {3: "x"})], 11) if deed == "write" else client.read()
            assert caught.value.reason != "Defect"
            assert "\0" not in caught.value.message
            google.faults.clear()
            client.close()
    client = client_of(google, tmp_path)
    assert len(client.read()) == 2
    assert statuses(google) == {"a": ""}
    client.close()


def test_a_lost_write_of_a_long_list_is_looked_at_in_no_time() -> None:
    """Every row may have been hit by every line of it; the loop shares its processor with that."""
    header = ["Project", "Status", "Agent"]
    names = [f"p{number}" for number in range(5_000)]
    before = parse_values([header, *([name, "", ""] for name in names)], required=(), name="l")
    lines = [((name,), Line(at, {2: "Queued", 3: name})) for at, name in enumerate(names, start=2)]
    debt = Debt.of(before, lines)
    began = time.process_time()
    assert repairs_of(before, [debt]) == {}
    shifted = [[name, "Queued", names[at - 1]] for at, name in enumerate(names)]
    after = parse_values([header, *shifted], required=(), name="l")
    assert len(repairs_of(after, [debt])) == len(names)
    assert time.process_time() - began < 5  # line by line it takes minutes


def test_debts_of_another_list_are_none(tmp_path: Path) -> None:
    """Nor are those in a file that is no note of ours."""
    path = tmp_path / "state" / "note"
    debt = Debt(("Project", "Status"), {("a",): {"Status": ""}}, [(("a",), Line(2, {2: "x"}))])
    book = DebtBook(path, "mine")
    assert book.load() == []
    book.keep([debt])
    assert path.stat().st_mode & 0o77 == 0
    assert book.load() == [debt]
    assert DebtBook(path, "another").load() == []
    form = json.loads(path.read_text())
    for garbage in ("", "[]", "{}", '{"name": "mine"}', '{"name": "mine", "debts": [1]}'):
        path.write_text(garbage)
        assert book.load() == []
    form["debts"][0]["lines"] = [5]
    path.write_text(json.dumps(form))
    assert book.load() == []
    book.keep([])
    assert not path.exists()


def test_orders_of_another_list_are_none(tmp_path: Path) -> None:
    """Nor are those in a file that is no note of ours; what cannot be kept stops nobody."""
    path = tmp_path / "state" / "note"
    edit = Edit(Row(2, {"Project": "a", "Status": ""}), {"Status": "Paused"}, order=True)
    order = Order(edit, datetime(2026, 1, 2, tzinfo=UTC))
    book = OrderBook(path, "mine")
    assert tuple(book.load()) == ()
    book.keep([order])
    assert path.stat().st_mode & 0o77 == 0
    assert tuple(OrderBook(path, "mine").load()) == (order,)
    assert tuple(OrderBook(path, "another").load()) == ()
    text = path.read_text()
    for garbage in ("", "[]", "{}", '{"name": "mine"}', text.replace("+00:00", ""), text[:-3]):
        path.write_text(garbage)
        assert tuple(OrderBook(path, "mine").load()) == ()
    book.keep([])
    assert not path.exists()
    path.parent.rmdir()
    path.parent.write_text("no folder")
    book.keep([order])
