"""An editor that has the list open: writes wait a moment, are told, and come when it closes."""

import os
import socket

import pytest

from tests.e2e.lab import Lab, wait_for

pytestmark = pytest.mark.slow


def hold(lab: Lab) -> None:
    """Leave what emacs leaves while it has unsaved changes; this process stands in for it."""
    lock = lab.list.with_name(".#priorities.csv")
    lock.symlink_to(f"me@{socket.gethostname()}.{os.getpid()}")


def test_a_write_waits_for_an_editor(lab: Lab) -> None:
    """Words are read and acted on at once; the status comes when the editor is closed."""
    lab.settle_in("a,1,,,,sleep 600,,,,")
    hold(lab)
    lab.start()
    wait_for("the agent", lab.agents)
    wait_for("the report", lambda: "open in emacs (me@" in lab.sidekick("status").stdout)
    assert lab.status("a") == ""
    events = lab.sidekick("events").stdout
    assert "WriteDeferred" in events
    assert "WriteFailed" not in events

    lab.append("b,2,,,,sleep 600,,,,")
    wait_for("both agents", lambda: len(lab.agents()) == 2)
    lab.sidekick("pause", "b", check=True)
    assert lab.status("b") == "Paused"
    wait_for("the end of b", lambda: len(lab.agents()) == 1)

    lab.list.with_name(".#priorities.csv").unlink()
    lab.wait_status("a", "In Progress", 4)
    wait_for("the report", lambda: "open in emacs" not in lab.sidekick("status").stdout)
    assert lab.status("b") == "Paused"
    assert "StaleEdit" not in lab.sidekick("events").stdout


def test_the_wait_has_an_end(lab: Lab) -> None:
    """An editor that stays open delays a write by so long as the setting says, and no longer."""
    lab.settle_in(
        "a,1,,,,sleep 600,,,,",
        priority_source={"csv": {"editor_wait": 1.5}},
        times={"tick": 0.3, "stop_grace": 1},
    )
    hold(lab)
    lab.start()
    wait_for("the agent", lab.agents)
    assert lab.status("a") == ""

    lab.wait_status("a", "In Progress")
    backups = list((lab.root / "state" / "backups").glob("[!.]*"))
    assert [file.read_text().splitlines()[1] for file in backups] == ["a,1,,,,sleep 600,,,,"]
