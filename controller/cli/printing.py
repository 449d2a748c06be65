"""How what a run printed is shown: as text, as it is, or its events alone."""

import sys
from collections import deque
from collections.abc import Iterable
from typing import AnyStr

from controller.runs.printed import Plain, event_in


class Text:
    """Prints what a run printed as text, without escapes."""

    def __init__(self) -> None:
        self._plain = Plain()

    def show(self, chunks: Iterable[bytes], lines: int | None = None) -> None:
        """Print the chunks, or their last lines; an unfinished escape waits for the next."""
        parts = map(self._plain.feed, chunks)
        sys.stdout.writelines(parts if lines is None else _last(parts, lines, "\n"))
        sys.stdout.flush()

    def end(self) -> None:
        """Print what is left."""
        sys.stdout.write(self._plain.feed(b"", last=True))


class Raw:
    """Prints what a run printed, byte by byte."""

    def show(self, chunks: Iterable[bytes], lines: int | None = None) -> None:
        """Print the chunks, or their last lines."""
        sys.stdout.buffer.writelines(chunks if lines is None else _last(chunks, lines, b"\n"))
        sys.stdout.buffer.flush()

    def end(self) -> None:
        """Nothing was held back."""


class Events:
    """Prints the events that an agent told, a JSON object a line."""

    def __init__(self) -> None:
        self._rest = b""

    def show(self, chunks: Iterable[bytes], lines: int | None = None) -> None:
        """Print the chunks' events, or the last of them; an unfinished line waits for the next."""
        parts = map(self._events, chunks)
        sys.stdout.writelines(parts if lines is None else _last(parts, lines, "\n"))
        sys.stdout.flush()

    def end(self) -> None:
        """A line that has no end is no event."""

    def _events(self, chunk: bytes) -> str:
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        return "".join(f"{event}\n" for line in whole if (event := event_in(line)))


def _last(parts: Iterable[AnyStr], lines: int, end: AnyStr) -> Iterable[AnyStr]:
    """The last lines of a stream."""
    kept: deque[AnyStr] = deque(maxlen=lines)
    rest = end[:0]
    for part in parts:
        whole = (rest + part).split(end)
        rest = whole.pop()
        kept.extend(line + end for line in whole)
    if rest:
        kept.append(rest)
    return kept
