"""What a run printed, as its logs have it, and as text that does nothing to a terminal."""

import codecs
import os
import re
from collections.abc import Iterator
from pathlib import Path

from controller.runs.files import open_plain, state_of

NAME = "output.log"
CHUNK = 65_536
HELD = 4096
"""Bytes of an unfinished sequence that are waited for; none of use to a person is longer."""

_NUMBER = re.compile(r"[1-9][0-9]{0,3}")
_STEP = re.compile(r"\x1b\[[0-9]*C")
"""Programs that draw a screen move the cursor on instead of writing a space."""
_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI
    r"|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)"  # OSC, DCS, SOS, PM, APC
    r"|\x1b[ -/]*[0-~]"  # other two-character sequences
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)
_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
_UNFINISHED = re.compile(r"(?:\r|\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b\n]*\x1b?|[ -/]*)?)\Z")
_REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069\u2028\u2029]")
"""They show text in another order or on another line than it has (CVE-2021-42574)."""
_KEPT = re.compile(rb'\{"at": [0-9.]+, "event": (\{.*\})\}')
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]")


def plain(text: str) -> str:
    """The text without escapes and control characters, but for tabs and line ends.

    What would reorder it is spelled out.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _REORDERING.sub(_spelled, _ESCAPES.sub("", _STEP.sub(" ", lines)))


def coloured(text: str) -> str:
    """The text as `plain` makes it, but with the escapes that colour it."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = _ESCAPES.sub(
        lambda found: found[0] if _COLOUR.fullmatch(found[0]) else "", _STEP.sub(" ", lines)
    )
    return _REORDERING.sub(_spelled, kept)


def _spelled(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def event_in(line: bytes) -> str | None:
    """The event of a line of stream.jsonl, as the agent printed it; None for any other line.

    What a terminal would obey can only stand in its strings, where its JSON escape means the same.
    """
    kept = _KEPT.fullmatch(line.strip())
    return _UNSAFE.sub(_spelled, kept[1].decode("utf-8", "replace")) if kept else None


class Plain:
    """Makes a stream plain, wherever it is cut."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def feed(self, data: bytes, *, last: bool = False) -> str:
        """The next part of the stream as text; the last one holds nothing back."""
        text = self._rest + self._decoder.decode(data, last)
        unfinished = None if last else _UNFINISHED.search(text, max(0, len(text) - HELD))
        cut = unfinished.start() if unfinished else len(text)
        self._rest = text[cut:]
        return plain(text[:cut])


class Printed:
    """What a run printed, read from the oldest file on and then as it grows.

    Args:
        folder: The run's folder.
        most: Bytes of one file that are read at most, those at its end.
        name: The newest file's name; the older ones have a number behind it.
    """

    def __init__(self, folder: Path, most: int, name: str = NAME) -> None:
        self._folder = folder
        self._most = most
        self._name = name
        self._file = 0
        self._place = 0

    def so_far(self) -> Iterator[bytes]:
        """All that is there, in chunks."""
        for name in _rotated(self._folder, self._name):
            yield from self._rest_of(name)
        yield from self._rest_of(self._name)

    def more(self) -> Iterator[bytes]:
        """What came since, the end of a file that was moved meanwhile first."""
        file, place = self._file, self._place
        moved = self._folder / f"{self._name}.1"
        if file and _number_of(moved) == file:
            yield from self._rest_of(moved.name, file, place)
            file = place = 0
        yield from self._rest_of(self._name, file, place)

    def _rest_of(self, name: str, file: int = 0, place: int = 0) -> Iterator[bytes]:
        """A file from a place on; from its beginning where it is another file by now."""
        try:
            with open_plain(self._folder / name) as log:
                known = os.fstat(log.fileno())
                start = place if known.st_ino == file and place <= known.st_size else 0
                self._place = log.seek(max(start, known.st_size - self._most))
                self._file = known.st_ino
                while chunk := log.read(min(CHUNK, known.st_size - self._place)):
                    self._place += len(chunk)
                    yield chunk
        except OSError:
            return


def _number_of(path: Path) -> int:
    """A file's own number, which its name does not change; 0 where there is none."""
    try:
        return state_of(path).st_ino
    except OSError:
        return 0


def _rotated(folder: Path, name: str) -> list[str]:
    """The names of the older files, the oldest first."""
    try:
        names = os.listdir(folder)  # noqa: PTH208 - names are all that is needed
    except OSError:
        return []
    numbers = [each.removeprefix(f"{name}.") for each in names if each.startswith(f"{name}.")]
    found = sorted((int(number) for number in numbers if _NUMBER.fullmatch(number)), reverse=True)
    return [f"{name}.{number}" for number in found]
