"""Locks: one controller, told by its pid, given back whatever ends it."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.core.errors import TerminalError
from controller.locks import AlreadyRunning, Holder, Lock, held_by, read_holder

HOLD = """
import subprocess, sys
from pathlib import Path
from controller.locks import AlreadyRunning, Lock
lock = Lock(Path(sys.argv[1]))
try:
    lock.acquire("the state")
except AlreadyRunning as error:
    print(error.message)
    sys.exit(3)
if len(sys.argv) > 2:
    child = subprocess.Popen(["sleep", "1000"], close_fds=False)
    print(child.pid, flush=True)
else:
    print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[Lock]:
    """A lock; given back with the test."""
    lock = Lock(tmp_path / "state" / "controller.lock")
    yield lock
    lock.release()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The lock's file; its folder is not there yet."""
    return tmp_path / "state" / "controller.lock"


def holder(path: Path, *more: str) -> subprocess.Popen[str]:
    """Another process that takes the lock and keeps it until its input ends."""
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), *more], stdin=pipe, stdout=pipe, text=True
    )


def test_acquire(lock: Lock, path: Path) -> None:
    """Who takes the lock says who it is; the folder is made, the user's alone."""
    lock.acquire("the state")

    found = held_by(path)
    assert found
    assert (os.getpid(), socket.gethostname()) == (found.pid, found.host)
    assert abs(time.time() - found.since) < 60
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_release(lock: Lock, path: Path) -> None:
    """Once given back it is free, and can be taken again; twice is no fault."""
    lock.acquire("the state")
    lock.release()
    lock.release()
    assert held_by(path) is None
    lock.acquire("the state")
    assert held_by(path)


def test_the_second_is_refused(lock: Lock, path: Path) -> None:
    """A second process is told what is taken, by which process, and what to do."""
    lock.acquire("the state")
    with holder(path) as second:
        said, _ = second.communicate(timeout=20)

    assert second.returncode == 3
    assert (
        f"a controller already runs on the state: process {os.getpid()} on {socket.gethostname()}; "
        f"end it first (kill -TERM {os.getpid()})\n"
    ) == said
    found = held_by(path)
    assert found
    assert os.getpid() == found.pid


def test_what_ends_the_first_is_told_as_it_is_done_here(
    lock: Lock, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where something else runs it, a signal would only have it started again."""
    monkeypatch.setenv("SIDEKICK_STOP", "docker compose stop controller")
    lock.acquire("the state")
    with holder(path) as second:
        said, _ = second.communicate(timeout=20)
    assert said.endswith("; end it first (docker compose stop controller)\n")


def test_killed(lock: Lock, path: Path) -> None:
    """Kill -9 of the holder gives the lock back at once."""
    with holder(path) as first:
        assert first.stdout
        assert first.stdout.readline() == "locked\n"
        with pytest.raises(AlreadyRunning, match=f"process {first.pid} "):
            lock.acquire("the state")
        assert (found := held_by(path))
        assert first.pid == found.pid
        first.kill()
        first.wait(10)
        assert held_by(path) is None
        lock.acquire("the state")
        assert (found := held_by(path))
        assert os.getpid() == found.pid


def test_children_do_not_inherit_it(lock: Lock, path: Path) -> None:
    """A program that the holder started, as tmux, does not keep the lock alive."""
    with holder(path, "with a child") as first:
        assert first.stdout
        child = int(first.stdout.readline())
        try:
            first.kill()
            first.wait(10)
            os.kill(child, 0)
            assert held_by(path) is None
            lock.acquire("the state")
        finally:
            os.kill(child, 9)


def test_two_in_one_process(lock: Lock, path: Path) -> None:
    """Two locks on one file exclude each other within a process too."""
    lock.acquire("the state")
    with pytest.raises(AlreadyRunning, match="the list"):
        Lock(path).acquire("the list x.csv")


def test_a_long_old_word_is_overwritten(lock: Lock, path: Path) -> None:
    """What an earlier holder wrote does not stay behind the new word."""
    path.parent.mkdir()
    path.write_text("x" * 10_000)
    lock.acquire("the state")
    assert {"pid", "host", "since"} == set(json.loads(path.read_text()))


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "5", '{"pid": 1}', '{"pid": "x", "host": "", "since": 0}',
                '{"pid": 1, "host": "h", "since": {}}'],
)  # fmt: skip
def test_an_unreadable_word(lock: Lock, path: Path, content: str) -> None:
    """A lock whose holder cannot be read is held all the same, by another process."""
    lock.acquire("the state")
    path.write_text(content)
    assert read_holder(path) is None
    assert Holder(0, "", 0.0) == held_by(path)
    with pytest.raises(AlreadyRunning, match="another process"):
        Lock(path).acquire("the state")


@pytest.mark.parametrize("content", ['{"pid": Infinity, "host": "", "since": 0}', "[" * 50_000])
def test_a_hostile_word(path: Path, content: str) -> None:
    """Nor does any other content raise."""
    path.parent.mkdir()
    path.write_text(content)
    assert read_holder(path) is None


def test_held_by_nobody(path: Path) -> None:
    """Where no folder is, nobody holds it, and none is made."""
    assert held_by(path) is None
    assert not path.parent.exists()


def test_looking_makes_no_file(path: Path) -> None:
    """Looking who holds the lock makes no file."""
    path.parent.mkdir()
    assert held_by(path) is None
    assert list(path.parent.iterdir()) == []


def test_looking_changes_nothing(lock: Lock, path: Path) -> None:
    """Looking takes nothing away: neither the word nor the lock."""
    lock.acquire("the state")
    word = path.read_text()
    for _ in range(3):
        held_by(path)
    assert word == path.read_text()
    lock.release()
    assert word == path.read_text()
    assert held_by(path) is None


@pytest.mark.slow
def test_looking_is_in_nobodys_way(lock: Lock, path: Path) -> None:
    """A controller that starts while somebody looks who holds the lock is not refused."""
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            held_by(path)

    lock.acquire("the state")
    lock.release()
    looking = threading.Thread(target=look)
    looking.start()
    ends = time.monotonic() + 3
    try:
        while time.monotonic() < ends:
            lock.acquire("the state")
            lock.release()
    finally:
        done.set()
        looking.join()


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    """A lock whose file cannot be made is an error of its own, with the path."""
    (tmp_path / "file").write_text("")
    with pytest.raises(TerminalError) as caught:
        Lock(tmp_path / "file" / "x.lock").acquire("the state")
    assert caught.value.reason == "LockUnavailable"
    assert not isinstance(caught.value, AlreadyRunning)
    assert str(tmp_path / "file" / "x.lock") in caught.value.message


def test_a_link_in_the_place_of_a_lock(tmp_path: Path) -> None:
    """In a shared folder anybody may put one there: what it leads to is not emptied."""
    precious, link = tmp_path / "precious", tmp_path / ".list.csv.lock"
    precious.write_text("mine")
    link.symlink_to(precious)
    with pytest.raises(TerminalError, match="symbolic links"):
        Lock(link).acquire("the list")
    assert precious.read_text() == "mine"


def test_a_lock_whose_file_was_taken_away_is_taken_again(lock: Lock, path: Path) -> None:
    """With its folder, too; and while it is there, nothing is done."""
    lock.acquire("the state")
    before = path.stat()
    lock.keep("the state")
    assert os.path.samestat(before, path.stat())
    shutil.rmtree(path.parent)
    assert held_by(path) is None
    lock.keep("the state")
    assert (found := held_by(path))
    assert found.pid == os.getpid()


def test_a_lock_that_another_took_meanwhile_is_lost(lock: Lock, path: Path) -> None:
    """Who cleared the file away let another begin: that one is told."""
    lock.acquire("the state")
    path.unlink()
    with holder(path) as other:
        assert other.stdout
        assert other.stdout.readline() == "locked\n"
        with pytest.raises(AlreadyRunning, match=f"process {other.pid} "):
            lock.keep("the state")
        other.kill()


def test_a_lock_where_nobody_may_write_is_elsewhere(tmp_path: Path) -> None:
    """The same place for both who want it; other faults of the folder are faults."""
    elsewhere = tmp_path / "elsewhere.lock"
    # Nobody, root included, may make a file in /sys.
    first, second = (Lock(Path("/sys/kernel/.x.lock"), lambda: elsewhere) for _ in range(2))
    with pytest.raises(TerminalError, match="must be able to write"):
        Lock(Path("/sys/kernel/.x.lock")).acquire("the list")
    first.acquire("the list")
    try:
        with pytest.raises(AlreadyRunning, match=f"process {os.getpid()} "):
            second.acquire("the list")
    finally:
        first.release()
    second.acquire("the list")
    second.release()
