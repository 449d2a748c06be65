"""The agent's own events, `stream.jsonl`: read as it grows, folded into facts.

A line is `{"at": seconds, "event": the object as the agent printed it}`; docs/run-folder.md. The
shim rotates the file; what was read of it is known by its inode.
"""

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from pydantic import TypeAdapter

from controller.core.facts import NO_FACTS, Facts
from controller.files import read_some
from controller.runs.documents import moment
from controller.runs.files import open_plain, write_record

NAME = "stream.jsonl"
FACTS = "facts.json"
"""What the controller made of the stream of a run that is over."""
MOST = 4_194_304
"""Bytes that one look reads; of a stream that was never read, its newest ones."""
_FACTS_LIMIT = 1_048_576

Fold = Callable[[Facts, Mapping[str, Any]], Facts]
"""Folds one more event into facts, whose `at` is the event's own time."""

_FACTS = TypeAdapter(Facts)


class Stream:
    """One run's events.

    Args:
        folder: The run's folder.
        fold: What its agent's events mean.

    Attributes:
        facts: All that was read so far.
    """

    def __init__(self, folder: Path, fold: Fold) -> None:
        self._path = folder / NAME
        self._fold = fold
        self._inode = 0
        self._offset = 0
        self._size = 0
        self._kept = folder / FACTS
        self.facts = NO_FACTS

    def stirred(self) -> bool:
        """Whether there is more than was read."""
        try:
            found = os.lstat(self._path)
        except OSError:
            return False
        return found.st_ino != self._inode or found.st_size != self._size

    def read(self) -> Facts:
        """Take in what is new; a line that is not whole yet is left for the next look."""
        with suppress(OSError), open_plain(self._path) as file:
            inode = os.fstat(file.fileno()).st_ino
            if inode != self._inode:
                self._read_rest()
                self._inode, self._offset = inode, 0
            self._take(file)
        return self.facts

    def conclude(self) -> Facts:
        """All of it, once the run is over: read once, then kept beside it."""
        if (kept := self._recall()) is not None:
            self.facts = kept
            return kept
        before = -1
        while self._offset != before:
            before = self._offset
            self.read()
        with suppress(OSError, ValueError):
            if self.facts is not NO_FACTS:
                write_record(self._kept, _FACTS.dump_json(self.facts))
        return self.facts

    def _recall(self) -> Facts | None:
        try:
            with open_plain(self._kept) as file:
                return _FACTS.validate_json(read_some(file, _FACTS_LIMIT))
        except (OSError, ValueError):
            return None

    def _read_rest(self) -> None:
        """What was written after the last look and before the file was rotated away."""
        with suppress(OSError), open_plain(self._path.with_name(f"{NAME}.1")) as file:
            inode = os.fstat(file.fileno()).st_ino
            if self._inode not in {0, inode}:
                return  # rotated more than once
            if not self._inode:
                self._inode, self._offset = inode, 0
            self._take(file)

    def _take(self, file: IO[bytes]) -> None:
        size = os.fstat(file.fileno()).st_size
        known = self._offset if self._offset <= size else 0  # somebody made it shorter
        start = max(known, size - MOST)
        file.seek(start)
        content = read_some(file, MOST)
        end = content.rfind(b"\n") + 1
        for line in content[:end].splitlines():
            self._take_line(line)
        self._offset = start + end
        self._size = size

    def _take_line(self, line: bytes) -> None:
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            return
        event = said.get("event") if isinstance(said, dict) else None
        if not isinstance(event, dict):
            return
        at = moment(said.get("at"))
        if at is not None:
            self.facts = self._fold(replace(self.facts, at=at), event)
