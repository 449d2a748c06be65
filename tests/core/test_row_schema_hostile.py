"""Schemas of rows that nobody should write: refused or bounded, never a defect, never a call."""

import socket
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.desired import InvalidRow, parse_row, parse_rows
from controller.core.errors import TerminalError
from controller.core.project import Project
from controller.core.row_schema import RowSchema
from controller.deadline import cpu_limit
from controller.reading import RowReader
from tests.core.world import row


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a schema made a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.parametrize(
    "schema",
    [
        *(True, False, None, [], "object", 5),
        {"$ref": "#"},
        {"properties": {"Project": {"$ref": "#/properties/Project"}}},
        {"properties": {"Project": {"$ref": "http://127.0.0.1:9/schema.json"}}},
        {"$ref": "file:///etc/passwd"},
        {"properties": {"Project": {"$ref": "other.json"}}},
        {"properties": {"Project": {"pattern": "a{99999999999}"}}},
        {"properties": {"Project": {"pattern": "(" * 3000 + ")" * 3000}}},
        {"properties": {"Project": {"pattern": "(?P<"}}},
        {"patternProperties": {"[": {}}},
        {"$ref": "#/properties/%ff"},
        {"$id": 5},
        {"required": "Project"},
    ],
    ids=str,
)
def test_a_schema_that_leads_nowhere_is_refused_when_it_is_read(schema: object) -> None:
    """With where and why, on one short line."""
    with pytest.raises(TerminalError) as caught:
        RowSchema(schema)

    assert caught.value.reason == "SchemaInvalid"
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 700


@pytest.mark.parametrize(
    "rule",
    [{"$ref": "#/nope"}, {"$ref": "#"}, {"$ref": "http://127.0.0.1:9/x"}],
    ids=["nowhere", "a circle", "an address"],
)
def test_what_only_some_cells_lead_to_is_a_fault_of_their_row(rule: dict[str, Any]) -> None:
    """One row is invalid, with the schema named; the others are projects."""
    schema = RowSchema(
        {"if": {"required": ["Model"], "properties": {"Model": {"const": "bad"}}}, "then": rule}
    )

    read = parse_rows([row("a", model="bad"), row("b")], schema)

    assert list(read.projects) == ["b"]
    (fault,) = read.invalid[0].faults
    assert fault.reason == "SchemaInvalid"
    assert "mend the schema" in fault.message


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|aa)+$", "^(a*)*$"])
def test_a_pattern_without_end_is_ended(pattern: str) -> None:
    """The list is refused with the line and the cause; the same rows are refused at once then."""
    schema = RowSchema({"properties": {"Model": {"pattern": pattern}}})
    rows = (row("a", model="a" * 25), row("b", model="a" * 40 + "b"))
    reader = RowReader(schema, seconds=0.2)

    for _ in range(3):
        with pytest.raises(TerminalError, match=r"line 2: .*simplify its rules") as caught:
            reader.parse(rows)
        assert caught.value.reason == "SchemaTooSlow"

    assert list(reader.parse((row("a", model="a" * 25),)).projects) == ["a"]


def test_rules_that_multiply_are_ended() -> None:
    """Fifty short definitions can mean more work than there is time."""
    definitions: dict[str, Any] = {
        f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(50)
    }
    with pytest.raises(TimeoutError), cpu_limit(0.2):
        RowSchema({"$ref": "#/$defs/d0", "$defs": {**definitions, "d50": True}})


@pytest.mark.parametrize(
    "words", [5, ["a", "b"], {"a": 1}, "x" * 10_000, "\x1b[31mred\n", None, ""], ids=str
)
def test_words_of_any_kind_are_shown_on_one_line(words: object) -> None:
    """What the schema calls allowed may be anything; a message is a short printable line."""
    schema = RowSchema({"properties": {"Model": {"maxLength": 1, "x-allowed": words}}})

    item = parse_row(row(model="long"), schema)

    assert isinstance(item, InvalidRow)
    assert item.faults[0].message.isprintable()
    assert len(item.faults[0].message) < 700


def test_a_message_does_not_repeat_a_long_row() -> None:
    """A rule on the whole row speaks of the row, and not all of it."""
    schema = RowSchema({"not": {"required": ["Project"]}})

    item = parse_row(row(next_action="x" * 90_000), schema)

    assert isinstance(item, InvalidRow)
    assert len(item.faults[0].message) < 700


COLUMNS = st.sampled_from(["Project", "Status", "Model", "Owner"])
REFERENCES = st.sampled_from(
    ["#", "#/nope", "#/$defs/a", "#/properties/Model", "http://127.0.0.1:9/", "", "#a", "urn:x"]
)
PATTERNS = st.sampled_from(["^a*$", "(", "(a+)+$", "\\p{L}", "[[:alpha:]]", "(?i)x", "x{1,", "\\"])
LEAVES = st.one_of(st.booleans(), st.none(), st.integers(), st.text(max_size=3), REFERENCES)


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Rules, mostly of the form that they should have."""
    return st.fixed_dictionaries({}, optional={
        "$ref": REFERENCES, "$dynamicRef": REFERENCES, "pattern": PATTERNS | LEAVES,
        "properties": st.dictionaries(COLUMNS, inner, max_size=2), "if": inner, "then": inner,
        "not": inner, "allOf": st.lists(inner, min_size=1, max_size=2), "enum": st.lists(LEAVES),
        "anyOf": st.lists(inner, min_size=1, max_size=2), "type": LEAVES | st.just("object"),
        "required": st.lists(COLUMNS, unique=True, max_size=2), "x-allowed": LEAVES | inner,
        "$defs": st.dictionaries(st.just("a"), inner), "$id": LEAVES, "$anchor": LEAVES,
        "patternProperties": st.dictionaries(PATTERNS, inner, max_size=1), "format": LEAVES,
        "unevaluatedProperties": inner, "dependentSchemas": st.dictionaries(COLUMNS, inner),
        "minLength": LEAVES, "const": LEAVES, "propertyNames": inner, "$schema": LEAVES,
    })  # fmt: skip


SCHEMAS = st.recursive(LEAVES, objects, max_leaves=5)


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.filterwarnings("ignore:Possible :FutureWarning")  # of Python, about a doubtful pattern
@given(objects(SCHEMAS) | SCHEMAS, st.sampled_from(["", "a", "Pending", "a" * 12 + "b"]))
@settings(deadline=None)
def test_any_schema_is_refused_or_judges(schema: object, text: str) -> None:
    """Whatever the schema says, a row is a project, invalid, or the schema is at fault."""
    try:
        with cpu_limit(2):
            item = parse_row(row(text, model=text, status=text), RowSchema(schema))
    except (TerminalError, TimeoutError):
        return
    assert isinstance(item, Project | InvalidRow)
    if isinstance(item, InvalidRow):
        assert item.faults
        assert all(fault.message.isprintable() for fault in item.faults)
