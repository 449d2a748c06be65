"""Reading the settings: the file, the environment over it, the schema, then types."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from jsonschema.exceptions import ValidationError as SchemaFault
from pydantic import ValidationError

from controller.core.words import fold
from controller.settings.environment import overrides
from controller.settings.faults import Places, SettingsInvalid
from controller.settings.model import Settings
from controller.settings.read import read

CONFIG = "config.yaml"
SCHEMA = "config.schema.json"
CONFIG_VARIABLE = "SIDEKICK_CONFIG"


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
    document = read(path)
    if not isinstance(document.data, dict):
        raise SettingsInvalid([f"{path}:1:1: must be a mapping of settings, as slots: 4"])
    changed = overrides(environment)
    data = _plain(document.data, path)
    for keys, (_, value) in changed.items():
        _put(data, keys, value)
    where = Places(path, document, {keys: name for keys, (name, _) in changed.items()})
    schema = _at(path.parent, Path(_get(data, ("paths", "schemas"), "schemas"))) / SCHEMA
    faults = [line for fault in _against(schema, data) for line in where.explain(fault)]
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
    return _absolute(settings, path.parent.resolve()).read_from(path.absolute())


def _plain(data: Any, path: Path) -> Any:
    """The document as JSON has it: keys are strings, dates are texts."""
    try:
        return json.loads(json.dumps(_with_text_keys(data), default=str))
    except (ValueError, TypeError, RecursionError) as error:
        raise SettingsInvalid([f"{path}: a value that is no setting ({error})"]) from error


def _key(key: object) -> str:
    return json.dumps(key) if key is None or isinstance(key, bool) else str(key)


def _with_text_keys(data: Any) -> Any:
    if isinstance(data, dict):
        return {_key(key): _with_text_keys(value) for key, value in data.items()}
    return [_with_text_keys(item) for item in data] if isinstance(data, list) else data


def _against(schema: Path, data: Any) -> list[SchemaFault]:
    try:
        document = json.loads(schema.read_text(encoding="utf-8"))
        Draft202012Validator.check_schema(document)
    except (OSError, ValueError) as error:
        raise SettingsInvalid([f"{schema}: {error}; see paths.schemas"]) from error
    except SchemaError as error:
        text = f"is no JSON Schema: {error.message}"
        raise SettingsInvalid([f"{schema}: {text}; see paths.schemas"]) from error
    validator = Draft202012Validator(document)
    return sorted(validator.iter_errors(data), key=lambda fault: [str(p) for p in fault.path])


def _cross_check(settings: Settings) -> list[tuple[tuple[str | int, ...], object, str]]:
    """What no schema can say: names that must be defined elsewhere in the file."""
    known = ", ".join(["demo", *sorted(settings.agents)])
    faults: list[tuple[tuple[str | int, ...], object, str]] = []
    if "demo" in settings.agents:
        faults.append((("agents", "demo"), None, "the name demo is taken by the built-in agent"))
    names = {"demo", *settings.agents}
    if settings.default_agent not in names:
        text = f"no such agent; allowed: {known}"
        faults.append((("default_agent",), settings.default_agent, text))
    faults += [
        (("models", model, "agent"), route.agent, f"no such agent; allowed: {known}")
        for model, route in settings.models.items()
        if route.agent not in names
    ]
    faults += [
        (("models", name), None, f"means the same as {first}; keep one")
        for name, first in _namesakes(settings.models)
    ]
    sheets = settings.priority_source.sheets
    wanted = settings.priority_source.type == "sheets" or sheets.url or sheets.spreadsheet_name
    if wanted and settings.priority_source.type != "csv":
        text = "this version reads CSV files only; set it to csv, and leave sheets empty"
        faults.append((("priority_source", "type"), settings.priority_source.type.value, text))
    return faults


def _namesakes(names: Iterable[str]) -> list[tuple[str, str]]:
    """Names that differ from an earlier one by case and blanks alone, with that one."""
    seen: dict[str, str] = {}
    pairs = [(name, seen.setdefault(fold(name), name)) for name in names]
    return [(name, first) for name, first in pairs if name != first]


def _absolute(settings: Settings, base: Path) -> Settings:
    """The settings with every relative path taken from the folder of the file."""

    def at(path: Path) -> Path:
        return _at(base, path)

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


def _at(base: Path, path: Path) -> Path:
    """A path of the settings as an absolute one without dots.

    Raises:
        SettingsInvalid: No path can be such.
    """
    try:
        absolute = Path(os.path.normpath(base / path.expanduser()))
        absolute.resolve()  # refuses what the system cannot take for a path
    except (OSError, ValueError, RuntimeError) as error:
        raise SettingsInvalid([f"{base / CONFIG}: the path {str(path)!r}: {error}"]) from error
    return absolute


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
