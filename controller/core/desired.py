"""The desired state: every row of one read of the list, valid or not."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from referencing import Registry
from referencing.exceptions import Unresolvable

from controller.core import row as columns
from controller.core.errors import TerminalError
from controller.core.faults import Fault
from controller.core.project import Project, type_row
from controller.core.row import Row
from controller.core.words import fold

ALLOWED_KEYWORD = "x-allowed"
"""The schema's own words for what a cell may say, shown to the user in an error."""


@dataclass(frozen=True, slots=True)
class InvalidRow:
    """A row that is shown with its faults and acted on in no other way.

    Attributes:
        row: The row as read.
        faults: At least one.
    """

    row: Row
    faults: tuple[Fault, ...]

    @property
    def name(self) -> str:
        """The Project cell; may be empty, or shared with other rows."""
        return self.row.cell(columns.PROJECT)


@dataclass(frozen=True, slots=True)
class Desired:
    """What one whole read of the list wants.

    Attributes:
        projects: Name → project, in the list's order; names are unique.
        invalid: Rows that passed not, in the list's order.
    """

    projects: Mapping[str, Project]
    invalid: tuple[InvalidRow, ...] = ()

    @property
    def present(self) -> frozenset[str]:
        """Every name that the list holds, in valid and invalid rows."""
        return frozenset(self.projects) | {row.name for row in self.invalid if row.name}

    @property
    def nameless(self) -> bool:
        """Whether a row lost its name, so that absence of a name proves no deletion."""
        return any(not row.name for row in self.invalid)


class RowSchema:
    """The JSON Schema that rows are held against; users may tighten or extend it.

    Args:
        schema: A JSON Schema (2020-12) of an object whose properties are columns.
        own_words: What the controller itself writes into Agent besides the agents' names; the
            schema's rules for that column are about the user's words.

    Raises:
        TerminalError: The schema is no JSON Schema.
    """

    def __init__(self, schema: Mapping[str, Any], own_words: frozenset[str] = frozenset()) -> None:
        self._own_words = own_words
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            where = "/".join(str(part) for part in error.absolute_path) or "its top"
            raise TerminalError(
                "SchemaInvalid",
                f"the schema of rows is no JSON Schema, at {where}: {error.message}",
            ) from error
        self._properties: Mapping[str, Any] = schema.get("properties", {})
        self._validator = Draft202012Validator(
            schema, format_checker=Draft202012Validator.FORMAT_CHECKER, registry=Registry()
        )
        self._try_references()
        self.required = tuple(str(column) for column in schema.get("required", ()))

    def _try_references(self) -> None:
        """Follow every reference once, so that a broken one is told before any row is read."""
        try:
            list(self._validator.iter_errors(dict.fromkeys(self._properties, "")))
        except Unresolvable as error:
            text = f"the schema of rows refers to what is not there: {error}"
            raise TerminalError("SchemaInvalid", text) from error

    def faults(self, row: Row) -> tuple[Fault, ...]:
        """What the schema has against a row's cells (outer blanks do not count), by column."""
        cells = {column: text.strip() for column, text in row.cells.items()}
        if fold(cells.get(columns.AGENT, "")) in self._own_words:
            cells[columns.AGENT] = ""
        found = {
            fault.column: fault
            for fault in (self._fault(row, error) for error in self._validator.iter_errors(cells))
        }
        return tuple(found.values())

    def _fault(self, row: Row, error: ValidationError) -> Fault:
        column = str(error.absolute_path[0]) if error.absolute_path else self._forbidden(row)
        rules = self._properties.get(column, {}) if column else {}
        if not isinstance(rules, dict):
            rules = {}
        allowed = rules.get(ALLOWED_KEYWORD)
        if allowed is None and error.validator == "enum":
            values = (json.dumps(value, ensure_ascii=False) for value in rules.get("enum", ()))
            allowed = "allowed: " + ", ".join(values)
        return Fault(row.line, column, row.cell(column), allowed or error.message)

    def _forbidden(self, row: Row) -> str:
        """The column that the schema `false` forbids: its fault comes without a path."""
        forbidden = (name for name, rules in self._properties.items() if rules is False)
        return next((name for name in forbidden if name in row.cells), "")


def parse_row(row: Row, schema: RowSchema) -> Project | InvalidRow:
    """A row becomes a project, or stays a row with its faults."""
    faults = _shape(row) or schema.faults(row)
    if faults:
        return InvalidRow(row, faults)
    typed = type_row(row)
    return typed if isinstance(typed, Project) else InvalidRow(row, typed)


def parse_rows(rows: Iterable[Row], schema: RowSchema) -> Desired:
    """Parse every row by itself; rows that share a name are all invalid."""
    parsed = [parse_row(row, schema) for row in rows]
    counts = Counter(item.name for item in parsed if item.name)
    lines = defaultdict(list)
    for item in parsed:
        if counts[item.name] > 1:
            lines[item.name].append(item.row.line)
    projects: dict[str, Project] = {}
    invalid: list[InvalidRow] = []
    for item in parsed:
        if item.name in lines:
            others = ", ".join(str(line) for line in lines[item.name] if line != item.row.line)
            fault = Fault(
                item.row.line,
                columns.PROJECT,
                item.name,
                f"the same name stands on line {others}; rename or delete one",
                "DuplicateProject",
            )
            invalid.append(InvalidRow(item.row, (fault,)))
        elif isinstance(item, Project):
            projects[item.name] = item
        else:
            invalid.append(item)
    return Desired(projects, tuple(invalid))


def _shape(row: Row) -> tuple[Fault, ...]:
    if not row.extra:
        return ()
    return (
        Fault(
            row.line,
            "",
            "",
            f"the row has {len(row.extra)} cells more than the header; "
            "a cell that holds a comma needs quotes around it",
            "TooManyCells",
        ),
    )
