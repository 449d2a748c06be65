"""YAML with places: each value with the line and column it stands on."""

import re
from bisect import bisect_right
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from controller.core.faults import shorten

Path = tuple[str | int, ...]

MOST_VALUES = 50_000
"""In one document, those of an alias counted where it stands: a few lines can mean billions."""
MOST_CHARACTERS = 4_000_000
"""Of its texts, counted in the same way."""
MOST_LEVELS = 50
"""Of lists and mappings within one another; the settings have five."""
_DEEP = "too deep, or within itself; look for a bracket left open"
_LINE_END = re.compile(r"\r\n|\r|\n")
_FOREIGN_NUMBER = re.compile(r"[-+]?(?:0[0-9_]+|0[bB].*|.*:.*)")
"""Octal, binary, base 60: what YAML 1.1 takes 010 or 1:30 for, and hardly anybody means."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file; both counted from 1."""

    line: int
    column: int


class Lines:
    """Where the lines of a text begin, as editors count them; YAML knows more line ends."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(end.end() for end in _LINE_END.finditer(text))]

    def mark(self, index: int) -> Mark:
        """The place of a character."""
        line = bisect_right(self._starts, index)
        return Mark(line, index - self._starts[line - 1] + 1)


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML document.

    Attributes:
        data: Plain values; the keys of mappings are the texts that stand there.
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


class _Loader(yaml.SafeLoader):
    """Plain values, each in the form that a person would expect."""

    def fetch_flow_collection_start(self, token: type[yaml.Token]) -> None:
        """A bracket; of thousands in a row each would take longer than the one before."""
        if self.flow_level >= MOST_LEVELS:
            raise yaml.MarkedYAMLError(problem=_DEEP, problem_mark=self.get_mark())
        super().fetch_flow_collection_start(token)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """A mapping whose keys are texts: 4.10 is a model's name, and no number."""
        self.flatten_mapping(node)
        return {
            str(key.value): self.construct_object(value, deep=deep) for key, value in node.value
        }

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Any value; a tag or a form that it does not fit is told with its place."""
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, KeyError, AttributeError, TypeError, OverflowError) as error:
            what = shorten(f"{type(error).__name__}: {error}", 120)
            words = f"a value that YAML cannot read ({what}); put quotes around a text"
            raise _refused(words, node) from error

    def number(self, node: yaml.ScalarNode) -> int | float:
        """A decimal number."""
        text = str(node.value)
        if _FOREIGN_NUMBER.fullmatch(text):
            words = f"{shorten(text)} is no decimal number; leave out zeros in front, or quote it"
            raise _refused(words, node)
        if node.tag.endswith(":int"):
            return int(self.construct_yaml_int(node))
        return float(self.construct_yaml_float(node))


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.number)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.number)


def parse(text: str) -> Document:
    """Parse one document.

    Raises:
        yaml.MarkedYAMLError: It is no YAML, a key stands twice, or it is too much.
    """
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return Document({}, {(): Mark(1, 1)})
        walk = _Walk(Lines(text))
        walk.into(node, ())
        return Document(loader.construct_document(node), walk.marks)
    finally:
        loader.dispose()


def parse_scalar(text: str) -> bool | int | float | str | None:
    """What a single word means; any other text is itself.

    Raises:
        yaml.YAMLError: It is no YAML.
    """
    value = parse(text).data
    return value if value is None or isinstance(value, bool | int | float | str) else text


@dataclass(slots=True)
class _Walk:
    """The places of a document's values, and how much it means with its aliases written out.

    Attributes:
        lines: The text's lines.
        marks: Path → place.
        size: Characters of all its texts.
    """

    lines: Lines
    marks: dict[Path, Mark] = field(default_factory=dict)
    size: int = 0

    def into(self, node: yaml.Node, path: Path) -> None:
        """Take in a value and all that it holds."""
        self.marks.setdefault(path, self._mark(node))
        if len(path) > MOST_LEVELS:
            raise _refused(_DEEP, node)
        if len(self.marks) > MOST_VALUES or self.size > MOST_CHARACTERS:
            raise _refused("too much; shorten it, and look at its aliases (*)", node)
        if isinstance(node, yaml.MappingNode):
            self._mapping(node, path)
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                self.into(value, (*path, index))
        else:
            self.size += len(node.value)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> None:
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _refused("a key must be a text", key)
            name = str(key.value)
            if name in seen:
                raise _refused(f"the key {shorten(name)} stands twice; keep one", key)
            seen.add(name)
            self.size += len(name)
            self.marks[(*path, name)] = self._mark(key)
            self.into(value, (*path, name))

    def _mark(self, node: yaml.Node) -> Mark:
        return self.lines.mark(node.start_mark.index)


def _refused(words: str, node: yaml.Node) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=words, problem_mark=node.start_mark)
