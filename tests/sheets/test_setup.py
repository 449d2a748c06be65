"""`sidekick sheets`: a sheet made ready, and lists copied between it and a CSV file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.core.errors import TerminalError
from controller.core.row import KNOWN_COLUMNS
from controller.sources.base import Snapshot, SourceInvalid
from controller.sources.csv_table import parse
from controller.sources.google_sheets_faults import SheetFault
from controller.sources.list_copy import plan_copy
from tests.cli.desk import Desk
from tests.sheets import faults
from tests.sheets.accounts import EMAIL, write_key
from tests.sheets.emulator import KEY, Emulator
from tests.sheets.faults import Fault
from tests.sheets.lists import fill, sheet
from tests.sheets.test_faults import CASES, TOKENS
from tests.sources.benches import COLUMNS, row

ROWS = 'One,1,Paused,,,"do, ""it""",,,,\nTwo,007,,,,=1+1,,,,\n'


@pytest.fixture
def desk(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], google: Emulator
) -> Iterator[Desk]:
    """A project's folder whose settings name a sheet."""
    made = Desk(monkeypatch, capsys)
    google.book.writers.add(EMAIL)
    key = write_key(made.root / "key.json", google.url)
    sheets = {"url": KEY, "credentials_file": key.name, "endpoint": google.url}
    made.lab.settle_in(*ROWS.splitlines(), priority_source={"sheets": sheets})
    try:
        yield made
    finally:
        made.clear()


def test_init_makes_an_empty_sheet_ready(google: Emulator, tmp_path: Path) -> None:
    """Header, frozen row, dropdown, date, checkbox, protection, colours; twice is as once."""
    google.book.writers.add(EMAIL)
    google.tab.width = 9
    google.tab.looks.protected.append({"protectedRangeId": 9, "description": "mine"})
    source = sheet(google, tmp_path)
    assert source.prepare()
    assert not source.prepare()
    looks = google.tab.looks
    assert google.tab.cells == [list(KNOWN_COLUMNS)]
    assert (looks.frozen, google.tab.width) == (1, len(KNOWN_COLUMNS))
    place = {name: number for number, name in enumerate(KNOWN_COLUMNS)}
    rules = {number: rule["condition"] for number, rule in looks.rules.items()}
    kinds = {number: condition["type"] for number, condition in rules.items()}
    wanted = {"Status": "ONE_OF_LIST", "Deadline": "DATE_IS_VALID", "GPU": "BOOLEAN"}
    assert kinds == {place[name]: kind for name, kind in wanted.items()}
    words = [value["userEnteredValue"] for value in rules[place["Status"]]["values"]]
    assert {"Pending", "Paused", "Completed"} < set(words)
    guarded = [item["range"]["startColumnIndex"] for item in looks.protected if "range" in item]
    theirs = ("Last Update", "Reason", "Credits Used", "Proposed Next Action")
    assert guarded == [place[name] for name in theirs]
    assert looks.protected[0]["description"] == "mine"
    formulas = [
        colour["booleanRule"]["condition"]["values"][0]["userEnteredValue"]
        for colour in looks.colours
    ]
    assert len(formulas) == 5
    assert '=$C2="Blocked"' in formulas
    assert looks.formats[place["Priority"]] == {"numberFormat": {"type": "TEXT"}}
    assert source.read().rows == ()
    source.close()


def test_init_changes_no_text(google: Emulator, tmp_path: Path) -> None:
    """A list keeps its rows; what is no list is left as it is."""
    fill(google, "a", "b")
    before = [list(line) for line in google.tab.cells]
    source = sheet(google, tmp_path)
    assert not source.prepare()
    assert google.tab.cells == before
    google.tab.cells = [["my", "diary"]]
    looks = dict(google.tab.looks.rules)
    with pytest.raises(SourceInvalid, match="no column"):
        source.prepare()
    assert (google.tab.cells, google.tab.looks.rules) == ([["my", "diary"]], looks)
    source.close()


def test_init_needs_leave_to_write(google: Emulator, tmp_path: Path) -> None:
    """An API key is told so before anything is asked for."""
    google.keys.add("k")
    google.book.public = True
    source = sheet(google, tmp_path, environment={"SIDEKICK_SHEETS_API_KEY": "k"})
    with pytest.raises(SheetFault, match="service account"):
        source.prepare()
    assert not google.calls
    source.close()


def test_a_lost_answer_to_rows_that_were_added(google: Emulator, tmp_path: Path) -> None:
    """It is told, not tried again: a plan made anew finds them there."""
    fill(google, "a")
    source = sheet(google, tmp_path)
    google.fail("append", faults.APPLIED_503)
    with pytest.raises(SheetFault):
        source.extend((), [row("b")])
    assert [line["Project"] for line in google.tab.table()] == ["a", "b"]
    assert google.calls["append"] == 1
    source.close()


def test_push_shows_its_plan_and_then_does_it(desk: Desk, google: Emulator) -> None:
    """Rows and columns are added, cells changed, the sheet's own rows and columns stay."""
    columns = ["Project", "Owner", *COLUMNS[1:6]]
    google.tab.save([{**row("One"), "Owner": "me"}, {**row("Mine"), "Owner": "I"}], columns)
    before = [list(line) for line in google.tab.cells]
    code, out, err = desk.sidekick("sheets", "push")
    assert (code, google.tab.cells) == (1, before)
    assert "add row      Two" in out
    assert 'change       One: Status "" to "Paused"' in out
    assert "leave        Mine" in out
    assert "sheets push --yes" in err
    assert desk.sidekick("sheets", "push", "--yes")[0] == 0
    table = {line["Project"]: line for line in google.tab.table()}
    assert list(table) == ["One", "Mine", "Two"]
    assert (table["One"]["Owner"], table["One"]["Status"]) == ("me", "Paused")
    assert table["One"]["Next Action"] == 'do, "it"'
    assert (table["Two"]["Priority"], table["Two"]["Next Action"]) == ("007", "=1+1")
    assert google.tab.cells[0][: len(columns)] == columns
    code, out, _ = desk.sidekick("sheets", "push")
    assert code == 0
    assert "says all that" in out


def test_pull_keeps_the_file_s_bytes(desk: Desk, google: Emulator) -> None:
    """What does not differ stays as it is spelled; formulas are inert; a new file can be made."""
    google.tab.save([row("One", status="Paused", next_action="=2+2", owner="me")], COLUMNS)
    assert desk.sidekick("sheets", "pull")[0] == 1
    assert desk.sidekick("sheets", "pull", "--yes")[0] == 0
    lines = desk.lab.list.read_text(encoding="utf-8").splitlines()
    assert lines[2] == ROWS.splitlines()[1]
    assert lines[1].startswith('One,1,Paused,,,"\'=2+2"')
    assert desk.sidekick("sheets", "pull")[0] == 0
    code, out, _ = desk.sidekick("sheets", "pull", "new.csv")
    assert (code, (desk.root / "new.csv").exists()) == (1, False)
    assert "add row      One" in out
    assert desk.sidekick("sheets", "pull", "new.csv", "--yes")[0] == 0
    made = parse((desk.root / "new.csv").read_bytes(), encoding="utf-8", required=(), name="new")
    assert [line.cell("Owner") for line in made.snapshot.rows] == ["me"]


def test_rows_alike_are_not_copied(google: Emulator, tmp_path: Path) -> None:
    """Nobody knows which of them is which."""
    fill(google, "a", "a")
    source = sheet(google, tmp_path)
    with pytest.raises(TerminalError, match="2 rows are called"):
        plan_copy(source.read(), Snapshot("", (), ()), ("the sheet", "new.csv"))
    source.close()


@pytest.mark.parametrize("how", ["viewer", "protected", "header"])
def test_the_doctor_tells_that_a_sheet_may_only_be_read(
    desk: Desk, google: Emulator, how: str
) -> None:
    """By a look that changes nothing. The header alone may be protected: that does no harm."""
    fill(google, "a")
    if how == "viewer":
        google.book.readers.add(EMAIL)
        google.book.writers.clear()
    elif how == "protected":
        google.tab.protected = True
    else:
        google.fail("write", Fault(400, message="You are trying to edit a protected cell."))
    before = [list(line) for line in google.tab.cells]
    code, out, err = desk.sidekick("doctor")
    lines = [line for line in out.splitlines() if line[6:].startswith("list")]
    word = {"viewer": "may not be edited", "protected": "is protected", "header": "can be written"}
    assert (code, err) == (0 if how == "header" else 1, "")
    assert lines[-1].startswith("ok" if how == "header" else "MEND")
    assert word[how] in lines[-1]
    assert google.tab.cells == before


@pytest.mark.slow
@pytest.mark.parametrize("reason", [*TOKENS, *CASES])
def test_the_doctor_tells_each_failure_apart(desk: Desk, google: Emulator, reason: str) -> None:
    """With its mend, and whom to share the sheet with."""
    fill(google, "a")
    expected = reason
    if reason in TOKENS:
        google.token_error = ("invalid_grant", TOKENS[reason])
        with pytest.raises(SheetFault) as caught:
            sheet(google, desk.root).read()
        expected = caught.value.message
    else:
        fault, expected = CASES[reason]
        google.fail("batchGet", *[fault] * 3)
    code, out, err = desk.sidekick("doctor")
    (line,) = [line for line in out.splitlines() if line.startswith("MEND  list")]
    assert (code, expected in line, err) == (1, True, "")
    assert f"{EMAIL}: share the sheet with it" in out
