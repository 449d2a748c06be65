"""The same rows as a CSV file and as a sheet: the same projects, faults, statuses and plan."""

import csv
import io
import json
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.row_schema import RowSchema
from controller.reading import RowReader
from controller.sources.csv_table import parse
from controller.sources.google_sheets_table import parse_values
from tests.cli.desk import Desk
from tests.e2e.lab import HEADER, ROOT
from tests.sheets.accounts import EMAIL, write_key
from tests.sheets.book import trimmed
from tests.sheets.emulator import KEY, Emulator

NAMES = HEADER.split(",")
ROWS = (
    ("Wanted", "1", "Pending", "", "", "do it", "2027-01-15", "Yes"),
    ("Twice", "2", "", "", "", "x"),
    ("Twice", "3", "", "", "", "y"),
    ("", "4", "", "", "", "nameless"),
    ("Typo", "5", "Pnding", "", "", "x"),
    ("Number", "007", "", "sh", "", "x"),
    ("Bad number", "1e5", "", "", "", "x"),
    ("Bad date", "6", "", "", "", "x", "15.01.2027"),
    (),
    ("Idle", "", "", "", "", ""),
    ("Unknown", "8", "", "nobody", "", "x"),
    ("Paused", "9", "paused", "", "", "x"),
)
_SCHEMA = RowSchema(json.loads((ROOT / "schemas/row.schema.json").read_text()))
_READER = RowReader(_SCHEMA)


def as_csv(rows: Sequence[Sequence[str]]) -> bytes:
    """The rows as a program saves them."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """A project's folder."""
    made = Desk(monkeypatch, capsys)
    try:
        yield made
    finally:
        made.clear()


@pytest.mark.slow
def test_commands_say_the_same(desk: Desk, google: Emulator) -> None:
    """`plan` and `validate`: every action, reason, row and column."""
    wide = [[*cells, *[""] * (len(NAMES) - len(cells))] for cells in ROWS]
    desk.lab.list.write_bytes(as_csv([NAMES, *wide]))
    google.book.writers.add(EMAIL)
    google.tab.cells = [list(NAMES), *(trimmed(cells) for cells in wide)]
    write_key(desk.root / "key.json", google.url)
    sheets = {"url": KEY, "credentials_file": "key.json", "endpoint": google.url}
    told = []
    mark = {"csv": f"{desk.lab.list.name}:", "sheets": f"{KEY}:"}
    for kind in ("csv", "sheets"):
        desk.patch.setenv("SIDEKICK_PRIORITY_SOURCE_TYPE", kind)
        for name, text in sheets.items():
            desk.patch.setenv(f"SIDEKICK_PRIORITY_SOURCE_SHEETS_{name.upper()}", text)
        _, plan, _ = desk.sidekick("plan", "-o", "json")
        code, faults, _ = desk.sidekick("validate")
        actions = json.loads(plan)["actions"]
        lines = [
            line[line.index(mark[kind]) + len(mark[kind]) - 1 :] for line in faults.splitlines()
        ]
        told.append((actions, code, lines))
    assert told[0] == told[1]
    actions, _, lines = told[0]
    assert {"Wanted", "Number"} <= {item["project"] for item in actions}
    assert [int(line.split(":")[1]) for line in lines] == [3, 4, 5, 6, 8, 9, 12]


_CELL = st.one_of(
    st.sampled_from(("", " ", "1", "007", "1e5", "Yes", "TRUE", "Paused", "nan", "=1+1")),
    st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=6),
)
_LINE = st.lists(_CELL, min_size=len(NAMES), max_size=len(NAMES))


@given(st.lists(_LINE, max_size=6))
def test_any_cells_mean_the_same(lines: list[list[str]]) -> None:
    """Whatever cells of one line say, they say it in both: the same projects and faults."""
    required = _SCHEMA.required
    first = parse(as_csv([NAMES, *lines]), encoding="utf-8", required=required, name="l").snapshot
    values = [NAMES, *(trimmed(line) for line in lines)]
    second = parse_values(values, required=required, name="l").snapshot
    assert first.columns == second.columns
    assert [row.cells for row in first.rows] == [row.cells for row in second.rows]
    wants = [_READER.parse(snapshot.rows) for snapshot in (first, second)]
    same = [{n: p.model_dump(exclude={"row"}) for n, p in want.projects.items()} for want in wants]
    assert same[0] == same[1]
    faults = [[(f.column, f.message) for r in w.invalid for f in r.faults] for w in wants]
    assert faults[0] == faults[1]
