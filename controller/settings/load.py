"""Reading the settings: the file, the environment over it, the schema, then types."""

import json
import os
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from jsonschema.exceptions import ValidationError as SchemaFault
from pydantic import ValidationError
from referencing import Registry
from referencing.exceptions import Unresolvable

from controller.core.faults import shorten
from controller.core.words import fold
from controller.files import read_small
from controller.settings.agents import FAMILIES, RouteSection, agent_faults
from controller.settings.environment import overrides
from controller.settings.faults import Places, SettingsInvalid
from controller.settings.model import Settings
from controller.settings.notifications import url_faults
from controller.settings.read import YAML_STUMBLES, read

CONFIG = "config.yaml"
SCHEMA = "config.schema.json"
CONFIG_VARIABLE = "SIDEKICK_CONFIG"


def find_config(given: str | None, environment: Mapping[str, str], here: Path) -> Path:
    """The file of the settings: the one named, or config.yaml here or in a folder above.

    Raises:
        SettingsInvalid: There is none.
    """
    places = config_places(given, environment, here)
    for path in places:
        if _is_file(path):
            return path
    if given or environment.get(CONFIG_VARIABLE):
        what = (
            "is a folder; name the file in it" if _is_folder(places[0]) else "there is no such file"
        )
        raise SettingsInvalid([f"{places[0]}: {what}; see --config"])
    raise SettingsInvalid(
        [f"no {CONFIG} in {here} or above; go to the project's folder, or give --config FILE"]
    )


def config_places(
    given: str | None, environment: Mapping[str, str], here: Path
) -> tuple[Path, ...]:
    """Where the file of the settings may be, the nearest first; one place where it is named."""
    named = given or environment.get(CONFIG_VARIABLE)
    if not named:
        return tuple(folder / CONFIG for folder in (here, *here.parents))
    try:
        return ((here / named).resolve(),)
    except (OSError, ValueError, RuntimeError):  # no file can be there
        return (here / named,)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder on the way may not be looked into
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


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
    faults = [where.say(*fault) for fault in _cross_check(settings)]
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


def _cross_check(settings: Settings) -> list[tuple[tuple[str | int, ...], object, str]]:
    """What no schema can say: names that must be defined elsewhere in the file."""
    known = ", ".join(["demo", *sorted(settings.agents)])
    faults: list[tuple[tuple[str | int, ...], object, str]] = []
    if "demo" in settings.agents:
        faults.append((("agents", "demo"), None, "the name demo is taken by the built-in agent"))
    names = {"demo", *settings.agents}
    if settings.default_agent not in names:
        text = f"no such agent; allowed: {known}"
        if settings.default_agent in FAMILIES:
            text += f"; to have it, add agents: {{ {settings.default_agent}: {{}} }}"
        faults.append((("default_agent",), settings.default_agent, text))
    faults += [
        (("models", model, *place, "agent"), route.agent, f"no such agent; allowed: {known}")
        for model in settings.models
        for place, route in _places(settings, model)
        if route.agent not in names
    ]
    faults += [
        (("models", model), None, "names no agent")
        for model in settings.models
        if not settings.routes(model)
    ]
    faults += [
        (("agents", name, *keys), value, text)
        for name, section in settings.agents.items()
        for keys, value, text in agent_faults(name, section)
    ]
    faults += [
        (("models", name), None, f"means the same as {first}; keep one")
        for name, first in _namesakes(settings.models)
    ]
    faults += [
        (("project_isolation", name), kind.value, "names no project that has a folder in projects")
        for name, kind in settings.project_isolation.items()
        if name not in settings.projects
    ]
    faults += url_faults(settings.notifications)
    host = settings.server.host
    if not _is_address(host):
        faults.append((("server", "host"), host, "must be an IP address, or localhost"))
    sheets = settings.priority_source.sheets
    if settings.priority_source.type == "sheets" and not (sheets.url or sheets.spreadsheet_name):
        text = "which sheet? set priority_source.sheets.url or spreadsheet_name"
        faults.append((("priority_source", "type"), settings.priority_source.type.value, text))
    return faults


def _places(settings: Settings, model: str) -> list[tuple[tuple[int, ...], RouteSection]]:
    """The routes of a model, each with where it stands in the list, if there is one."""
    routes = settings.routes(model)
    alone = isinstance(settings.models[model], RouteSection)
    return [(() if alone else (index,), route) for index, route in enumerate(routes)]


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return host == "localhost"
    return True


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
