"""A project's folder that was copied or moved while its agents work."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.lab import Lab, alive, wait_for

ROWS = [f"P{n},{n},,,,exec sleep 100{n},,,," for n in (1, 2, 3)]


def go_to(lab: Lab, root: Path) -> None:
    """Take the lab to another folder."""
    lab.root, lab.list = root, root / "desired" / "priorities.csv"


@pytest.fixture
def home(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Three agents at work, and a socket where it lies by default."""
    folder = tmp_path_factory.mktemp("x")
    folder.chmod(0o700)
    del lab.environment["SIDEKICK_PATHS_SOCKET"]
    lab.environment["XDG_RUNTIME_DIR"] = str(folder)
    lab.settle_in(*ROWS)
    lab.start()
    wait_for("the socket", lambda: any(folder.glob("*.sock")))
    (lab.socket,) = folder.glob("*.sock")
    for name in ("P1", "P2", "P3"):
        lab.wait_status(name, "In Progress")
    wait_for("three agents", lambda: len(lab.agents()) == 3)
    return lab


@pytest.fixture
def copy(home: Lab) -> Iterator[Lab]:
    """The same folder once more."""
    other = Lab()
    shutil.rmtree(other.root)
    shutil.copytree(home.root, other.root, symlinks=True)
    (other.root / "out.log").unlink()
    other.environment = {**home.environment, "HOME": str(other.root)}
    yield other
    other.socket = Path((other.root / "state" / "socket").read_text().strip())
    other.close()


def test_a_copy_leaves_the_originals_agents_alone(home: Lab, copy: Lab) -> None:
    """Its rows begin in sessions of its own, on a server of its own."""
    agents = home.agents()
    copy.start()
    wait_for("agents of the copy", lambda: len(copy.agents().keys() - agents.keys()) == 3)
    for name in ("P1", "P2", "P3"):
        copy.wait_status(name, "In Progress")
    assert home.agents() == agents
    assert all(map(alive, agents.values()))
    copy.sidekick("stop", "--all", check=True)
    assert not copy.agents()
    assert all(map(alive, agents.values()))


@pytest.mark.slow
def test_a_folder_that_was_moved_goes_on(home: Lab) -> None:
    """What ran there is ended, and each row begins again, with no more than one agent."""
    before = home.agents()
    home.stop()
    husk = home.tmux("display-message", "-p", "#{pid}").strip()
    root = home.root
    os.rename(root, f"{root}-moved")  # noqa: PTH104
    go_to(home, Path(f"{root}-moved"))
    try:
        home.start()
        wait_for("agents", lambda: len(home.agents().keys() - before.keys()) == 3)
        assert not any(map(alive, before.values()))
        for name in ("P1", "P2", "P3"):
            home.wait_status(name, "In Progress")
    finally:
        home.tmux("kill-server")
        wait_for("the end of the server", lambda: not alive(int(husk)))
        home.socket = Path((home.root / "state" / "socket").read_text().strip())
