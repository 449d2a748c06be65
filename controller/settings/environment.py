"""Environment variables that override config.yaml.

`SIDEKICK_` and the path of a setting in capitals, joined by `_`: SIDEKICK_SLOTS,
SIDEKICK_SERVER_PORT, SIDEKICK_PRIORITY_SOURCE_CSV_FILE. A few have a short name besides.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel, SecretStr

from controller.settings.model import LogLevel, Settings
from controller.settings.notifications import BETWEEN
from controller.settings.read import YAML_STUMBLES
from controller.settings.yaml_marks import parse_scalar

SHORT_NAMES = {
    "PRIORITY_SOURCE": ("priority_source", "type"),
    "LOG_LEVEL": ("log_level",),
}
PREFIX = "SIDEKICK_"


def variables() -> dict[str, tuple[str, ...]]:
    """Every variable → the path of the setting that it overrides."""
    long = {PREFIX + "_".join(path).upper(): path for path in _leaves(Settings)}
    return {**long, **SHORT_NAMES}


def overrides(environment: Mapping[str, str]) -> dict[tuple[str, ...], tuple[str, Any]]:
    """Path of a setting → the variable that overrides it, and its value.

    A setting that is a text or a path takes the variable's text as it is; a list is parted by
    commas, one of addresses by blanks too; the others are read as YAML, where the text is a number
    or a word of it.
    """
    kinds = _leaves(Settings)
    found: dict[tuple[str, ...], tuple[str, Any]] = {}
    for name, path in variables().items():
        text = environment.get(name)
        if text:
            found[path] = (name, _value(text, kinds[path]))
    return found


def _value(text: str, kind: Any) -> Any:
    if kind is LogLevel:
        return text.upper()
    if get_origin(kind) is tuple and SecretStr in get_args(kind):
        return [part.strip(", \n") for part in BETWEEN.split(text) if part.strip(", \n")]
    if get_origin(kind) is tuple:
        return [part.strip() for part in text.split(",") if part.strip()]
    kinds = get_args(kind) or (kind,)
    if any(isinstance(k, type) and issubclass(k, str | Path) for k in kinds):
        return text
    if get_origin(kind) is Literal:
        return text
    try:
        return parse_scalar(text)
    except (yaml.YAMLError, *YAML_STUMBLES):
        return text


def secret_variables() -> frozenset[str]:
    """Variables whose settings are secrets."""
    return frozenset(
        name for name, path in variables().items() if SecretStr in get_args(_leaves(Settings)[path])
    )


def _leaves(model: type[BaseModel], path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Path of every single setting → its type."""
    found: dict[tuple[str, ...], Any] = {}
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found |= _leaves(inner, (*path, name))
        elif get_origin(inner) is not dict:
            found[(*path, name)] = inner
    return found
