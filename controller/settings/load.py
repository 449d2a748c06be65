"""Reading the settings: the file, the environment over it, the schema, then types."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError as SchemaFault
from pydantic import ValidationError

from controller.core.errors import TerminalError
from controller.settings.environment import overrides
from controller.settings.model import Settings
from controller.settings.yaml_marks import Document, parse

CONFIG = "config.yaml"
SCHEMA = "config.schema.json"
CONFIG_VARIABLE = "SIDEKICK_CONFIG"


class SettingsInvalid(TerminalError):
    """The settings must be edited; the message has a line for every fault."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("SettingsInvalid", "\n".join(faults))
        self.faults = faults


def find_config(given: str | None, environment: Mapping[str, str], here: Path) -> Path:
    """The file of the settings: the one named, or config.yaml here or in a folder above.

    Raises:
        SettingsInvalid: There is none.
    """
    named = given or environment.get(CONFIG_VARIABLE)
    if named:
        path = here / named
        if not path.is_file():
            raise SettingsInvalid([f"{path}: there is no such file; see --config"])
        return path.resolve()
    for folder in (here, *here.parents):
        if (folder / CONFIG).is_file():
            return folder / CONFIG
    raise SettingsInvalid(
        [f"no {CONFIG} in {here} or above; go to the project's folder, or give --config FILE"]
    )


def load_settings(path: Path, environment: Mapping[str, str]) -> Settings:
    """Read and check the settings; paths in them become absolute.

    Raises:
        SettingsInvalid: With file, line, column, value and what is allowed, for every fault.
    """
    document = _read(path)
    if not isinstance(document.data, dict):
        raise SettingsInvalid([f"{path}:1:1: must be a mapping of settings, as slots: 4"])
    changed = overrides(environment)
    data = json.loads(json.dumps(document.data, default=str))
    for keys, (_, value) in changed.items():
        _put(data, keys, value)
    where = _Places(path, document, {keys: name for keys, (name, _) in changed.items()})
    schema_folder = (path.parent / _get(data, ("paths", "schemas"), "schemas")).resolve()
    faults = [where.explain(fault) for fault in _against(schema_folder / SCHEMA, data)]
    if faults:
        raise SettingsInvalid(faults)
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        raise SettingsInvalid(
            [where.say(item["loc"], item.get("input"), item["msg"]) for item in error.errors()]
        ) from error
    faults = [where.say(*fault) for fault in _cross_check(settings)]
    if faults:
        raise SettingsInvalid(faults)
    return _absolute(settings, path.parent.resolve())


def _read(path: Path) -> Document:
    try:
        return parse(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsInvalid([f"{path}: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise SettingsInvalid([f"{path}: is not UTF-8 at byte {error.start}"]) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise SettingsInvalid([f"{path}{place}: {error.problem or error.context}"]) from error
    except yaml.YAMLError as error:
        raise SettingsInvalid([f"{path}: {error}"]) from error


def _against(schema: Path, data: Any) -> list[SchemaFault]:
    try:
        document = json.loads(schema.read_text(encoding="utf-8"))
        Draft202012Validator.check_schema(document)
    except (OSError, ValueError) as error:
        raise SettingsInvalid([f"{schema}: {error}; see paths.schemas"]) from error
    validator = Draft202012Validator(document)
    return sorted(validator.iter_errors(data), key=lambda fault: [str(p) for p in fault.path])


class _Places:
    """Where each setting was set: a line of the file, or a variable."""

    def __init__(
        self, path: Path, document: Document, variables: Mapping[tuple[str, ...], str]
    ) -> None:
        self._path = path
        self._document = document
        self._variables = variables

    def explain(self, fault: SchemaFault) -> str:
        keys = tuple(fault.absolute_path)
        rule: Any = fault.validator_value
        schema: Any = fault.schema
        instance: Any = fault.instance
        match fault.validator:
            case "additionalProperties":
                known = schema.get("properties", {})
                unknown = min(set(instance) - set(known))
                text = f"no such setting; there are {', '.join(sorted(known))}"
                return self.say((*keys, unknown), None, text)
            case "enum":
                allowed = "allowed: " + ", ".join(str(value) for value in rule)
            case "type":
                allowed = f"must be of type {rule}"
            case "minimum" | "exclusiveMinimum":
                allowed = f"must be {'more than' if 'ex' in fault.validator else 'at least'} {rule}"
            case "maximum":
                allowed = f"must be at most {rule}"
            case _:
                allowed = fault.message
        return self.say(keys, instance, allowed)

    def say(self, keys: tuple[str | int, ...], value: object, allowed: str) -> str:
        name = ".".join(str(key) for key in keys) or "the settings"
        variable = self._variables.get(tuple(str(key) for key in keys))
        mark = self._document.mark(keys)
        place = f"{self._path}:{mark.line}:{mark.column}" if mark else str(self._path)
        shown = "" if value is None or isinstance(value, dict | list) else f" {value!r}"
        return f"{variable or place}: {name}{shown}: {allowed}"


def _cross_check(settings: Settings) -> list[tuple[tuple[str | int, ...], object, str]]:
    """What no schema can say: names that must be defined elsewhere in the file."""
    known = ", ".join(["demo", *sorted(settings.agents)])
    faults: list[tuple[tuple[str | int, ...], object, str]] = []
    if "demo" in settings.agents:
        faults.append((("agents", "demo"), None, "the name demo is taken by the built-in agent"))
    names = {"demo", *settings.agents}
    if settings.default_agent not in names:
        faults.append((("default_agent",), settings.default_agent, f"allowed: {known}"))
    faults += [
        (("models", model, "agent"), route.agent, f"allowed: {known}")
        for model, route in settings.models.items()
        if route.agent not in names
    ]
    sheets = settings.priority_source.sheets
    wanted = settings.priority_source.type == "sheets" or sheets.url or sheets.spreadsheet_name
    if wanted and settings.priority_source.type != "csv":
        text = "this version reads CSV files only; set it to csv, and leave sheets empty"
        faults.append((("priority_source", "type"), settings.priority_source.type.value, text))
    return faults


def _absolute(settings: Settings, base: Path) -> Settings:
    """The settings with every relative path taken from the folder of the file."""

    def at(path: Path) -> Path:
        return base / path.expanduser()

    paths, source = settings.paths, settings.priority_source
    folders = ("state", "logs", "runs", "workspaces", "schemas")
    fixed = {name: at(getattr(paths, name)) for name in folders}
    socket = at(paths.socket) if paths.socket else None
    return settings.model_copy(
        update={
            "paths": paths.model_copy(update={**fixed, "socket": socket}),
            "projects": {name: at(path).resolve() for name, path in settings.projects.items()},
            "priority_source": source.model_copy(
                update={"csv": source.csv.model_copy(update={"file": at(source.csv.file)})}
            ),
        }
    )


def _put(data: dict[str, Any], keys: tuple[str, ...], value: Any) -> None:
    for key in keys[:-1]:
        inner = data.setdefault(key, {})
        if not isinstance(inner, dict):
            return
        data = inner
    data[keys[-1]] = value


def _get(data: Any, keys: tuple[str, ...], default: str) -> str:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, str) else default
