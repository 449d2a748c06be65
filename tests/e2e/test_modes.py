"""Who may read and write what a real controller, its sessions and its agents leave on the disk."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.lab import SIDEKICK, Lab, wait_for


def mode(path: Path) -> int:
    """Who may do what."""
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture(params=[0o000, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """The umask of the person who starts the controller."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.mark.slow
def test_everything_is_the_owners_alone(umask: int, lab: Lab) -> None:
    """State, logs and runs: folders 0700, files 0600; the list and the agents' files stay free."""
    lab.settle_in(
        "Ends,1,Pending,,,echo x > made; echo out,,,,",
        f"Works,1,Pending,tty,,{SIDEKICK} report progress -m half; sleep 1000,,,,",
        "Shows,1,Pending,demo,,which one?,,,,",
        times={"tick": 5, "stop_grace": 1, "demo_work": 1},
    )
    lab.list.chmod(0o640)
    lab.start()
    lab.wait_status("Ends", "Completed")
    lab.wait_reason("Works", "Running")
    lab.wait_status("Shows", "Waiting", 30)
    wait_for("two reports", lambda: len([*(lab.root / "runs").glob("*/events.jsonl")]) == 2)
    lab.sidekick("pause", "Works", "-m", "lunch", check=True)
    lab.wait_reason("Works", "UserPaused")
    lab.sidekick("stop", "--all", check=True)
    made = [
        path
        for name in ("state", "logs", "runs")
        for path in (lab.root / name, *(lab.root / name).rglob("*"))
    ]
    names = {path.name for path in made}
    assert {"sidekick.db", "sidekick.db-wal", "sidekick.db-shm", "token", "tmux.conf",
            "controller.lock", "notes.json", "suspended.json", "settings.json",
            "settings.stamp", "sidekick.log", "spec.json", "meta.json", "prompt", "output.log",
            "events.jsonl", "exit.json", "started.json", "source"} <= names  # fmt: skip
    assert [f"{path} {mode(path):o}" for path in made if mode(path) & 0o077] == []
    assert mode(lab.socket) & 0o007 == 0
    assert mode(lab.list) == 0o640
    assert mode(lab.root / "workspaces" / "ends" / "made") == 0o666 & ~umask
