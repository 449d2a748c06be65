"""Where the kernel, the file system or the file's owner allows less, edits survive all the same."""

import ctypes
import errno
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from controller import leases
from controller.leases import Lease
from controller.sources import exchange, file_swap, retired
from controller.sources.csv_file import CsvFile
from tests.sources.benches import cells_of, edits_of
from tests.sources.hostile import BEFORE, Editor, at_lines, let_go_soon, settled, write
from tests.sources.test_csv_write import mounted


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retired files are let go soon."""
    let_go_soon(monkeypatch)
    monkeypatch.setattr(retired, "_UNLEASED_S", 0.3)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A list with three rows, alone in its folder."""
    path = tmp_path / "here" / "p.csv"
    path.parent.mkdir()
    path.write_text(BEFORE)
    return path


def no_exchange(patch: pytest.MonkeyPatch, number: int = errno.EINVAL) -> None:
    """Make renameat2 say that it cannot."""
    patch.setattr(exchange, "_renameat2", lambda: lambda *_: number)


def no_lease(patch: pytest.MonkeyPatch) -> None:
    """Let there be no leases, as for another user's file."""
    for module in (leases, file_swap, retired):
        patch.setattr(module, "take", lambda _: Lease.NONE)


@pytest.mark.parametrize("number", sorted(exchange.UNSUPPORTED))
def test_without_an_exchange_the_list_is_written(
    path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Whatever the system says instead of exchanging, a rename does, and nothing stays behind."""
    no_exchange(monkeypatch, number)
    source = CsvFile(path)

    write(source)
    source.close()

    assert cells_of(source.read(), "Status") == ["", "Queued", ""]
    assert list(path.parent.iterdir()) == [path]


def test_without_hard_links_the_list_is_written(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On FAT there is neither exchange nor link."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    no_exchange(monkeypatch)
    monkeypatch.setattr(os, "link", fail)
    source = CsvFile(path)

    write(source)

    assert cells_of(source.read(), "Status") == ["", "Queued", ""]
    assert list(path.parent.iterdir()) == [path]


def test_an_old_c_library_is_enough(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library without renameat2 counts as a kernel without it."""
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    exchange._renameat2.cache_clear()
    try:
        with pytest.raises(OSError, match="not implemented"):
            exchange.exchange(path, path)
        write(CsvFile(path))
    finally:
        monkeypatch.undo()
        exchange._renameat2.cache_clear()

    assert "Queued" in path.read_text()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lacking", "ways"),
    [
        ((no_exchange,), ("in place", "append", "halves")),
        ((no_lease,), ("in place", "append", "rename", "vim")),
    ],
    ids=["exchange", "lease"],
)
def test_a_save_survives_where_one_of_both_lacks(
    path: Path,
    editor: Editor,
    monkeypatch: pytest.MonkeyPatch,
    lacking: tuple[Callable[[pytest.MonkeyPatch], None], ...],
    ways: tuple[str, ...],
) -> None:
    """A lease without exchange, or the other way round, still keeps what is saved in a write."""
    for lack in lacking:
        lack(monkeypatch)
    with at_lines((file_swap,), {}) as count:
        write(CsvFile(path))
    for number, way in enumerate(ways):
        for place in range(number, count[0], len(ways)):
            path.write_text(BEFORE)
            source = CsvFile(path)
            with at_lines((file_swap,), {place: partial(editor.save, way, "wait", "go")}):
                write(source)
            assert editor.wait(10)
            settled(source, path, lambda: "go" in path.read_text())


@pytest.mark.slow
def test_a_program_that_has_the_list_open_all_day_loses_nothing(path: Path) -> None:
    """What is written an hour later into a file that was replaced long ago is in the list."""
    source = CsvFile(path)
    with path.open("r+") as file:
        write(source)
        assert cells_of(source.read(), "Status") == ["", "Queued", ""]
        assert len(list(path.parent.iterdir())) == 2

        file.write(BEFORE.replace("wait", "go on"))
        file.flush()
        settled_but_one(source, path)
        write(source, "c", status="Paused")
        path.with_name("new").write_text(path.read_text().replace("do", "sleep"))
        path.with_name("new").replace(path)
        file.seek(0)
        file.write(BEFORE.replace("wait", "go away"))
        file.truncate()
        file.flush()
        settled_but_one(source, path, "go away")

    settled(source, path, lambda: "go away" in path.read_text())
    assert "sleep" in path.read_text()
    assert [notice.reason for notice in source.notices()] == ["EditRestored", "EditMerged"]


def settled_but_one(source: CsvFile, path: Path, text: str = "go on") -> None:
    """Read until the list has a text; the file that is open elsewhere stays beside it."""
    until = time.monotonic() + 5
    while text not in path.read_text():
        assert time.monotonic() < until, path.read_text()
        source.read()
        time.sleep(0.01)


@pytest.mark.parametrize("kind", ["tmpfs", "overlay"])
def test_other_file_systems(tmp_path: Path, kind: str) -> None:
    """In memory, and on what containers are made of, a save in the midst of a write survives."""
    with ExitStack() as stack:
        stack.enter_context(mounted("-t", "tmpfs", "none", str(tmp_path)))
        folder = tmp_path / "list"
        folder.mkdir()
        if kind == "overlay":
            for name in ("lower", "upper", "work"):
                (tmp_path / name).mkdir()
            (tmp_path / "lower" / "p.csv").write_text(BEFORE)
            layers = ",".join(f"{name}dir={tmp_path / name}" for name in ("lower", "upper", "work"))
            stack.enter_context(mounted("-t", "overlay", "-o", layers, "none", str(folder)))
        path = folder / "p.csv"
        path.write_text(BEFORE)
        editor = Editor(path)
        stack.callback(editor.close)
        for way in ("in place", "rename"):
            for place in (6, 12, 16, 20):
                path.write_text(BEFORE)
                source = CsvFile(path)
                with at_lines((file_swap,), {place: partial(editor.save, way, "wait", "go")}):
                    write(source)
                assert editor.wait(10)
                settled(source, path, lambda: "go" in path.read_text())


def test_an_immutable_list_is_told(path: Path) -> None:
    """`chattr +i` keeps even root from writing; the message says where to look."""
    if not shutil.which("chattr"):
        pytest.skip("no chattr here")
    if subprocess.run(["chattr", "+i", path], capture_output=True, check=False).returncode:
        pytest.skip("no immutable files here")
    try:
        source = CsvFile(path)
        edits = edits_of(source.read(), "b", status="Queued")
        with pytest.raises(Exception, match="lsattr"):
            source.write(edits)
        assert list(path.parent.iterdir()) == [path]
    finally:
        subprocess.run(["chattr", "-i", path], check=True)
