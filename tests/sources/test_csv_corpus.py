"""Broken lists as people have them: each is refused with its place, or read as what it is."""

from pathlib import Path

import pytest

from controller.core.desired import Desired, parse_rows
from controller.sources.base import Edit, SourceEmpty, SourceInvalid, SourceUnavailable
from controller.sources.csv_file import CsvFile
from tests.core.world import SCHEMA
from tests.corpus.cases import CORPUS, Case, cases

GOOD = (CORPUS / "list" / "good.csv").read_bytes()
CASES = cases("list")
REFUSED = [case for case in CASES if case.says("Refused") or case.says("Unavailable")]
READ = [case for case in CASES if case not in REFUSED]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the list is."""
    return tmp_path / "list.csv"


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_a_broken_list_is_refused_with_its_place_and_never_written(case: Case, path: Path) -> None:
    """The error names file, line, column and mend; once mended, the list is read again."""
    path.write_bytes(GOOD)
    source = CsvFile(path)
    good = source.read()
    data = case.path.read_bytes()
    path.write_bytes(data)

    with pytest.raises((SourceInvalid, SourceUnavailable)) as caught:
        source.read()

    error = caught.value
    assert error.reason == case.says("Refused") + case.says("Unavailable")
    assert isinstance(error, SourceEmpty if case.says("Unavailable") else SourceInvalid)
    assert str(path) in error.message
    assert case.says("Says") in error.message
    if isinstance(error, SourceInvalid):
        assert (str(error.line or ""), error.column or "") == (
            case.says("Line"), case.says("Column"),
        )  # fmt: skip
        assert f"{path}, line {error.line}: " in error.message or error.line is None

    with pytest.raises(type(error)) as again:
        source.write([Edit(good.rows[0], {"Status": "In Progress"})])
    assert again.value.message == error.message
    assert path.read_bytes() == data
    path.write_bytes(GOOD)
    assert source.read() is good


@pytest.mark.parametrize("case", READ, ids=str)
def test_an_odd_list_is_read_as_what_it_is(case: Case, path: Path) -> None:
    """Its valid rows are projects, each other one is told with line, column and what is allowed."""
    path.write_bytes(case.path.read_bytes())

    desired = parse_rows(CsvFile(path).read().rows, SCHEMA)

    assert ", ".join(desired.projects) == case.says("Projects")
    wanted = [fact.split(": ", 1) for fact in case.each("Invalid")]
    assert faults_of(desired) == [place for place, _ in wanted]
    for row, (_, words) in zip(desired.invalid, wanted, strict=True):
        assert words in row.faults[0].message


def faults_of(desired: Desired) -> list[str]:
    """Line, column and reason of each invalid row's first fault."""
    faults = [row.faults[0] for row in desired.invalid]
    return [f"{fault.line} {fault.column or '-'} {fault.reason}" for fault in faults]


@pytest.mark.parametrize("case", READ, ids=str)
def test_an_odd_list_is_edited_and_stays_what_it_is(case: Case, path: Path) -> None:
    """A Status written to every row is there after, and no other cell changed."""
    path.write_bytes(case.path.read_bytes())
    source = CsvFile(path)
    before = source.read()

    written = source.write([Edit(row, {"Status": "Waiting"}) for row in before.rows])

    after = CsvFile(path).read()
    assert len(written.applied) == len(before.rows)
    assert after.columns == before.columns
    assert [row.line for row in after.rows] == [row.line for row in before.rows]
    for old, new in zip(before.rows, after.rows, strict=True):
        assert new.cells == {**old.cells, "Status": "Waiting"}
        assert new.extra == old.extra
