"""Each column's rules: what a cell may say, and what a person is told where it may not."""

from datetime import date

import pytest

from controller.core.desired import parse_row
from controller.core.words import Status
from tests.core.world import SCHEMA, cells, invalid, line_of, project, row


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", None),
        ("1", 1),
        ("999", 999),
        ("007", 7),
        (" 12 ", 12),
    ],
)
def test_priority_is_1_to_999_or_empty(text: str, expected: int | None) -> None:
    """Priority 1 (first) to 999; empty = last; outer blanks do not count."""
    assert expected == project(priority=text).priority


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "000",
        "1000",
        "-1",
        "+1",
        "1.0",
        "1e2",
        "high",
        "٣",
        "１",
        "²",
        "1 2",
        "1\n2",
        "9" * 500,
    ],
)
def test_any_other_priority_is_invalid(text: str) -> None:
    """Anything else is invalid: a typo must not start an agent."""
    faults = invalid(row(priority=text)).faults

    assert [("Priority", text.strip())] == [(fault.column, fault.value) for fault in faults]
    assert "1 (first) to 999" in faults[0].message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("Pending", Status.PENDING),
        ("queued", Status.QUEUED),
        ("IN PROGRESS", Status.IN_PROGRESS),
        ("inprogress", Status.IN_PROGRESS),
        (" In   Progress ", Status.IN_PROGRESS),
        ("In\tProgress", Status.IN_PROGRESS),
        ("In\u00a0Progress", Status.IN_PROGRESS),
        ("wAiTiNg", Status.WAITING),
        ("Paused ", Status.PAUSED),
        ("BLOCKED", Status.BLOCKED),
        ("completed", Status.COMPLETED),
    ],
)
def test_status_ignores_case_and_spaces(text: str, expected: Status | None) -> None:
    """The user's word: case and spaces ignored."""
    assert expected is project(status=text).status


@pytest.mark.parametrize(
    "text", ["Foo", "Done", "Pause", "Pending!", "Pending, Queued", "In-Progress", "0", "None"]
)
def test_any_other_status_is_invalid(text: str) -> None:
    """Any other word: row invalid; a person is told which words there are."""
    (fault,) = invalid(row(status=text)).faults

    assert ("Status", text) == (fault.column, fault.value)
    assert all(word.value in fault.message for word in Status)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", None), ("2026-01-31", date(2026, 1, 31)), (" 2024-02-29 ", date(2024, 2, 29))],
)
def test_deadline_is_an_iso_date_or_empty(text: str, expected: date | None) -> None:
    """Deadline ISO date."""
    assert expected == project(deadline=text).deadline


@pytest.mark.parametrize(
    "text",
    [
        *("2026-02-30", "2025-02-29", "2026-13-01", "0000-01-01", "26-01-31", "20260131"),
        *("2026-W05-1", "2026-1-31", "31.01.2026", "01/31/2026", "2026-01-31T00:00", "tomorrow"),
    ],
)
def test_any_other_deadline_is_invalid(text: str) -> None:
    """A date that is no ISO date, or no day of the calendar, is invalid."""
    (fault,) = invalid(row(deadline=text)).faults

    assert ("Deadline", text) == (fault.column, fault.value)
    assert "2026-01-31" in fault.message


@pytest.mark.parametrize("text", ["yes", "YES", "y", "True", "1", " Yes "])
def test_gpu_yes(text: str) -> None:
    """The words for a row that needs a GPU, case and outer blanks ignored."""
    assert project(gpu=text).gpu


@pytest.mark.parametrize("text", ["", "No", "n", "FALSE", "0"])
def test_gpu_no(text: str) -> None:
    """The words for a row that needs none."""
    assert not project(gpu=text).gpu


@pytest.mark.parametrize("text", ["2", "maybe", "on", "A100", "yes please"])
def test_any_other_gpu_word_is_invalid(text: str) -> None:
    """A number of GPUs or a model of one is not understood, so it is refused."""
    (fault,) = invalid(row(gpu=text)).faults

    assert ("GPU", text) == (fault.column, fault.value)
    assert "Yes, No" in fault.message


@pytest.mark.parametrize(
    "name",
    ["alpha", " alpha ", "Zwölf Äpfel", "项目", "🚀", "../../etc", "-rf", "a;b", "$(x)", "x" * 200],
)
def test_project_is_any_name_on_one_line(name: str) -> None:
    """Project: exact after trimming; hostile characters are a name's own business."""
    assert name.strip() == project(name).name


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\tb", "a\0b", "\x7f", "a\x1bb", "x" * 201])
def test_no_name_or_a_name_with_control_characters_is_invalid(name: str) -> None:
    """A row without a name on one line of at most 200 characters is invalid."""
    faults = invalid(row(name, next_action="x")).faults

    assert [fault.column for fault in faults] == ["Project"]
    assert "1 to 200 characters" in faults[0].message


def test_next_action_of_100_kilobytes() -> None:
    """Next Action holds up to 100,000 characters."""
    assert len(project(next_action="x" * 100_000).next_action) == 100_000


def test_longer_next_action_is_invalid_and_not_repeated_in_the_message() -> None:
    """One character more is too much, and the message stays readable."""
    (fault,) = invalid(row(next_action="x" * 100_001)).faults

    assert fault.column == "Next Action"
    assert "100,000 characters" in fault.message
    assert len(fault.message) < 200


@pytest.mark.parametrize("text", ["a\0b", "é" * 70_000], ids=["NUL", "140,000 bytes"])
def test_next_action_that_no_program_can_be_given_is_invalid(text: str) -> None:
    """The prompt is an argument of a program: no NUL, and fewer than 131,071 bytes."""
    assert [fault.column for fault in invalid(row(next_action=text)).faults] == ["Next Action"]


def test_next_action_keeps_its_lines() -> None:
    """Next Action is the prompt, line breaks included."""
    assert project(next_action="one\n\ntwo\n").next_action == "one\n\ntwo"


@pytest.mark.parametrize("keyword", ["agent", "model", "last_update"])
def test_short_texts_have_a_limit(keyword: str) -> None:
    """Agent, Model and Last Update hold at most 100 characters, uninterpreted."""
    assert getattr(project(**{keyword: "x" * 100}), keyword) == "x" * 100
    assert len(invalid(row(**{keyword: "x" * 101})).faults) == 1


@pytest.mark.parametrize("keyword", ["agent", "next_action", "model"])
def test_a_half_character_is_a_fault_of_its_row(keyword: str) -> None:
    """A text that is no Unicode makes its row invalid, and never breaks the read."""
    assert len(invalid(row(**{keyword: "\ud800"})).faults) == 1


def test_every_fault_is_told() -> None:
    """An invalid row is shown with its columns and why, all of them at once."""
    faults = invalid(row(priority="x", status="Foo", deadline="x", gpu="x")).faults

    assert {"Priority", "Status", "Deadline", "GPU"} == {fault.column for fault in faults}


def test_control_characters_of_a_cell_reach_no_terminal() -> None:
    """What a message repeats of a cell is printable."""
    (fault,) = invalid(row(status="\x1b[31mFoo\x07")).faults

    assert fault.message.isprintable()


def test_optional_columns_may_be_missing() -> None:
    """Deadline, GPU and Model are optional columns."""
    header = ("Project", "Priority", "Status", "Agent", "Last Update", "Next Action")

    parsed = parse_row(line_of(cells(), header), SCHEMA)

    assert project().model_copy(update={"row": parsed.row}) == parsed


@pytest.mark.parametrize(
    ("keyword", "text", "allowed"),
    [("status", "waıtıng", "Waiting"), ("gpu", "yeſ", "Yes, No")],
)
def test_a_lookalike_letter_is_told_what_is_allowed(keyword: str, text: str, allowed: str) -> None:
    """The schema's own words tell a person what a cell may say, whoever found the fault."""
    (fault,) = invalid(row(**{keyword: text})).faults

    assert allowed in fault.message


def test_too_many_bytes_are_told_the_limit() -> None:
    """An error names what is allowed."""
    (fault,) = invalid(row(next_action="é" * 70_000)).faults

    assert "128,000" in fault.message
