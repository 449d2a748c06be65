"""JSON for people and pipes: readable, and without a character that a terminal would obey."""

import json


def as_json(values: object, indent: int | None = None) -> str:
    r"""A document as JSON.

    Letters of every script stay as they are. JSON itself lets DEL, C1 controls and marks that
    reorder text stand in a string; here they are spelled `\u009b`, which means the same.
    """
    text = json.dumps(values, indent=indent, ensure_ascii=False)
    if text.replace("\n", "").isprintable():
        return text
    return "".join(
        char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text
    )
