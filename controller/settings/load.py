"""Reading the settings: the file, the environment over it, the schema, then types."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from jsonschema.exceptions import ValidationError as SchemaFault
from pydantic import ValidationError
from referencing import Registry
from referencing.exceptions import Unresolvable

from controller.core.faults import shorten
from controller.files import read_small
from controller.settings.cross_check import cross_check
from controller.settings.environment import overrides
from controller.settings.faults import Places, SettingsInvalid
from controller.settings.find import CONFIG
from controller.settings.model import Settings
from controller.settings.read import YAML_STUMBLES, read

SCHEMA = "config.schema.json"


def load_settings(path: Path, environment: Mapping[str, str]) -> Settings:
    """Read and check the settings; paths in them become absolute.

    Raises:
        SettingsInvalid: With file, line, column, value and what is allowed, for every fault.
        SettingsBusy: The file is in the midst of a save.
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
    faults = [where.say(*fault) for fault in cross_check(settings)]
    if faults:
        raise SettingsInvalid(faults)
    return _absolute(settings, path.parent.resolve()).read_from(path.absolute())


def say_of(
    settings: Settings, environment: Mapping[str, str], keys: tuple[str | int, ...], text: str
) -> str:
    """What is wrong with a setting that was found valid, and where it was set.

    Args:
        settings: The settings.
        environment: What overrides them.
        keys: The setting's path.
        text: What is wrong; the value itself is not told.

    Raises:
        SettingsInvalid: The file cannot be read any more.
    """
    names = {path: name for path, (name, _) in overrides(environment).items()}
    if settings.file is None:
        return f"{'.'.join(map(str, keys))}: {text}"
    return Places(settings.file, read(settings.file), names).say(keys, None, text)


def _plain(data: Any, path: Path) -> Any:
    """The document as JSON has it: dates are texts."""
    try:
        return json.loads(json.dumps(data, default=str))
    except (ValueError, TypeError, RecursionError) as error:
        raise SettingsInvalid([f"{path}: a value that is no setting ({error})"]) from error


def _against(schema: Path, data: Any) -> list[SchemaFault]:
    try:
        document = json.loads(read_small(schema))
        Draft202012Validator.check_schema(document)
        validator = Draft202012Validator(document, registry=Registry())
        return sorted(validator.iter_errors(data), key=lambda fault: [str(p) for p in fault.path])
    except SchemaError as error:
        text = f"is no JSON Schema: {shorten(error.message, 200)}"
    except FileNotFoundError:
        text = "there is no such file; copy the program's folder of schemas there, or name it"
    except OSError as error:
        text = error.strerror or str(error)
    except (Unresolvable, *YAML_STUMBLES) as error:
        text = f"cannot be used: {shorten(str(error), 200)}"
    raise SettingsInvalid([f"{schema}: {text}; see paths.schemas"])


def _absolute(settings: Settings, base: Path) -> Settings:
    """The settings with every relative path taken from the folder of the file."""

    def at(path: Path) -> Path:
        return _at(base, path)

    paths, source = settings.paths, settings.priority_source
    folders = ("state", "logs", "runs", "workspaces", "homes", "schemas")
    fixed = {name: at(getattr(paths, name)) for name in folders}
    socket = at(paths.socket) if paths.socket else None
    key = at(source.sheets.credentials_file) if source.sheets.credentials_file else None
    notifications = settings.notifications
    urls_file = at(notifications.urls_file) if notifications.urls_file else None
    return settings.model_copy(
        update={
            "paths": paths.model_copy(update={**fixed, "socket": socket}),
            "notifications": notifications.model_copy(update={"urls_file": urls_file}),
            "projects": {name: at(path).resolve() for name, path in settings.projects.items()},
            "priority_source": source.model_copy(
                update={
                    "csv": source.csv.model_copy(update={"file": at(source.csv.file)}),
                    "sheets": source.sheets.model_copy(update={"credentials_file": key}),
                }
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
