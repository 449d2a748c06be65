"""The JSON Schema that rows are held against, which users may write as they like."""

import json
import re
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from referencing import Registry
from referencing.exceptions import Unresolvable

from controller.core import row as columns
from controller.core.errors import TerminalError
from controller.core.faults import Fault, shorten
from controller.core.row import Row
from controller.core.words import fold

ALLOWED_KEYWORD = "x-allowed"
"""The schema's own words for what a cell may say, shown to the user in an error."""
ALLOWED_SHOWN = 500
"""Characters of them that are shown; a validator's own words may repeat all that it was given."""
_STUMBLES = (
    *(Unresolvable, re.error),
    *(RecursionError, OverflowError, ValueError, TypeError, KeyError, AttributeError),
)
"""What a schema that leads nowhere, or in a circle, raises; besides the metaschema's own faults."""


class RowSchema:
    """The JSON Schema that rows are held against; users may tighten or extend it.

    Nothing outside of it is ever looked up: a reference to an address is one to nowhere. How long
    its rules may take is for the caller to bound, by a TimeoutError.

    Args:
        schema: A JSON Schema (2020-12) of an object whose properties are columns.
        own_words: What the controller itself writes into Agent besides the agents' names; the
            schema's rules for that column are about the user's words.

    Raises:
        TerminalError: The schema is no JSON Schema.
    """

    def __init__(self, schema: object, own_words: frozenset[str] = frozenset()) -> None:
        self._own_words = own_words
        if not isinstance(schema, dict):
            raise _invalid("its top", "an object with rules is wanted")
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            where = "/".join(str(part) for part in error.absolute_path) or "its top"
            raise _invalid(where, error.message) from error
        except _STUMBLES as error:
            raise _invalid("a place that cannot be told", _words(error)) from error
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
        except _STUMBLES as error:
            raise _invalid("a reference or rule", _words(error)) from error

    def faults(self, row: Row) -> tuple[Fault, ...]:
        """What the schema has against a row's cells (outer blanks do not count), by column.

        Raises:
            TerminalError: The caller's time was over before the rules had an answer.
        """
        cells = {column: text.strip() for column, text in row.cells.items()}
        if fold(cells.get(columns.AGENT, "")) in self._own_words:
            cells[columns.AGENT] = ""
        try:
            found = {
                fault.column: fault
                for fault in (
                    self._fault(row, error) for error in self._validator.iter_errors(cells)
                )
            }
        except TimeoutError as error:
            text = (
                f"line {row.line}: the schema of rows has no answer for this row in time; "
                "simplify its rules, first of all a pattern that repeats repetitions, as (a+)+"
            )
            raise TerminalError("SchemaTooSlow", text) from error
        except _STUMBLES as error:
            # Only this row's cells lead there, so that only this row is at fault.
            text = f"the schema of rows cannot judge it: {_words(error)}; mend the schema"
            return (Fault(row.line, "", "", text, "SchemaInvalid"),)
        return tuple(found.values())

    def _fault(self, row: Row, error: ValidationError) -> Fault:
        column = str(error.absolute_path[0]) if error.absolute_path else self._forbidden(row)
        rules = self._properties.get(column, {}) if column else {}
        if not isinstance(rules, dict):
            rules = {}
        allowed = rules.get(ALLOWED_KEYWORD)
        if allowed is None and error.validator == "enum" and isinstance(rules.get("enum"), list):
            values = (json.dumps(value, ensure_ascii=False) for value in rules["enum"])
            allowed = "allowed: " + ", ".join(values)
        text = shorten(str(allowed or error.message), ALLOWED_SHOWN)
        return Fault(row.line, column, row.cell(column), text)

    def _forbidden(self, row: Row) -> str:
        """The column that the schema `false` forbids: its fault comes without a path."""
        forbidden = (name for name, rules in self._properties.items() if rules is False)
        return next((name for name in forbidden if name in row.cells), "")


def _invalid(where: str, what: str) -> TerminalError:
    text = f"the schema of rows is no JSON Schema, at {where}: {shorten(what, ALLOWED_SHOWN)}"
    return TerminalError("SchemaInvalid", text)


def _words(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it leads in a circle, or too deep"
    if isinstance(error, Unresolvable):
        return f"it refers to what is not in it: {error}"
    return f"{type(error).__name__}: {error}"
