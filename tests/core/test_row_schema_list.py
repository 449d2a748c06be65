"""Rows of one list: names that are shared or missing, rows with too many cells."""

from dataclasses import replace

from controller.core.desired import parse_rows
from tests.core.world import SCHEMA, cells, desired, invalid, row


def test_two_rows_with_one_name_are_both_invalid() -> None:
    """Two rows with one name: both invalid, and each names the other's line."""
    read = desired(cells("a"), cells("b"), cells(" a "))

    assert list(read.projects) == ["b"]
    assert [
        (item.row.line, item.faults[0].reason, item.faults[0].allowed.split("line ")[1][0])
        for item in read.invalid
    ] == [(2, "DuplicateProject", "4"), (4, "DuplicateProject", "2")]


def test_a_duplicate_of_an_invalid_row_is_no_way_to_start_it() -> None:
    """A name that a valid and an invalid row share is nobody's."""
    read = desired(cells("a", priority="x"), cells("a"))

    assert (dict(read.projects), len(read.invalid)) == ({}, 2)


def test_names_differ_by_case() -> None:
    """Project: exact after trimming, so case tells two projects apart."""
    assert list(desired(cells("a"), cells("A")).projects) == ["a", "A"]


def test_rows_without_a_name_are_no_duplicates() -> None:
    """A blank name is a fault of its own row."""
    read = desired(cells(""), cells(" "), cells("a"))

    assert list(read.projects) == ["a"]
    assert {"InvalidRow"} == {fault.reason for item in read.invalid for fault in item.faults}
    assert read.nameless


def test_a_row_with_too_many_cells_is_invalid() -> None:
    """A cell beyond the header means an unquoted comma: nothing of the row can be trusted."""
    (fault,) = invalid(replace(row(), extra=("oops",))).faults

    assert fault.reason == "TooManyCells"
    assert "quotes" in fault.message


def test_one_bad_row_never_touches_the_others() -> None:
    """One bad row never stops the others."""
    read = desired(cells("a"), cells("b", status="Foo"), cells("c"))

    assert list(read.projects) == ["a", "c"]
    assert {"a", "b", "c"} == read.present
    assert not read.nameless


def test_an_empty_list() -> None:
    """A list without rows is a good read that wants nothing."""
    assert (parse_rows([], SCHEMA).projects, parse_rows([], SCHEMA).invalid) == ({}, ())
