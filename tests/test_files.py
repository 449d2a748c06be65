"""Files of the controller's own: for their owner alone, whatever the umask."""

import logging
import os
import stat
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller import files
from controller.core.memory import Memory
from controller.fleet import Fleet
from controller.locks import Lock
from controller.log.file import LogFile
from controller.parts.runtime import remembered_socket
from controller.runs import history, records, stream
from controller.runs.documents import read_object
from controller.runs.meta import read_meta
from controller.sources.approval import approve
from controller.sources.file_read import read_whole
from controller.store import Store
from tests.server.world import REPORT

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """The process's umask."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    """Who may do what."""
    return stat.S_IMODE(path.lstat().st_mode)


def loose(root: Path) -> list[str]:
    """What below a folder is open to others."""
    return [f"{path} {mode(path):o}" for path in root.rglob("*") if mode(path) & 0o077]


def test_whatever_is_made(tmp_path: Path, umask: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words, notes, memory, what was set aside, locks, logs: folders 0700, files 0600."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    state = tmp_path / "deep" / "er" / "state"
    fleet = Fleet(state)
    fleet.suspend(NOW, "lunch")
    fleet.approve_prune("digest")
    fleet.note("A", "why")
    approve(state, "csv")
    remembered_socket(state / "socket", "owner")
    lock = Lock(state / "controller.lock")
    lock.acquire("it")
    database = state / "sidekick.db"
    database.write_bytes(b"damaged" * 1000)
    store = Store(database, lambda: NOW)
    store.save(Memory(), REPORT)
    assert {"-wal", "-shm"} <= {path.name.removeprefix("sidekick.db") for path in state.iterdir()}
    assert store.set_aside is not None
    log = LogFile(state / "sidekick.log", logging.NullHandler())
    log.maxBytes, log.backupCount = 100, 2
    for _ in range(4):
        log.emit(logging.makeLogRecord({"msg": 200 * "x"}))
    log.close()
    store.close()
    lock.release()
    assert loose(tmp_path / "deep") == []
    assert {path.name for path in state.glob("sidekick.log*")} == {
        "sidekick.log", "sidekick.log.1", "sidekick.log.2",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["controller.lock", "sidekick.db", "sidekick.log"])
def test_what_was_loose_is_tightened(tmp_path: Path, name: str) -> None:
    """A file that an older version, or a hand, left open to others."""
    path = tmp_path / name
    path.touch(mode=0o666)
    path.chmod(0o666)
    files.append_to(path).close()
    assert mode(path) == 0o600


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    """It may be any folder that the settings name, even /tmp."""
    tmp_path.chmod(0o755)
    files.make_folder(tmp_path)
    assert mode(tmp_path) == 0o755
    with pytest.raises(OSError, match="directory"):
        files.make_folder(Path("/dev/null"))
    with pytest.raises(OSError, match="directory"):
        files.make_folder(Path("/dev/null/x"))


def test_no_link_is_followed(tmp_path: Path) -> None:
    """What an agent put into its run's folder leads no write elsewhere."""
    target, run = tmp_path / "target", tmp_path / "run"
    target.write_text("mine")
    run.mkdir()
    (run / f".stop.{os.getpid()}.new").symlink_to(target)
    (run / "stop").symlink_to(target)
    files.write_whole(run / "stop", b"{}")
    assert target.read_text() == "mine"
    assert (run / "stop").read_bytes() == b"{}"
    assert not (run / "stop").is_symlink()
    assert [path.name for path in run.iterdir()] == ["stop"]


@pytest.mark.parametrize("most", [0, 1, 9, 10, 11, 5_000_000])
@pytest.mark.parametrize("start", [0, 4, 10, 12])
def test_some_of_a_file(tmp_path: Path, start: int, most: int) -> None:
    """At most so many bytes from where it stands; beyond its end there is nothing."""
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    with files.open_plain(path) as file:
        file.seek(start)
        assert files.read_some(file, most) == b"0123456789"[start:][:most]


def test_a_file_that_grows_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it holds at the end of the read is read, up to the limit."""
    path = tmp_path / "file"
    path.write_bytes(b"a")
    look = os.fstat

    def grow(descriptor: int) -> os.stat_result:
        seen = look(descriptor)
        with path.open("ab") as file:
            file.write(b"b" * 5 if seen.st_size < 10 else b"")
        return seen

    with path.open("rb") as file:
        monkeypatch.setattr(os, "fstat", grow)
        assert files.read_some(file, 9) == b"abbbbbbbb"
        assert files.read_some(file, 9) == b"bb"


READS: tuple[Callable[[Path], object], ...] = (
    lambda folder: files.read_small(folder / "list.csv"),
    lambda folder: read_whole(folder / "list.csv"),
    lambda folder: read_meta(folder),
    lambda folder: read_object(folder / "meta.json"),
    lambda folder: records.read_reports(folder),
    lambda folder: history.tail(folder),
    lambda folder: stream.Stream(folder, lambda: lambda facts, _: facts).read(),
)


@pytest.mark.parametrize("read", READS)
def test_no_room_is_taken_for_what_is_not_there(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    """A small file takes little memory to read, whatever may be read of a large one."""
    for name in ("list.csv", "meta.json", "events.jsonl", "output.log", stream.NAME):
        (tmp_path / name).write_bytes(b"{}\n")
        os.utime(tmp_path / name, (1, 1))
    read(tmp_path)  # what is kept of a first time is none of it
    tracemalloc.start()
    read(tmp_path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 50_000
