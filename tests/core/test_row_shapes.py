"""Rows whose cells and the header's do not meet: told, left alone, and no proof of a deletion."""

from dataclasses import replace

import pytest

from controller.core.actions import Plan
from controller.core.desired import parse_rows
from controller.core.row import Row, Shape
from controller.core.status import summarize
from tests.core.fleet import Fleet
from tests.core.world import NOW, SCHEMA, cells, observed, row


@pytest.mark.parametrize(
    ("shape", "written"), [(Shape.EVEN, True), (Shape.WIDE, False), (Shape.CUT, False)]
)
def test_nothing_is_written_where_a_cell_may_be_anothers(shape: Shape, written: bool) -> None:
    """A reason over a user's word that moved there would lose it; a filled-up row looks whole."""
    desired = parse_rows([replace(row("a", status="Foo", reason="Opus"), shape=shape)], SCHEMA)

    (status,) = summarize(Plan(), desired, observed(), (), NOW).rows

    assert bool(status.cells) == written
    assert status.message


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (replace(row("a"), shape=Shape.CUT), "RowCut"),
        (replace(row("a"), shape=Shape.WIDE, extra=("x",)), "TooManyCells"),
    ],
)
def test_a_name_that_may_be_half_proves_no_deletion(given: Row, reason: str) -> None:
    """What stands in its place in the header may be another cell, or a part of one."""
    desired = parse_rows([given], SCHEMA)

    assert desired.nameless
    assert [fault.reason for fault in desired.invalid[0].faults] == [reason]


def test_a_wide_row_that_is_valid_is_a_project_like_any_other() -> None:
    """A comma at its end, as spreadsheets leave it, says nothing."""
    desired = parse_rows([replace(row("a"), shape=Shape.WIDE)], SCHEMA)

    assert list(desired.projects) == ["a"]
    assert not desired.nameless


def test_half_a_conflict_in_a_cell_is_a_prompt() -> None:
    """Only both sides of one are git's; a line of equals signs is a heading."""
    for text in ("Title\n=======\ntext", "<<<<<<< a\ntext", "a <<<<<<< b\n=======\n>>>>>>> c"):
        assert list(parse_rows([row("a", next_action=text)], SCHEMA).projects) == ["a"]


@pytest.mark.parametrize("error", ["#REF!", "#N/A", "Loading..."])
@pytest.mark.parametrize("column", ["next_action", "model", "agent"])
def test_a_formula_that_fails_is_no_word_of_the_user(column: str, error: str) -> None:
    """No agent is sent to work on it, and what runs on the text of before goes on."""
    fleet = Fleet(cells("a", model="opus"))
    fleet.rest()
    (run,) = fleet.living()
    fleet.type("a", **{column: error})
    fleet.rest()
    assert fleet.living() == [run]
    assert fleet.says("a")[1] == "FormulaError"
    fresh = Fleet(cells("a", **{column: error}))
    fresh.rest()
    assert not fresh.living()


def test_a_formula_that_lost_a_name_deletes_nothing() -> None:
    """The project of before may be that row's; a word about such an error is a prompt."""
    fleet = Fleet(cells("a"), cells("b", next_action="mend #REF! in the sheet"))
    fleet.rest()
    runs = fleet.living()
    fleet.type("a", project="#NAME?")
    for _ in range(4):
        fleet.sleep(60)
        fleet.tick()
    assert fleet.living() == runs
    assert len(runs) == 2
