"""Documents as text: JSON and YAML."""

import json

import yaml

from controller.core.documents import Document


def as_text(values: Document, output: str) -> str:
    """A document as `json` or `yaml`, without the last line's end."""
    if output == "json":
        return json.dumps(values, indent=2, ensure_ascii=False)
    return yaml.safe_dump(values, allow_unicode=True, sort_keys=False).rstrip()


def as_line(values: Document) -> str:
    """A document as one line of JSON."""
    return json.dumps(values, ensure_ascii=False)
