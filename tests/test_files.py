"""Files of the controller's own: for their owner alone, whatever the umask."""

import logging
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller import files
from controller.core.memory import Memory
from controller.fleet import Fleet
from controller.locks import Lock
from controller.log.file import LogFile
from controller.parts.runtime import remembered_socket
from controller.sources.approval import approve
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
