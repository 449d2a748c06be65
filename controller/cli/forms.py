"""Documents as text: JSON and YAML, without a character that a terminal would obey."""

import yaml

from controller.cli.json_form import as_json
from controller.core.documents import Document


def as_text(values: Document, output: str) -> str:
    """A document as `json` or `yaml`, without the last line's end."""
    if output == "json":
        return as_json(values, indent=2)
    text = yaml.dump(values, Dumper=_Dumper, allow_unicode=True, sort_keys=False).rstrip()
    return "".join(char if char.isprintable() or char == "\n" else _escaped(char) for char in text)


def as_line(values: Document) -> str:
    """A document as one line of JSON."""
    return as_json(values)


class _Dumper(yaml.SafeDumper):
    """Puts a text between double quotes where any of its characters must be escaped."""


def _represent(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = None if text.replace("\n", "").isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"


_Dumper.add_representer(str, _represent)
