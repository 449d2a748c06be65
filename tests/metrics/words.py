"""The reasons that stand in the source."""

import ast
from collections.abc import Iterator
from pathlib import Path

_PLACES = {"Event": 2, "Verdict": 1, "Refusal": 0, "Retry": 0, "Fault": 4}
"""What is made with a reason → the place of that among its arguments."""


def words_of(folder: Path) -> set[str]:
    """Every reason that is written out where an event, or what a row says, is made."""
    return {
        word
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for word in _words(node)
    }


def _words(node: ast.AST) -> Iterator[str]:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return
    place = _PLACES.get(node.func.id)
    if place is None or place >= len(node.args):
        return
    reason = node.args[place]
    if isinstance(reason, ast.Constant) and isinstance(reason.value, str):
        yield reason.value
