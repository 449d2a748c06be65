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

from controller.core.calendar import EARLIEST, LATEST
from controller.core.facts import CONVERSATION, NO_FACTS, Facts
from controller.files import read_some
from controller.runs.documents import FILE_LIMIT, moment
from controller.runs.files import open_plain, write_record

NAME = "stream.jsonl"
FACTS = "facts.json"
"""What the controller's loop made of the stream of a run that is over."""
MOST = 4_194_304
"""Bytes that one look reads; of a stream that was never read, its newest ones."""

Fold = Callable[[Facts, Mapping[str, Any]], Facts]
"""Folds one more event into facts, whose `at` is the event's own time."""
FoldOf = Callable[[], Fold | None]
"""What the events of an agent mean just now; None while the settings do not know it."""

_FACTS = TypeAdapter(Facts)
_MOST = 1e18
"""More tokens or dollars than any stream tells, event after event."""


class Stream:
    """One run's events.

    Args:
        folder: The run's folder.
        fold_of: What its agent's events mean. While that is not known none is read: they are taken
            in once it is.

    Attributes:
        facts: All that was read so far.
    """

    def __init__(self, folder: Path, fold_of: FoldOf) -> None:
        self._path = folder / NAME
        self._fold_of = fold_of
        self._concluded = False
        self._inode = 0
        self._offset = 0
        self._size = 0
        self._kept = folder / FACTS
        self.facts = NO_FACTS

    def stirred(self) -> bool:
        """Whether there is more than was read."""
        if self._fold_of() is None:
            return False
        try:
            found = os.lstat(self._path)
        except OSError:
            return False
        return found.st_ino != self._inode or found.st_size != self._size

    def read(self) -> Facts:
        """Take in what is new; a line that is not whole yet is left for the next look."""
        fold = self._fold_of()
        if fold is None:
            return self.facts
        with suppress(OSError), open_plain(self._path) as file:
            inode = os.fstat(file.fileno()).st_ino
            if inode != self._inode:
                self._read_rest(fold)
                self._inode, self._offset = inode, 0
            self._take(file, fold)
        return self.facts

    def conclude(self) -> Facts:
        """All of it, once the run is over: as it was kept beside it, else read to its end.

        What was kept is of no account where this object followed the run itself: an agent that
        still runs can write it too.
        """
        if not self._inode and (kept := self._recall()) is not None:
            self.facts, self._concluded = kept, True
            return kept
        before = -1
        while self._offset != before:
            before = self._offset
            self.read()
        self._concluded = self._fold_of() is not None
        return self.facts

    def owes(self) -> bool:
        """Whether it can be concluded now, and could not before."""
        return not self._concluded and self._fold_of() is not None

    def keep(self) -> None:
        """Note the facts of a run that is over beside it; what is there already is left.

        Raises:
            OSError: They cannot be written.
            ValueError: They cannot be told as JSON.
        """
        if not self._concluded or self.facts in {NO_FACTS, self._recall()}:
            return
        content = _FACTS.dump_json(self.facts)
        if len(content) <= FILE_LIMIT:  # a longer one could not be read again
            write_record(self._kept, content)

    def _recall(self) -> Facts | None:
        """The facts that were kept; None where none were, or such as no stream gives."""
        try:
            with open_plain(self._kept) as file:
                kept = _FACTS.validate_json(read_some(file, FILE_LIMIT))
        except (OSError, ValueError):
            return None
        return kept if kept != NO_FACTS and _could_be_ours(kept) else None

    def _read_rest(self, fold: Fold) -> None:
        """What was written after the last look and before the file was rotated away."""
        with suppress(OSError), open_plain(self._path.with_name(f"{NAME}.1")) as file:
            inode = os.fstat(file.fileno()).st_ino
            if self._inode not in {0, inode}:
                return  # rotated more than once
            if not self._inode:
                self._inode, self._offset = inode, 0
            self._take(file, fold)

    def _take(self, file: IO[bytes], fold: Fold) -> None:
        size = os.fstat(file.fileno()).st_size
        known = self._offset if self._offset <= size else 0  # somebody made it shorter
        start = max(known, size - MOST)
        file.seek(start)
        content = read_some(file, MOST)
        end = content.rfind(b"\n") + 1
        for line in content[:end].splitlines():
            self._take_line(line, fold)
        self._offset = start + end
        self._size = size

    def _take_line(self, line: bytes, fold: Fold) -> None:
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            return
        event = said.get("event") if isinstance(said, dict) else None
        if not isinstance(event, dict):
            return
        at = moment(said.get("at"))
        if at is not None:
            self.facts = fold(replace(self.facts, at=at), event)


def _could_be_ours(facts: Facts) -> bool:
    """Whether a stream could give such facts: the agent can write what was kept, too."""
    usage = facts.usage
    times = (facts.at, facts.until, facts.turn_at, facts.ask.at if facts.ask else None)
    return bool(
        (not facts.conversation or CONVERSATION.fullmatch(facts.conversation))
        and all(
            time is None or (time.tzinfo and EARLIEST <= time.timestamp() <= LATEST)
            for time in times
        )
        and all(0 <= each < _MOST for each in (usage.fresh, usage.cached, usage.output))
        and (usage.dollars is None or abs(usage.dollars) < _MOST)
    )
