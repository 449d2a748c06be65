"""`config`: the settings that count, and the schema they are held against."""

import argparse
import os
from typing import Any

from controller.cli import exits
from controller.cli.context import settings_of
from controller.cli.forms import as_text
from controller.cli.terminal import warn
from controller.settings import Settings
from controller.settings.agents import foreign
from controller.settings.environment import overrides
from controller.settings.schema import schema

SECRET = "***"  # noqa: S105 - what stands in place of one
_HIDDEN = "environment"
"""Variables that are set for an agent: keys, mostly."""
_ADDRESSES = "urls"
"""Of notifications: tokens and passwords, mostly."""


def config(options: argparse.Namespace) -> int:
    """Print the settings, or their schema."""
    if options.deed == "schema":
        print(as_text(schema(), "json"))
        return exits.OK
    settings = settings_of(options)
    for path, (name, _) in overrides(os.environ).items():
        text = f"{'.'.join(path)} comes from {name}"
        if options.output == "yaml":
            print(f"# {text}")
        else:
            warn(text)
    print(as_text(effective(settings), options.output))
    return exits.OK


def effective(settings: Settings) -> dict[str, Any]:
    """Every setting with its default, as config.yaml may have it; secrets are not told."""
    values: dict[str, Any] = settings.model_dump(mode="json")
    for name, section in settings.agents.items():
        for setting in foreign(name, section)[0]:
            del values["agents"][name][setting]
    return {name: _without_secrets(name, value) for name, value in values.items()}


def _without_secrets(name: str, value: Any) -> Any:
    if name == _ADDRESSES:
        return [SECRET for _ in value]
    if not isinstance(value, dict):
        return value
    if name == _HIDDEN:
        return dict.fromkeys(value, SECRET)
    return {inner: _without_secrets(inner, item) for inner, item in value.items()}
