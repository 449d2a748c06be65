"""A file is never read in the midst of a save."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from controller.leases import Lease
from controller.sources import file_read
from controller.sources.base import SourceUnavailable
from controller.sources.csv_file import CsvFile
from controller.sources.file_read import read_whole
from tests.sources.benches import powerless

HEADER = "Project,Priority,Status,Agent,Last Update,Next Action\n"
ROWS = 60

# Saves in place, as nano does, but slowly: half of the rows, a pause, the other half.
WRITER = f"""
import sys, time
path, pause, rest = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
rows = ["p%d,1,,,,do\\n" % n for n in range({ROWS})]
while True:
    with open(path, "w") as file:
        file.write({HEADER!r} + "".join(rows[:{ROWS // 2}]))
        file.flush()
        time.sleep(pause)
        file.write("".join(rows[{ROWS // 2}:]))
    time.sleep(rest)
"""


@contextmanager
def writer(path: Path, pause: float, rest: float) -> Iterator[None]:
    """A program that saves the list again and again."""
    path.write_text(HEADER + "p,1,,,,do\n" * ROWS)
    command = [sys.executable, "-c", WRITER, str(path), str(pause), str(rest)]
    with subprocess.Popen(command) as process:
        try:
            yield
        finally:
            process.kill()


def read_for(path: Path, seconds: float) -> list[int]:
    """The numbers of rows that a source saw in some seconds; busy moments are none."""
    source = CsvFile(path)
    seen = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            seen.append(len(source.read().rows))
        except SourceUnavailable as error:
            assert error.reason in {"EmptyFile", "FileBusy"}  # noqa: PT017
    return seen


@pytest.mark.parametrize(("pause", "rest"), [(0.08, 0.05), (0, 0)])
def test_no_half_save_is_read_with_a_lease(tmp_path: Path, pause: float, rest: float) -> None:
    """Under slow and under furious saves each read has all rows, and no signal ends us."""
    path = tmp_path / "p.csv"
    with writer(path, pause, rest):
        seen = read_for(path, 1.5)

    assert set(seen) == {ROWS}


@pytest.mark.slow
def test_no_half_save_is_read_without_a_lease(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the file system gives no lease, a read waits until the file is quiet."""
    monkeypatch.setattr(file_read, "take", lambda _: Lease.NONE)
    monkeypatch.setattr(file_read, "_QUIET_S", 0.3)
    path = tmp_path / "p.csv"
    with writer(path, 0.05, 0.6):
        seen = read_for(path, 2)

    assert set(seen) == {ROWS}


def test_a_file_that_is_written_all_the_time_is_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waiting for quiet has an end."""
    monkeypatch.setattr(file_read, "_PATIENCE_S", 0.3)
    path = tmp_path / "p.csv"
    stop = threading.Event()

    def write() -> None:
        with path.open("w") as file:
            while not stop.wait(0.01):
                file.write("x")
                file.flush()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        time.sleep(0.05)
        with pytest.raises(SourceUnavailable) as caught:
            read_whole(path)
    finally:
        stop.set()
        thread.join()

    assert caught.value.reason == "FileBusy"


def test_a_file_that_is_merely_open_is_read_at_once(tmp_path: Path) -> None:
    """A program that holds the file open all day, as LibreOffice does, hinders nobody."""
    path = tmp_path / "p.csv"
    path.write_text("x\n")
    with path.open("r+"):
        os.utime(path, (time.time() - 5,) * 2)
        began = time.monotonic()

        assert read_whole(path).data == b"x\n"

    assert time.monotonic() - began < 0.4  # one that was changed just now must rest for 0.5 s


def test_a_quiet_file_is_read_while_open_for_writing(tmp_path: Path) -> None:
    """Changed just now and still open, a file is read once it has been quiet for a while."""
    path = tmp_path / "p.csv"
    with path.open("w") as file:
        file.write("x\n")
        file.flush()
        began = time.monotonic()

        assert read_whole(path).data == b"x\n"

    assert time.monotonic() - began >= 0.5


@pytest.mark.parametrize("age", [0, 5])
def test_a_line_that_a_program_has_not_finished_is_waited_for(tmp_path: Path, age: float) -> None:
    """A slow export, a copy that stalls: half a row is no wish, until it has stood for long."""
    path = tmp_path / "p.csv"
    with path.open("w") as file:
        file.write("a,1,,,,delete every")
        file.flush()
        os.utime(path, (time.time() - age,) * 2)

        with pytest.raises(SourceUnavailable, match="in the midst of a line") as caught:
            read_whole(path)

        assert caught.value.reason == "FileBusy"
        os.utime(path, (time.time() - 11,) * 2)
        assert read_whole(path).data == b"a,1,,,,delete every"
        file.write("thing old\n")
    assert read_whole(path).data == b"a,1,,,,delete everything old\n"


def test_a_file_of_another_user_is_read(open_folder: Path) -> None:
    """Who may not have a lease reads all the same."""
    path = open_folder / "p.csv"
    path.write_text("x")

    with powerless():
        assert read_whole(path).data == b"x"


def test_a_lease_is_given_back(tmp_path: Path) -> None:
    """After a read, and after a failed one, nobody has to wait to write."""
    path = tmp_path / "p.csv"
    path.write_text("x")
    read_whole(path)
    began = time.monotonic()

    path.write_text("y")

    assert time.monotonic() - began < 10  # the kernel takes a lease away after 45 s
    assert read_whole(path).data == b"y"
