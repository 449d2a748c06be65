"""Users may tighten or extend the schema."""

from typing import Any

import pytest

from controller.core.desired import parse_row
from controller.core.errors import TerminalError
from controller.core.project import Project
from controller.core.row_schema import RowSchema
from tests.core.world import HEADER, cells, invalid, line_of, row, schema


def tightened(**columns: Any) -> RowSchema:
    """The shipped schema with some columns' rules replaced or added."""
    shipped = schema()
    return RowSchema({**shipped, "properties": {**shipped["properties"], **columns}})


def test_an_enum_of_agents() -> None:
    """A user may list the agents that a row may name; the message lists them too."""
    strict = tightened(Agent={"enum": ["claude", "codex", ""]})

    (fault,) = invalid(row(agent="gemini"), strict).faults

    assert isinstance(parse_row(row(agent="codex"), strict), Project)
    assert (fault.column, fault.value) == ("Agent", "gemini")
    assert '"claude", "codex", ""' in fault.message


def test_a_column_of_ones_own() -> None:
    """A user may add a column with rules of its own."""
    strict = tightened(Owner={"pattern": "^@", "x-allowed": "a handle as @ada"})
    header = (*HEADER, "Owner")

    (fault,) = invalid(line_of(cells(owner="ada"), header), strict).faults

    assert fault.message == 'Owner "ada": a handle as @ada'
    assert isinstance(parse_row(line_of(cells(owner="@ada"), header), strict), Project)


def test_a_column_without_rules_may_say_anything() -> None:
    """Columns that nobody described are the user's own business."""
    assert isinstance(
        parse_row(line_of(cells(notes="\x1b…"), (*HEADER, "Notes")), tightened()), Project
    )


def test_a_rule_without_words_of_its_own_speaks_json_schema() -> None:
    """Without `x-allowed` the validator's own sentence tells what is wrong."""
    strict = tightened(Model={"minLength": 1})

    (fault,) = invalid(row(), strict).faults

    assert fault.column == "Model"
    assert fault.allowed


def test_more_names_under_required() -> None:
    """A row of a list that lacks a required column is invalid, and the column is named."""
    strict = RowSchema(schema(required=["Project", "Owner"]))

    assert strict.required == ("Project", "Owner")
    assert "Owner" in invalid(row(), strict).faults[0].message


def test_a_loosened_schema_lets_nothing_untyped_pass() -> None:
    """Whatever the schema lets pass, what has no type is invalid: no typo starts an agent."""
    loose = RowSchema({"type": "object"})

    for typed in (
        {"priority": "0"},
        {"priority": "x"},
        {"status": "Foo"},
        {"deadline": "soon"},
        {"gpu": "?"},
        {"name": ""},
        {"agent": "x" * 101},
        {"next_action": "\0"},
    ):
        faults = invalid(row(typed.pop("name", "alpha"), **typed), loose).faults
        assert len(faults) == 1, typed


@pytest.mark.parametrize(
    "broken",
    [
        {"required": "Project"},
        {"type": "row"},
        {"properties": {"Project": {"pattern": "("}}},
        {"properties": []},
    ],
)
def test_a_schema_that_is_none_is_refused_by_name(broken: dict[str, Any]) -> None:
    """A broken schema is somebody's word: it is shown with its place, once."""
    with pytest.raises(TerminalError) as caught:
        RowSchema(broken)

    assert caught.value.reason == "SchemaInvalid"


@pytest.mark.parametrize("where", ["#/nope", "#/$defs/Agent"])
def test_a_reference_to_nowhere_is_refused_by_name(where: str) -> None:
    """A $ref that leads nowhere is found when the schema is read, and not in every tick."""
    with pytest.raises(TerminalError):
        tightened(Agent={"$ref": where}).faults(row())


def test_a_forbidden_column_is_named() -> None:
    """JSON Schema's `false` under a column forbids the column, and the fault names it."""
    (fault,) = invalid(row(), tightened(Reason=False)).faults

    assert fault.column == "Reason"
