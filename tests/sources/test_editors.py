"""Who has the list open is known by what real editors leave beside it, and not for ever."""

import os
import pty
import shutil
import socket
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from controller.sources import editors
from controller.sources.editors import EditorWait, editor_of, lock_names
from tests.e2e.lab import wait_for

HOST = socket.gethostname()
OFFICE = ",me,{},23.11.2026 10:00,file:///home/me/.config/libreoffice/4;"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A list."""
    path = tmp_path / "p.csv"
    path.write_text("a\nb\n")
    return path


@contextmanager
def on_terminal(*command: str) -> Iterator[int]:
    """A program on a terminal of its own; yields the terminal, and kills the program in the end."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    environment = {**os.environ, "TERM": "xterm", "HOME": "/nonexistent"}
    process = subprocess.Popen(
        ("setsid", "--ctty", *command), stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    try:
        yield ours
    finally:
        process.kill()
        process.wait()
        os.close(ours)


@pytest.mark.parametrize(
    ("command", "typed", "name"),
    [
        (("vim", "-u", "NONE", "-N", "-c", "set directory=."), b"ihello", "vim"),
        (("nano", "--ignorercfiles", "--locking"), b"hello", "nano"),
        (("emacs", "-nw", "-Q"), b"hello", "emacs"),
    ],
    ids=["vim", "nano", "emacs"],
)
def test_a_real_editor_is_seen_until_it_is_gone(
    path: Path, command: tuple[str, ...], typed: bytes, name: str
) -> None:
    """An editor with unsaved changes is named; killed, its lock means nothing any more."""
    with on_terminal(*command, str(path)) as terminal:

        def seen() -> str:
            os.write(terminal, typed)
            time.sleep(0.1)
            return editor_of(path)

        assert name in wait_for("the editor's lock", seen)

    assert lock_names("p.csv") & {file.name for file in path.parent.iterdir()}
    assert editor_of(path) == ""


def test_a_lock_beside_the_real_file_counts(path: Path, tmp_path: Path) -> None:
    """Through a symbolic link an editor leaves its lock here or there."""
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "list.csv"
    link.symlink_to(path)
    path.with_name(".#p.csv").symlink_to(f"me@{HOST}.{os.getpid()}:1234")

    assert editor_of(link) == f"emacs (me@{HOST}, process {os.getpid()})"


def test_libreoffice_is_seen_while_it_runs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lock names no process: here one must run at all; elsewhere nobody can tell."""
    lock = path.with_name(".~lock.p.csv#")
    lock.write_text(OFFICE.format(HOST))
    assert editor_of(path) == ""

    monkeypatch.setattr(editors, "_OFFICE_PROCESSES", {Path("/proc/self/comm").read_text().strip()})
    assert editor_of(path) == f"LibreOffice (me@{HOST})"

    lock.write_text(OFFICE.format("elsewhere"))
    monkeypatch.undo()
    assert editor_of(path) == "LibreOffice (me@elsewhere)"


def test_a_lock_of_yesterday_is_stale(path: Path) -> None:
    """Where nobody can look the process up, a working day is all that a lock is believed."""
    lock = path.with_name(".~lock.p.csv#")
    lock.write_text(OFFICE.format("elsewhere"))
    os.utime(lock, (time.time() - 13 * 3600,) * 2)

    assert editor_of(path) == ""


@pytest.mark.parametrize(
    "content", [b"", b"b0", b"\0" * 5000, b"\xff,\xff,\xff\n", b"a@b", b"a@b.c"]
)
@pytest.mark.parametrize("name", sorted(lock_names("p.csv")))
def test_what_is_no_lock_is_none(path: Path, name: str, content: bytes) -> None:
    """Anything may lie there under such a name."""
    path.with_name(name).write_bytes(content)

    assert editor_of(path) == ""


@pytest.mark.parametrize("name", sorted(lock_names("p.csv")))
def test_a_pipe_or_folder_holds_nobody_up(path: Path, name: str) -> None:
    """Not even a pipe that nobody writes."""
    os.mkfifo(path.with_name(name))
    assert editor_of(path) == ""
    path.with_name(name).unlink()
    path.with_name(name).mkdir()
    assert editor_of(path) == ""


def test_the_wait_has_an_end_and_begins_anew(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An editor that stays open is waited for once for each write, not for ever."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    wait = EditorWait(path, 60)
    assert wait.holder() == ""
    lock = path.with_name(".#p.csv")
    lock.symlink_to(f"me@{HOST}.{os.getpid()}")

    assert wait.holder().startswith("emacs")
    now[0] += 59
    assert wait.holder().startswith("emacs")
    now[0] += 2
    assert wait.holder() == ""
    assert wait.holder() == ""
    wait.over()
    assert wait.holder().startswith("emacs")

    lock.unlink()
    assert wait.holder() == ""
    assert EditorWait(path, 0).holder() == ""
