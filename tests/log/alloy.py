"""Alloy's configuration: its syntax, read strictly, and what its stages make of a line.

The syntax is that of https://grafana.com/docs/alloy/latest/get-started/configuration-syntax/, as
far as a file of ours uses it: anything else is an error.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_TOKEN = re.compile(
    r'(?P<space>\s+|//[^\n]*)|(?P<text>"(?:[^"\\\n]|\\.)*")|(?P<name>[A-Za-z_][A-Za-z0-9_.]*)'
    r"|(?P<sign>[{}\[\]=,])"
)


@dataclass(frozen=True)
class Reference:
    """What another component exports."""

    name: str


@dataclass
class Block:
    """A block: `name "label" { arguments and blocks }`."""

    name: str
    label: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    blocks: list["Block"] = field(default_factory=list)

    def one(self, name: str, label: str = "") -> "Block":
        """The only block of this name and label."""
        (found,) = (each for each in self.blocks if (each.name, each.label) == (name, label))
        return found


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens = [*_tokens(text), ("end", "")]

    def body(self, block: Block, last: str) -> Block:
        """Arguments and blocks, until a sign."""
        while self._tokens[0][1] != last:
            kind, name = self._tokens.pop(0)
            assert kind == "name", name
            if self._take("="):
                assert name not in block.arguments, f"{name} is there twice"
                block.arguments[name] = self._value()
                continue
            label = json.loads(self._tokens.pop(0)[1]) if self._tokens[0][0] == "text" else ""
            assert self._take("{"), f"{name}: {self._tokens[0]}"
            block.blocks.append(self.body(Block(name, label), "}"))
        self._tokens.pop(0)
        return block

    def _value(self) -> Any:
        kind, text = self._tokens.pop(0)
        if kind == "text":
            return json.loads(text)
        if text == "[":
            return list(self._items("]", lambda: self._value()))
        if text == "{":
            return dict(self._items("}", self._pair))
        assert kind == "name", text
        return {"true": True, "false": False}.get(text, Reference(text))

    def _pair(self) -> tuple[str, Any]:
        kind, text = self._tokens.pop(0)
        assert kind in ("name", "text"), text
        assert self._take("="), f"{text}: {self._tokens[0]}"
        return json.loads(text) if kind == "text" else text, self._value()

    def _items(self, last: str, read: Any) -> Iterator[Any]:
        while not self._take(last):
            yield read()
            if not self._take(","):
                assert self._take(last), self._tokens[0]
                return

    def _take(self, sign: str) -> bool:
        if self._tokens[0] != ("sign", sign):
            return False
        self._tokens.pop(0)
        return True


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        assert found, f"not understood: {text[at : at + 40]!r}"
        at = found.end()
        if found.lastgroup != "space":
            yield str(found.lastgroup), found[0]


def read(path: Path) -> Block:
    """A whole file, as a block without a name."""
    return _Reader(path.read_text(encoding="utf-8")).body(Block(""), "")


@dataclass
class Entry:
    """A line as it reaches Loki."""

    line: str
    timestamp: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)


def collect(process: Block, target: dict[str, str], lines: list[str]) -> list[Entry]:
    """What `loki.process` makes of lines of a target, by the stages that it names, in their order.

    As https://grafana.com/docs/alloy/latest/reference/components/loki/loki.process/ tells of each;
    the expressions are names of fields alone.
    """
    own = {key: value for key, value in target.items() if not key.startswith("__")}
    entries = [Entry(line, labels={"filename": target["__path__"], **own}) for line in lines]
    return [entry for entry in entries if _passes(process, entry)]


def _passes(process: Block, entry: Entry) -> bool:
    found: dict[str, Any] = {}
    for stage in process.blocks:
        given = stage.arguments
        match stage.name:
            case "stage.json":
                try:
                    document = json.loads(entry.line)
                except ValueError:
                    if given["drop_malformed"]:
                        return False
                    continue
                found |= {
                    key: document[name or key]
                    for key, name in given["expressions"].items()
                    if (name or key) in document
                }
            case "stage.timestamp":
                entry.timestamp = found[given["source"]]
            case "stage.labels":
                entry.labels |= _chosen(given["values"], found)
            case "stage.label_drop":
                for name in given["values"]:
                    entry.labels.pop(name, None)
            case "stage.structured_metadata":
                entry.metadata |= _chosen(given["values"], found)
            case other:
                raise AssertionError(f"{other} is not known here")
    return True


def _chosen(values: dict[str, str], found: dict[str, Any]) -> dict[str, str]:
    return {key: str(found[name or key]) for key, name in values.items() if (name or key) in found}
