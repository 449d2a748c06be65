"""Faults of the settings: what is wrong, where it was set, and what is allowed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jsonschema.exceptions import ValidationError

from controller.core.errors import TerminalError
from controller.settings.yaml_marks import Document


class SettingsInvalid(TerminalError):
    """The settings must be edited; the message has a line for every fault."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("SettingsInvalid", "\n".join(faults))
        self.faults = faults


class Places:
    """Where each setting was set: a line of the file, or a variable.

    Args:
        path: The file.
        document: What it says, with places.
        variables: Path of a setting → the variable that overrides it.
    """

    def __init__(
        self, path: Path, document: Document, variables: Mapping[tuple[str, ...], str]
    ) -> None:
        self._path = path
        self._document = document
        self._variables = variables

    def explain(self, fault: ValidationError) -> list[str]:
        """A fault that the schema found, in a line or more."""
        keys = tuple(fault.absolute_path)
        schema: Any = fault.schema
        instance: Any = fault.instance
        rule: Any = fault.validator_value
        match fault.validator:
            case "additionalProperties":
                known = schema.get("properties", {})
                text = f"no such setting; there are {', '.join(sorted(known))}"
                return [
                    self.say((*keys, key), None, text) for key in sorted(set(instance) - set(known))
                ]
            case "enum":
                allowed = "allowed: " + ", ".join(str(value) for value in rule)
            case "type":
                allowed = f"must be of type {rule}"
            case "anyOf":
                allowed = "must be one of: " + ", ".join(_kind(option) for option in rule)
            case "minimum" | "exclusiveMinimum":
                allowed = f"must be {'more than' if 'ex' in fault.validator else 'at least'} {rule}"
            case "maximum":
                allowed = f"must be at most {rule}"
            case _:
                allowed = fault.message
        return [self.say(keys, instance, allowed)]

    def say(self, keys: tuple[str | int, ...], value: object, allowed: str) -> str:
        """One line: place, setting, value, and what is allowed."""
        if "[key]" in keys:  # pydantic's word for a key itself
            keys, value = tuple(key for key in keys if key != "[key]"), None
        name = ".".join(str(key) for key in keys) or "the settings"
        variable = self._variables.get(tuple(str(key) for key in keys))
        mark = self._document.mark(keys)
        place = f"{self._path}:{mark.line}:{mark.column}" if mark else str(self._path)
        shown = "" if value is None or isinstance(value, dict | list) else f" {value!r}"
        return f"{variable or place}: {name}{shown}: {allowed}"


def _kind(option: Mapping[str, Any]) -> str:
    kind = str(option.get("type", "value"))
    return "list of strings" if kind == "array" else kind
