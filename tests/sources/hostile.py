"""A user whose program saves at the worst moment: between any two lines of a write of ours."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import pytest

from controller.sources import retired
from controller.sources.base import SourceUnavailable
from controller.sources.csv_file import CsvFile
from tests.sources.benches import cells_of, edits_of

HEADER = "Project,Priority,Status,Agent,Last Update,Next Action"
BEFORE = f"{HEADER}\na,1,,,,do\nb,2,,,,wait\nc,3,,,,rest\n"
WAYS = ("in place", "halves", "append", "rename", "vim", "git")
BLOCKED_S = 0.05  # after which a save that does not end is taken to wait for us

_EDITOR = """
import os, sys, time
path = sys.argv[1]
print("up", flush=True)
for line in sys.stdin:
    way, old, new = line.rstrip("\\n").split("|")
    beside = path + "~"
    if way == "append":
        with open(path, "a") as file:
            file.write(new + ",7,,,,\\n")
        print("done", flush=True)
        continue
    with open(path) as file:
        text = file.read()
    text = text.replace(old, new)
    if way == "rename":
        with open(beside, "w") as file:
            file.write(text)
        os.rename(beside, path)
    elif way == "halves":
        with open(path, "w") as file:
            file.write(text[: len(text) // 2])
            file.flush()
            time.sleep(0.03)
            file.write(text[len(text) // 2 :])
    else:
        if way == "vim":
            os.rename(path, beside)
        if way == "git":
            os.unlink(path)
        with open(path, "w") as file:
            file.write(text)
        if way == "vim":
            os.unlink(beside)
    print("done", flush=True)
"""


def let_go_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that were replaced are watched for moments alone."""
    monkeypatch.setattr(retired, "_SETTLE_S", 0.02)
    monkeypatch.setattr(retired, "_QUIET_S", 0.1)


class Editor:
    """A program of the user's, in a process of its own: a lease of ours may hold it up."""

    def __init__(self, path: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _EDITOR, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self._pending = 1
        self.wait(10)

    def save(self, way: str, old: str, new: str) -> None:
        """Save in one of `WAYS`; what takes long goes on by itself."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{way}|{old}|{new}\n".encode())
        self._pending += 1
        self.wait(BLOCKED_S)

    def wait(self, seconds: float) -> bool:
        """Wait for the end of every save; whether it came."""
        assert self._process.stdout is not None
        until = time.monotonic() + seconds
        while self._pending:
            left = max(0.0, until - time.monotonic())
            if not select.select([self._process.stdout], [], [], left)[0]:
                return False
            said = os.read(self._process.stdout.fileno(), 4096)
            assert said, "the editor failed"
            self._pending -= said.count(b"\n")
        return True

    def close(self) -> None:
        """End it."""
        self._process.kill()
        with self._process:
            pass


@contextmanager
def at_lines(
    modules: Sequence[ModuleType], places: Mapping[int, Callable[[], None]]
) -> Iterator[list[int]]:
    """Do something just before the n-th line of some modules that runs here, counted from 0.

    Yields:
        A list whose only item is the number of lines so far.
    """
    files = {module.__file__ for module in modules}
    count = [0]

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if event == "call":
            return trace if frame.f_code.co_filename in files else None
        if event == "line":
            number, count[0] = count[0], count[0] + 1
            if number in places:
                sys.settrace(None)
                places[number]()
                sys.settrace(trace)
        return trace

    sys.settrace(trace)
    try:
        yield count
    finally:
        sys.settrace(None)


def write(source: CsvFile, project: str = "b", **cells: str) -> None:
    """A write of the controller's; one that gives up is as good as none."""
    try:
        source.write(edits_of(source.read(), project, **(cells or {"status": "Queued"})))
    except SourceUnavailable as error:
        assert error.reason in {"FileBusy", "FileMissing", "EmptyFile"}  # noqa: PT017


def settled(source: CsvFile, path: Path, wanted: Callable[[], bool], seconds: float = 6.0) -> None:
    """Read as the loop does until the list is as wanted and nothing is left beside it."""
    until = time.monotonic() + seconds
    while True:
        try:
            source.read()
        except SourceUnavailable as error:
            assert error.reason in {"FileBusy", "FileMissing", "EmptyFile"}  # noqa: PT017
        if list(path.parent.iterdir()) == [path] and wanted():
            return
        assert time.monotonic() < until, (
            f"{path.read_text() if path.exists() else 'no list'}\n"
            f"{[(at.name, at.read_text()) for at in path.parent.iterdir()]}"
        )
        time.sleep(0.01)


def rows_of(path: Path) -> list[str]:
    """The projects that the list has; it must be whole."""
    return cells_of(CsvFile(path).read(), "Project")
