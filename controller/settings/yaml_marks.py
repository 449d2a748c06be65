"""YAML with places: each value with the line and column it stands on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file; both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML document.

    Attributes:
        data: Plain values.
        marks: Path of keys and indices → where the value (or, for a key, the key) stands.
    """

    data: Any
    marks: Mapping[Path, Mark]

    def mark(self, path: Path) -> Mark | None:
        """Where a value stands; for one that is not in the file, where its parent does."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.marks:
                return self.marks[path[:length]]
        return None


def parse(text: str) -> Document:
    """Parse one document.

    Raises:
        yaml.MarkedYAMLError: It is no YAML, or a key stands twice.
    """
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return Document({}, {(): Mark(1, 1)})
        marks: dict[Path, Mark] = {}
        _walk(node, (), marks)
        return Document(loader.construct_document(node), marks)
    finally:
        loader.dispose()


def _walk(node: yaml.Node, path: Path, marks: dict[Path, Mark]) -> None:
    marks.setdefault(path, Mark(node.start_mark.line + 1, node.start_mark.column + 1))
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                text = f"the key {name} stands twice; keep one"
                raise yaml.MarkedYAMLError(problem=text, problem_mark=key.start_mark)
            seen.add(name)
            marks[(*path, name)] = Mark(key.start_mark.line + 1, key.start_mark.column + 1)
            _walk(value, (*path, name), marks)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(value, (*path, index), marks)
