"""Faults of the settings: what is wrong, where it was set, and what is allowed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jsonschema.exceptions import ValidationError

from controller.core.errors import TerminalError, TransientError
from controller.core.faults import shorten
from controller.settings.notifications import PATH
from controller.settings.yaml_marks import Document

_LONGEST = 5_000
"""Characters of a fault: the longest path (4,095 bytes) and a sentence."""
_SHOWN = 80
"""Characters of a value that is told."""
_ADDRESS = "://"
"""What is in every address of a notification, which may hold a password."""


class SettingsInvalid(TerminalError):
    """The settings must be edited; the message has a printable line for every fault."""

    def __init__(self, faults: list[str]) -> None:
        faults = [shorten(fault, _LONGEST) for fault in faults]
        super().__init__("SettingsInvalid", "\n".join(faults))
        self.faults = faults


class SettingsBusy(TransientError):
    """A program is about to save the settings; they are to be read again.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(
            "SettingsBusy",
            f"{path}: a program has it open for writing, so that it may be half of a save; it is "
            "read when that program is done",
        )


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
            case "anyOf" if nearer := _of_its_kind(fault):
                return [line for one in nearer for line in self.explain(one)]
            case "anyOf":
                allowed = _unlike(fault) or "must be one of: " + ", ".join(map(_kind, rule))
            case "minimum" | "exclusiveMinimum":
                allowed = f"must be {'more than' if 'ex' in fault.validator else 'at least'} {rule}"
            case "maximum":
                allowed = f"must be at most {rule}"
            case _:
                allowed = fault.message
        return [self.say(keys, instance, allowed)]

    def say(self, keys: tuple[str | int, ...], value: object, allowed: str) -> str:
        """One line: place, setting, value, and what is allowed."""
        if keys[:1] == (PATH,) and _ADDRESS in str(value):
            value = None
        if "[key]" in keys:  # pydantic's word for a key itself
            keys, value = tuple(key for key in keys if key != "[key]"), None
        path = tuple(str(key) for key in keys)
        if path[:-1] in self._variables:  # a list in a variable: its items have no place there
            path = path[:-1]
        name = ".".join(path) or "the settings"
        variable = self._variables.get(path)
        mark = self._document.mark(keys)
        place = f"{self._path}:{mark.line}:{mark.column}" if mark else str(self._path)
        shown = (
            "" if value is None or isinstance(value, dict | list | tuple) else f" {_shown(value)}"
        )
        return f"{variable or place}: {shorten(name)}{shown}: {shorten(allowed, 500)}"


def _of_its_kind(fault: ValidationError) -> list[ValidationError]:
    """What is wrong by the one form that the value's kind leaves: a mapping, or a list of them."""
    forms: dict[int, list[ValidationError]] = {}
    for one in fault.context or ():
        forms.setdefault(int(one.schema_path[0]), []).append(one)
    fitting = [
        found
        for found in forms.values()
        if isinstance(fault.instance, dict | list)
        and not any(one.validator == "type" and not one.path for one in found)
    ]
    return fitting[0] if len(fitting) == 1 else []


def _unlike(fault: ValidationError) -> str:
    """What keeps a value of an allowed kind from being one; empty where its kind is wrong."""
    others = (one.message for one in fault.context or () if one.validator == "pattern")
    return next(others, "")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _kind(option: Mapping[str, Any]) -> str:
    kind = str(option.get("type", "value"))
    return "list of strings" if kind == "array" else kind
