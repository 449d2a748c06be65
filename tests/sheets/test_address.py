"""Which sheet is read, and by whose leave."""

import json
from pathlib import Path

import pytest

from controller.sources.google_sheets_address import SheetAddress, area, letters
from controller.sources.google_sheets_credentials import CredentialsInvalid, find_credentials
from controller.sources.google_sheets_faults import SheetFault
from controller.sources.source_choice import choose
from tests.sheets.accounts import EMAIL, service_account, write_key
from tests.sheets.book import Book, Tab
from tests.sheets.emulator import KEY, Emulator
from tests.sheets.lists import edit, fill, sheet
from tests.sheets.ranges import Area, number
from tests.sources.benches import COLUMNS, row

URL = f"https://docs.google.com/spreadsheets/d/{KEY}/edit?gid=7#gid=7"


@pytest.mark.parametrize("url", [URL, URL.replace("/d/", "/u/1/d/"), KEY])
def test_an_address_holds_the_key(url: str) -> None:
    """As the browser shows it, of a second account too, or the key alone."""
    found = SheetAddress.of(url, "ignored", "")
    assert found is not None
    assert (found.key, found.gid) == (KEY, None if url == KEY else 7)


@pytest.mark.parametrize(
    "url", ["https://example.com", "x", "https://docs.google.com/document/d/1"]
)
def test_what_is_no_address(url: str) -> None:
    """Is told, and not asked for."""
    assert SheetAddress.of(url, "title", "") is None


@pytest.mark.parametrize("count", [1, 26, 27, 702])
def test_letters_and_numbers_are_one(count: int) -> None:
    """The columns' letters lead back to their numbers."""
    assert number(letters(count)) + 1 == count


def test_a_tab_with_quotes_can_be_named() -> None:
    """Whatever a tab is called, its range means it."""
    assert Area.parse(area("Bob's 'list'!A1", "A1:ZZ")) == Area("Bob's 'list'!A1", right=702)


def test_a_sheet_by_its_title(google: Emulator, tmp_path: Path) -> None:
    """Found in Drive; two of one name, or none, is told."""
    fill(google, "a")
    source = sheet(google, tmp_path, SheetAddress(title="Fleet"))
    assert len(source.read().rows) == 1
    google.books["other"] = Book("other", "Fleet", [Tab(0, "x")], writers={EMAIL})
    for title, reason in (("Fleet", "SheetAmbiguous"), ("Nobody's", "SheetNotFound")):
        with pytest.raises(SheetFault) as caught:
            sheet(google, tmp_path, SheetAddress(title=title)).read()
        assert (caught.value.reason, "sheets.url" in caught.value.message) == (reason, True)


def test_a_cycle_costs_one_request(google: Emulator, tmp_path: Path) -> None:
    """A read one, a write one more, once the tab is known."""
    fill(google, "a", "b")
    source = sheet(google, tmp_path)
    source.read()
    google.calls.clear()
    snapshot = source.read()
    assert dict(google.calls) == {"batchGet": 1}
    source.write([edit(snapshot, name, status="Queued") for name in ("a", "b")])
    assert dict(google.calls) == {"batchGet": 2, "write": 1}
    source.close()


def test_a_renamed_tab_is_followed(google: Emulator, tmp_path: Path) -> None:
    """By its number, though another tab takes its name."""
    fill(google, "a")
    source = sheet(google, tmp_path, SheetAddress(KEY, tab="Priorities"))
    source.read()
    google.tab.title = "Old plans"
    assert len(source.read().rows) == 1
    google.tab.title = "Renamed again"
    google.book.tabs.insert(0, Tab(5, "Old plans", [["something", "else"]]))
    with pytest.raises(Exception, match="no column"):
        source.read()
    assert len(source.read().rows) == 1
    source.close()


@pytest.mark.parametrize("gid", [0, 5])
def test_no_other_tab_takes_the_place_of_a_deleted_one(
    google: Emulator, tmp_path: Path, gid: int
) -> None:
    """The first tab is the list where none is named; once it is gone, no archive becomes it."""
    google.tab.gid = gid
    fill(google, "a")
    source = sheet(google, tmp_path)
    source.read()
    archive = Tab(9, "Archive", [list(COLUMNS), ["Done long ago", "1", "Pending"]])
    google.book.tabs[:] = [archive]
    for _ in range(3):
        with pytest.raises(SheetFault, match="Version history") as caught:
            source.read()
        assert caught.value.reason == "TabMissing"
    google.book.tabs.append(google.tab)
    assert [line.cell("Project") for line in source.read().rows] == ["a"]
    source.close()


def test_a_tab_is_known_after_a_refusal(google: Emulator, tmp_path: Path) -> None:
    """Credentials are read anew then; the tab is still the one of before, wherever it stands."""
    fill(google, "a")
    source = sheet(google, tmp_path)
    source.read()
    google.book.tabs.insert(0, Tab(5, "New", [list(COLUMNS), ["another", "1"]]))
    google.book.writers.clear()
    with pytest.raises(SheetFault):
        source.read()
    google.book.writers.add(EMAIL)
    assert [line.cell("Project") for line in source.read().rows] == ["a"]
    source.close()


def test_a_deleted_tab_is_told(google: Emulator, tmp_path: Path) -> None:
    """With those that there are."""
    fill(google, "a")
    source = sheet(google, tmp_path, SheetAddress(KEY, tab="Priorities"))
    source.read()
    google.book.tabs[:] = [Tab(9, "Archive")]
    with pytest.raises(SheetFault, match="'Archive'") as caught:
        source.read()
    assert caught.value.reason == "TabMissing"
    source.close()


def test_credentials_in_the_expected_order(google: Emulator, tmp_path: Path) -> None:
    """Setting, JSON in a variable, Google's variable, gcloud's file, gspread's files, a key."""
    key = write_key(tmp_path / "key.json", google.url)
    home = tmp_path / "home"
    environment = {
        "HOME": str(home),
        "SIDEKICK_SHEETS_CREDENTIALS": key.read_text(),
        "GOOGLE_APPLICATION_CREDENTIALS": str(key),
        "SIDEKICK_SHEETS_API_KEY": "k",
    }
    files = ("gcloud/application_default_credentials.json", "gspread/service_account.json")
    for name in (*files, "gspread/authorized_user.json"):
        path = home / ".config" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    found = find_credentials(key, environment)
    order = [found.where if found else ""]
    steps = ("SIDEKICK_SHEETS_CREDENTIALS", "GOOGLE_APPLICATION_CREDENTIALS", *files)
    for step in (*steps, "gspread/authorized_user.json", "SIDEKICK_SHEETS_API_KEY"):
        found = find_credentials(None, environment)
        order.append(found.where if found else "")
        assert step in order[-1]
        environment.pop(step, None)
        (home / ".config" / step).unlink(missing_ok=True)
    assert order[0] == f"credentials_file {key}"
    assert find_credentials(None, environment) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [("x", "no JSON"), ("[]", "no credentials"), ('{"installed": {}}', "OAuth client")],
)
def test_what_is_no_credential(tmp_path: Path, text: str, words: str) -> None:
    """Is told with the file, before Google is asked."""
    file = tmp_path / "key.json"
    file.write_text(text)
    found = find_credentials(file, {})
    assert found is not None
    with pytest.raises(CredentialsInvalid, match=words) as caught:
        found.info()
    assert str(file) in caught.value.message


def test_half_a_key_is_told(google: Emulator, tmp_path: Path) -> None:
    """A service account's file without its private key."""
    info = service_account(google.url)
    environment = {"SIDEKICK_SHEETS_CREDENTIALS": json.dumps({**info, "private_key": "x"})}
    with pytest.raises(SheetFault) as caught:
        sheet(google, tmp_path, environment=environment).read()
    assert caught.value.reason == "CredentialsInvalid"


def test_no_credentials_at_all(google: Emulator, tmp_path: Path) -> None:
    """What to set is named."""
    with pytest.raises(CredentialsInvalid, match="credentials_file"):
        sheet(google, tmp_path, environment={"HOME": str(tmp_path)}).read()


def test_an_api_key_reads_a_public_sheet(google: Emulator, tmp_path: Path) -> None:
    """And writes nothing: an order is refused."""
    google.keys.add("k")
    google.book.public = True
    google.tab.save([row("a")], COLUMNS)
    source = sheet(google, tmp_path, environment={"SIDEKICK_SHEETS_API_KEY": "k"})
    snapshot = source.read()
    with pytest.raises(SheetFault, match="API key") as caught:
        source.write([edit(snapshot, "a", status="Paused")])
    assert caught.value.reason == "SheetReadOnly"
    assert google.calls["write"] == 0
    source.close()


def test_auto_chooses_and_says_why(tmp_path: Path) -> None:
    """A sheet where it and credentials are configured, else the CSV."""
    address, key = SheetAddress(KEY), {"SIDEKICK_SHEETS_API_KEY": "k"}
    cases: tuple[tuple[str, SheetAddress | None, dict[str, str], str, str], ...] = (
        ("auto", None, key, "csv", "no sheet"),
        ("auto", address, {}, "csv", "no credentials"),
        ("auto", address, key, "sheets", "SIDEKICK_SHEETS_API_KEY"),
        ("csv", address, key, "csv", "type"),
        ("sheets", address, {}, "sheets", "type"),
    )
    for wanted, where, environment, kind, word in cases:
        choice = choose(wanted, where, None, environment)
        assert (choice.kind, word in choice.why) == (kind, True)
