"""The shipped example, from the first second to the last row."""

import shutil
import time

import pytest

from tests.e2e.lab import Lab, wait_for
from tests.shipped import SHIPPED


def ship(lab: Lab) -> None:
    """The files as they are shipped; only the demo works faster."""
    shutil.copy(SHIPPED / "config.yaml", lab.root)
    shutil.copy(SHIPPED / "priorities.csv", lab.list)
    lab.environment["SIDEKICK_TIMES_DEMO_WORK"] = "1"


def test_every_row_of_the_example_ends_as_it_should(lab: Lab) -> None:
    """Rows are worked on by priority; one asks a person; all end, with a file each."""
    ship(lab)
    lab.start()
    first = lab.wait_status("Antenna ML Pipeline", "Completed")
    assert first["Agent"] == "demo"
    assert first["Last Update"]
    lab.wait_status("APRS Audio Tools", "Completed")
    lab.wait_status("Pipecat Voice", "Waiting")
    assert lab.status("eButterfly Export") == "Blocked"
    assert "Which of the options" in lab.sidekick("get", "-o", "wide").stdout

    lab.tmux("send-keys", "-t", "=pipecat-voice:", "-l", "the second")
    lab.tmux("send-keys", "-t", "=pipecat-voice:", "Enter")

    lab.wait_status("Pipecat Voice", "Completed")
    for slug in ("antenna-ml-pipeline", "aprs-audio-tools", "pipecat-voice"):
        assert (lab.root / "workspaces" / slug / "SIDEKICK_DEMO.md").is_file()
    text = (lab.root / "workspaces" / "pipecat-voice" / "SIDEKICK_DEMO.md").read_text()
    assert "A person answered: the second" in text


def test_a_row_appended_with_echo_is_acted_on_within_a_second(lab: Lab) -> None:
    """The commonest edit of all."""
    ship(lab)
    lab.start()
    before = time.monotonic()
    lab.append("New Project,1,Pending,,,Do something,2027-02-01,No,")
    wait_for("a session", lambda: "new-project" in lab.sessions(), 5)
    assert time.monotonic() - before < 1.0
    lab.wait_status("New Project", "In Progress")


@pytest.mark.slow
def test_a_world_as_it_should_be_is_left_alone(lab: Lab) -> None:
    """A tick with nothing to do writes nothing: not the list, not the memory."""
    ship(lab)
    process = lab.start()
    lab.wait_status("APRS Audio Tools", "Completed")
    lab.wait_status("Pipecat Voice", "Waiting")
    watched = [lab.list, lab.root / "state" / "sidekick.db-wal"]

    def ticks() -> float:
        for line in (lab.get("/metrics") or "").splitlines():
            if line.startswith('sidekick_reconcile_total{result="success"}'):
                return float(line.split()[-1])
        return 0.0

    settled = ticks()
    wait_for("quiet", lambda: _woken(process.pid) and ticks() >= settled + 3)
    stamps = [path.stat().st_mtime_ns for path in watched]
    runs = sorted((lab.root / "runs").iterdir())
    settled = ticks()
    wait_for("more ticks", lambda: _woken(process.pid) and ticks() >= settled + 10)
    assert stamps == [path.stat().st_mtime_ns for path in watched]
    assert runs == sorted((lab.root / "runs").iterdir())


def _woken(pid: int) -> bool:
    import os
    import signal

    os.kill(pid, signal.SIGHUP)
    return True
