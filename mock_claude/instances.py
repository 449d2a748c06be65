"""An answer to a question that wants JSON of a form: the plainest value that fits the schema."""

from collections.abc import Mapping
from typing import Any

_DEPTH = 20
"""A schema may hold itself; deeper than this nothing is filled in."""
_ITEMS = 100


def instance(schema: object, depth: int = _DEPTH) -> Any:
    """A value for a JSON Schema, as far as agents use it: types, enums, bounds, required fields.

    Gemini writes its types in capitals.
    """
    if not isinstance(schema, Mapping) or depth == 0:
        return None
    if "const" in schema:
        return schema["const"]
    for word in ("enum", "examples"):
        if isinstance(choices := schema.get(word), list) and choices:
            return choices[0]
    for word in ("anyOf", "oneOf", "allOf"):
        if isinstance(choices := schema.get(word), list) and choices:
            return instance(choices[0], depth - 1)
    kind = schema.get("type")
    match str(kind[0] if isinstance(kind, list) and kind else kind).lower():
        case "object" | "none" if isinstance(fields := schema.get("properties"), Mapping):
            required = schema.get("required")
            wanted = required if isinstance(required, list) else list(fields)
            names = [name for name in wanted if isinstance(name, str)]
            return {name: instance(fields.get(name), depth - 1) for name in names}
        case "object":
            return {}
        case "array":
            least = schema.get("minItems")
            count = min(least, _ITEMS) if isinstance(least, int) else 0
            return [instance(schema.get("items"), depth - 1) for _ in range(count)]
        case "integer" | "number":
            return schema.get("minimum") or 0
        case "boolean":
            return False
        case "string":
            return "mock"
        case _:
            return None
