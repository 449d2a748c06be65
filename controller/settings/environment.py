"""Environment variables that override config.yaml.

`SIDEKICK_` and the path of a setting in capitals, joined by `_`: SIDEKICK_SLOTS,
SIDEKICK_SERVER_PORT, SIDEKICK_PRIORITY_SOURCE_CSV_FILE. A few have a short name besides.
"""

from collections.abc import Iterator, Mapping
from typing import Any, get_origin

import yaml
from pydantic import BaseModel

from controller.settings.model import Settings

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
    """Path of a setting → the variable that overrides it, and its value read as YAML."""
    found: dict[tuple[str, ...], tuple[str, Any]] = {}
    for name, path in variables().items():
        text = environment.get(name)
        if text is None or text == "":
            continue
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError:
            value = text
        upper = path == ("log_level",) and isinstance(value, str)
        found[path] = (name, value.upper() if upper else value)
    return found


def _leaves(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _leaves(inner, (*path, name))
        elif get_origin(inner) is not dict:
            yield (*path, name)
