"""The schema and the types agree: what one lets pass, the other understands."""

import re
import string
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.core.desired import InvalidRow, parse_row
from controller.core.project import Project
from controller.core.row import Row
from controller.core.words import Status
from tests.core.world import HEADER, SCHEMA

BLANKS = st.text(" \t\n\u00a0", max_size=2)
LETTERS = st.characters(codec="utf-8", exclude_categories=["Cc"])


def cased(words: list[str]) -> st.SearchStrategy[str]:
    """The words in any mixture of upper and lower case."""
    return st.sampled_from(words).flatmap(
        lambda word: st.lists(st.booleans(), min_size=len(word), max_size=len(word)).map(
            lambda up: "".join(
                char.upper() if big else char.lower() for char, big in zip(word, up, strict=True)
            )
        )
    )


PRIORITY = st.one_of(st.just(""), st.integers(1, 999).map(str), st.just("007"))
STATUS = cased(["", *Status, "in   progress", "inprogress"])
DEADLINE = st.one_of(st.just(""), st.dates().map(date.isoformat))
GPU = cased(["", "yes", "y", "true", "1", "no", "n", "false", "0"])
SHORT = st.text(LETTERS, max_size=20)
NAME = st.text(LETTERS, min_size=1, max_size=40).filter(lambda text: bool(text.strip()))
VALID: dict[str, st.SearchStrategy[str]] = {
    "Project": NAME, "Priority": PRIORITY, "Status": STATUS, "Agent": SHORT,
    "Last Update": SHORT, "Next Action": st.text(LETTERS | st.just("\n"), max_size=200),
    "Deadline": DEADLINE, "GPU": GPU, "Model": SHORT,
}  # fmt: skip
ROWS = st.fixed_dictionaries(VALID)


def is_priority(text: str) -> bool:
    """Priority 1 (first) to 999; empty = last."""
    plain = text.isascii() and text.isdigit()
    return not text or (plain and len(text) <= 100 and 1 <= int(text) <= 999)


def is_date(text: str) -> bool:
    """ISO date or empty."""
    if not text:
        return True
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def is_status(text: str) -> bool:
    """One of seven words or empty, case and the blanks in In Progress ignored."""
    known = {"", "in progress", "inprogress", *(word.value.lower() for word in Status)}
    return re.sub(r"\s+", " ", text).casefold() in known


def is_gpu(text: str) -> bool:
    """Yes, No or empty, in four spellings each."""
    return text.lower() in {"", "yes", "y", "true", "1", "no", "n", "false", "0"}


RULES = {"Priority": is_priority, "Status": is_status, "Deadline": is_date, "GPU": is_gpu}


def parsed(cells: dict[str, str]) -> Project | InvalidRow:
    """The row of these cells, parsed."""
    return parse_row(Row(2, {column: cells.get(column, "") for column in HEADER}), SCHEMA)


@given(ROWS, BLANKS, BLANKS)
def test_valid_cells_always_type(cells: dict[str, str], before: str, behind: str) -> None:
    """Every row that the schema lets pass becomes a project, outer blanks aside."""
    project = parsed({column: before + text + behind for column, text in cells.items()})

    assert isinstance(project, Project), project
    assert cells["Project"].strip() == project.name
    assert (int(cells["Priority"]) if cells["Priority"] else None) == project.priority
    assert cells["Deadline"] == (project.deadline.isoformat() if project.deadline else "")
    assert (cells["GPU"].lower() in {"yes", "y", "true", "1"}) == project.gpu
    assert cells["Next Action"].strip() == project.next_action


NEAR_MISSES = st.one_of(
    st.text(max_size=12),
    st.text(string.digits + "-+. eE_٣１²", max_size=12),
    st.builds(
        lambda text, tail: text + tail, STATUS | GPU | DEADLINE | PRIORITY, st.text(max_size=2)
    ),
    st.integers(-10, 2000).map(str),
    st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", fullmatch=True),
    st.from_regex(r"[0-9]{4}-W[0-9]{2}-[0-9]", fullmatch=True),
)


@given(ROWS, st.sampled_from(list(RULES)), NEAR_MISSES)
@settings(deadline=None)
@example({"Project": "a"}, "Deadline", "2026-W05-1")
@example({"Project": "a"}, "Priority", "+1")
@example({"Project": "a"}, "Status", "Pen ding")
def test_invalid_cells_never_slip_through(cells: dict[str, str], column: str, text: str) -> None:
    """A cell is understood exactly where SEMANTICS says so, and the fault names its column."""
    item = parsed({**cells, column: text})

    if RULES[column](text.strip()):
        assert isinstance(item, Project)
    else:
        assert isinstance(item, InvalidRow)
        assert {(column, text.strip())} == {(fault.column, fault.value) for fault in item.faults}
        assert all(fault.allowed and fault.reason for fault in item.faults)


@given(st.dictionaries(st.sampled_from(HEADER), st.text(st.characters(codec=None), max_size=30)))
@settings(deadline=None)
def test_no_cells_whatever_break_the_parser(cells: dict[str, Any]) -> None:
    """Any text in any cell gives a project or a row with faults, and messages without control."""
    item = parsed(cells)

    if isinstance(item, InvalidRow):
        assert item.faults
        assert all("\x1b" not in fault.message for fault in item.faults)


@pytest.mark.slow
@given(ROWS, st.sampled_from(list(RULES)), NEAR_MISSES)
@settings(deadline=None)
def test_invalid_cells_never_slip_through_many_times(
    cells: dict[str, str], column: str, text: str
) -> None:
    """The same, with many examples."""
    item = parsed({**cells, column: text})

    assert RULES[column](text.strip()) is isinstance(item, Project)
