"""Field masks: `a.b(c,d),e` names the parts of a document that are asked for."""

import re
from typing import Any

Mask = dict[str, "Mask"]
"""Name → what is asked for of it; an empty one is all of it."""

_TOKEN = re.compile(r"[A-Za-z]+|[.,()]")


def masked(document: Any, text: str) -> Any:
    """The parts of a document that a mask names."""
    tokens = _TOKEN.findall(text)
    assert "".join(tokens) == text, text
    return _cut(document, _fields(tokens))


def _fields(tokens: list[str]) -> Mask:
    fields: Mask = {}
    while tokens and tokens[0] != ")":
        name = tokens.pop(0)
        if name != ",":
            fields[name] = _field(tokens)
    return fields


def _field(tokens: list[str]) -> Mask:
    if tokens[:1] == ["."]:
        del tokens[0]
        name = tokens.pop(0)
        return {name: _field(tokens)}
    if tokens[:1] == ["("]:
        del tokens[0]
        fields = _fields(tokens)
        assert tokens.pop(0) == ")"
        return fields
    return {}


def _cut(document: Any, mask: Mask) -> Any:
    if not mask:
        return document
    if isinstance(document, list):
        return [_cut(item, mask) for item in document]
    return {name: _cut(document[name], inner) for name, inner in mask.items() if name in document}
