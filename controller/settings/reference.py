"""The reference of config.yaml, made from the settings' own words.

As a program it prints docs/configuration.md.
"""

import inspect
import types
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from controller.settings.base import Section
from controller.settings.environment import variables
from controller.settings.model import RESTART_SECTIONS, Settings

_HEAD = """\
# Configuration

Every setting of `config.yaml`, with its default. Paths are relative to the file's folder. The file
is held against `schemas/config.schema.json`, which editors understand too; `sidekick config show`
prints what is in force, `sidekick validate` says what is wrong and where.

A variable in the environment beats the file. Two have a short name besides: `PRIORITY_SOURCE` for
`priority_source.type` and `LOG_LEVEL` for `log_level`. `SIDEKICK_CONFIG` names another file.

The file is read again when it changes. What is marked ↻ counts only after a restart of the
controller, which `sidekick status` then asks for. A file that is not valid changes nothing, and is
told until it is mended: commands that look, stop or order go on with what is in force, which the
controller keeps in `state/settings.json` without secrets. A change never restarts an agent; a row
that would start otherwise now is marked `OutOfDate`.
"""


def reference() -> str:
    """The page as it stands in docs/configuration.md."""
    names = {path: name for name, path in variables().items() if name.startswith("SIDEKICK_")}
    parts = [_HEAD, "## Top level\n", _table(Settings, (), names)]
    for path, model in _sections(Settings, ()):
        title = ".".join(path)
        parts += [f"## `{title}`\n", f"{_sentence(model)}\n", _table(model, path, names)]
    return "\n".join(parts)


def _sections(
    model: type[BaseModel], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], type[Section]]]:
    """Every section below a model, by its path; one that a mapping holds many of as `<name>`."""
    for name, field in model.model_fields.items():
        section = _section_of(field.annotation)
        if section is None:
            continue
        many = _is_mapping(field.annotation)
        below = (*path, name, "<name>") if many else (*path, name)
        yield below, section
        yield from _sections(section, below)


def _table(
    model: type[BaseModel], path: tuple[str, ...], names: Mapping[tuple[str, ...], str]
) -> str:
    rows = ["| Setting | Type | Default | Meaning | Variable |", "|---|---|---|---|---|"]
    for name, field in model.model_fields.items():
        section = _section_of(field.annotation)
        if section is not None and not _is_mapping(field.annotation):
            continue
        full = (*path, name)
        mark = " ↻" if full[0] in RESTART_SECTIONS else ""
        variable = f"`{names[full]}`" if full in names else ""
        default = _default(field)
        cells = (f"`{name}`{mark}", _type(field), default, field.description or "", variable)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def _type(field: FieldInfo) -> str:
    text = _type_of(field.annotation)
    bounds = [
        f"{sign} {value:.15g}"
        for limit in field.metadata
        for sign, value in (
            (">", getattr(limit, "gt", None)),
            ("≥", getattr(limit, "ge", None)),
            ("≤", getattr(limit, "le", None)),
        )
        if value is not None
    ]
    return " ".join([text, *bounds])


def _type_of(kind: Any) -> str:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _type_of(arguments[0])
    if origin is Literal:
        return ", ".join(f"`{word}`" for word in arguments)
    if origin is dict:
        values = _type_of(arguments[1])
        return f"mapping of name to {values}"
    if origin is tuple:
        return f"list of {_type_of(arguments[0])}"
    if origin in {Union, types.UnionType}:
        return " or ".join(_type_of(one) for one in arguments if one is not types.NoneType)
    if isinstance(kind, type) and issubclass(kind, Section):
        return "settings below"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return ", ".join(f"`{word.value}`" for word in kind)
    words = {
        SecretStr: "text",
        str: "text",
        int: "whole number",
        float: "number",
        bool: "`true`, `false`",
    }
    return words.get(kind, "path" if kind is Path else getattr(kind, "__name__", str(kind)))


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined:
        return "required"
    if value is None or value == "" or value in ({}, ()):
        return ""
    if isinstance(value, Enum):
        return f"`{value.value}`"
    if isinstance(value, tuple):
        return f"`[{', '.join(map(str, value))}]`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{' '.join(str(value).split())}`"


def _section_of(kind: Any) -> type[Section] | None:
    if isinstance(kind, type) and issubclass(kind, Section):
        return kind
    return next((found for one in get_args(kind) if (found := _section_of(one))), None)


def _is_mapping(kind: Any) -> bool:
    return get_origin(kind) is dict


def _sentence(model: type[BaseModel]) -> str:
    return " ".join(inspect.cleandoc(model.__doc__ or "").split())


if __name__ == "__main__":
    print(reference(), end="")  # noqa: T201 - the module's purpose as a program
