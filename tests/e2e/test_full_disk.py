"""Full disks: real small file systems under a real controller with live agents.

Nothing is stopped because of them, what was said is not lost, and with room again everything goes
on by itself as if nothing had happened.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.e2e.disks import Disks, fill, fill_inodes, free
from tests.e2e.lab import Lab, alive, wait_for
from tests.notify.webhook import Webhook

STEADY = '"echo started; exec sleep 1000"'
TALKS = '"while :; do echo a line of output; sleep 0.05; done"'
ENDS = '"while [ ! -e /tmp/{root}/go ]; do sleep 0.1; done; echo the last word"'
FOLDERS = ("state", "runs", "logs", "workspaces", "desired")
RETRY = 75.0
"""Seconds until a start that failed is tried again at the latest: 60, 10 % jitter, and a tick."""
FILLS = {"full": fill, "no inodes": fill_inodes}


class World:
    """A lab whose folders are small disks of their own."""

    def __init__(self, disks: Disks, lab: Lab) -> None:
        self.disks = disks
        self.lab = lab
        self.agents: dict[str, int] = {}

    def begin(self, *folders: str, inodes: int = 0) -> None:
        """Four projects: one works, one talks, one ends when it is let, one is paused."""
        self.mount(*folders, inodes=inodes)
        self.settle()
        self.lab.start()
        for name in ("Works", "Talks", "Ends"):
            self.lab.wait_reason(name, "Running")
        self.agents = self.lab.agents()
        assert len(self.agents) == 3
        # Until then the list's earlier version takes room, which it will give back.
        wait_for("the old list's end", lambda: not list(self.lab.list.parent.glob(".*.sidekick-*")))

    def mount(self, *folders: str, inodes: int = 0) -> None:
        """Let each of the lab's folders be a disk of 1 MiB."""
        for folder in folders:
            self.disks.mount(self.lab.root / folder, size="1m", inodes=inodes)

    def settle(self) -> None:
        """Write the list and the settings."""
        self.lab.settle_in(
            f"Works,1,Pending,,,{STEADY},,,,", f"Talks,2,Pending,,,{TALKS},,,,",
            f"Ends,3,Pending,,,{ENDS.format(root=self.lab.root.name)},,,,",
            f"Later,4,Paused,,,{STEADY},,,,",
            times={"tick": 1, "stop_grace": 1},
        )  # fmt: skip

    def let_end(self) -> int:
        """Let one agent end; returns its pid, which is gone then."""
        run = next(run for run in self.agents if self.project_of(run) == "Ends")
        (self.lab.root / "go").touch()
        wait_for("its end", lambda: not alive(self.agents[run]))
        return self.agents.pop(run)

    def project_of(self, run: str) -> str:
        """Whose run it is."""
        text = (self.lab.root / "runs" / run / "meta.json").read_text()
        return next(name for name in ("Works", "Talks", "Ends", "Later") if f'"{name}"' in text)

    def counted(self, stage: str) -> float:
        """Failures of a stage so far."""
        line = f'sidekick_reconcile_errors_total{{stage="{stage}"}} '
        text = self.lab.get("/metrics") or ""
        return next((float(x.split()[1]) for x in text.splitlines() if x.startswith(line)), 0)

    def ticks(self, number: int) -> None:
        """Wait for so many more ticks."""
        end = self._ticks() + number
        wait_for(f"{number} ticks", lambda: self._ticks() >= end, 30)

    def _ticks(self) -> float:
        text = self.lab.get("/metrics") or ""
        lines = [x for x in text.splitlines() if x.startswith("sidekick_reconcile_total{")]
        return sum(float(line.split()[1]) for line in lines)

    def none_was_stopped(self) -> None:
        """Every agent that nobody asked to end lives, and none was started a second time."""
        assert all(alive(pid) for pid in self.agents.values()), self.lab.output()
        for name in ("Works", "Talks"):
            told = self.lab.told(name)
            assert told.count("Start") == 1, told
            assert not any(reason.startswith("Stop") for reason in told), told

    def converged(self) -> None:
        """The end state, as if nothing had happened."""
        self.lab.wait_status("Ends", "Completed", 30)
        self.lab.wait_reason("Later", "Running", RETRY)
        self.lab.wait_reason("Works", "Running")
        self.none_was_stopped()
        log = self.lab.output()
        assert self.lab.told("Ends").count("Start") == 1, log
        assert "ShimLost" not in log
        assert "Traceback" not in log
        wait_for("no error", lambda: "error " not in self.lab.sidekick("status").stdout)


@pytest.fixture
def world(lab: Lab) -> Iterator[World]:
    """A lab on disks of its own; skipped where no file system may be mounted."""
    try:
        disks = Disks()
    except OSError as error:
        pytest.skip(f"no mount namespace of our own: {error}")
    try:
        yield World(disks, lab)
    finally:
        lab.close()
        disks.close()
        shutil.rmtree(lab.root, ignore_errors=True)


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_full_state_folder_holds_up_no_notification(world: World) -> None:
    """It arrives though nothing can be kept; neither room nor another controller repeats it."""
    webhook = Webhook()
    try:
        world.lab.environment["SIDEKICK_NOTIFICATIONS_URLS"] = webhook.url()
        world.begin("state")
        fill(world.lab.root / "state")
        world.let_end()
        wait_for("the message", lambda: webhook.posts)
        world.ticks(4)
        free(world.lab.root / "state")
        world.lab.wait_status("Ends", "Completed", 30)
        world.ticks(2)
        world.lab.stop()
        world.lab.start()
        world.ticks(3)
        assert webhook.titles() == ["Ends is done"]
    finally:
        webhook.close()


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_full_state_folder_costs_the_statuses_alone(world: World) -> None:
    """The fleet is seen and acted upon, each thing is told once; then all is written at once."""
    lab = world.lab
    world.begin("state")
    fill(lab.root / "state")
    lab.edit("Later", Status="Pending")
    wait_for("the start of Later", lambda: len(lab.agents()) == 4)
    world.let_end()
    world.ticks(4)

    assert lab.status("Later") == "Pending"
    assert "error       store: " in lab.sidekick("status").stdout
    assert "database or disk is full" in lab.sidekick("get").stderr
    assert world.counted("store") > 1
    log = lab.output()
    assert log.count("StoreFailed") == 1, log
    for name, once in (("Ends", "Completed"), ("Later", "UserWord"), ("Later", "Start")):
        assert lab.told(name).count(once) == 1, (once, log)
    world.none_was_stopped()

    free(lab.root / "state")
    world.converged()
    events = lab.sidekick("events", "--last", "99").stdout
    for once in ("Completed", "StoreFailed", "StoreRecovered"):
        assert events.count(once) == 1, events
    with closing(sqlite3.connect(lab.root / "state" / "sidekick.db")) as db:
        assert db.execute("SELECT count(*) FROM projects").fetchone() == (4,)


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("how", FILLS)
def test_a_full_runs_folder_loses_no_end_and_starts_nothing(world: World, how: str) -> None:
    """An end has its room since the start; what cannot be recorded waits and says why."""
    lab = world.lab
    world.begin("runs", inodes=200 if how == "no inodes" else 0)
    FILLS[how](lab.root / "runs")
    lab.edit("Later", Status="Pending")
    lab.wait_reason("Later", "RunsUnavailable")
    world.let_end()
    lab.wait_status("Ends", "Completed")
    lab.sidekick("pause", "Talks", check=True)
    wait_for("its end", lambda: "talks" not in lab.sessions())
    lab.wait_status("Talks", "Paused")
    world.ticks(4)
    log = lab.output()
    assert lab.told("Later", "warning").count("RunsUnavailable") == 1, log
    assert "ActRecovered" not in log
    assert len(lab.agents()) == 1

    free(lab.root / "runs")
    lab.wait_reason("Later", "Running", RETRY)
    lab.wait_status("Ends", "Completed")
    log = lab.output()
    assert lab.told("Ends").count("Start") == 1
    assert "ShimLost" not in log
    assert log.count("ActRecovered") == 1
    pid = next(pid for run, pid in world.agents.items() if world.project_of(run) == "Works")
    assert alive(pid)


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_output_that_a_full_disk_does_not_take_is_missed_and_said(world: World) -> None:
    """The agent goes on, behind a pipe and on a terminal; its log says that something is lost."""
    lab = world.lab
    world.mount("runs")
    script = '"i=0; while :; do i=$((i+1)); echo $i {}; sleep 0.02; done"'.format("x" * 900)
    lab.settle_in(f"Pipe,1,Pending,sh,,{script},,,,", f"Tty,2,Pending,tty,,{script},,,,")
    lab.start()
    for name in ("Pipe", "Tty"):
        lab.wait_reason(name, "Running")
    agents = lab.agents()
    logs = [lab.root / "runs" / run / "output.log" for run in agents]
    for log in logs:
        wait_for("output", lambda log=log: log.stat().st_size > 2000)  # type: ignore[misc]
    fill(lab.root / "runs")
    at = _last_number(lab, "pipe")
    wait_for("a pane that goes on", lambda: _last_number(lab, "pipe") > at + 50, 30)
    full = [log.stat().st_size for log in logs]
    wait_for("more of it", lambda: _last_number(lab, "pipe") > at + 100, 30)
    assert [log.stat().st_size for log in logs] == full

    free(lab.root / "runs")
    for log in logs:
        wait_for("the word", lambda log=log: "missing here" in log.read_text(errors="replace"))  # type: ignore[misc]
        size = log.stat().st_size
        wait_for("more", lambda log=log, size=size: log.stat().st_size > size)  # type: ignore[misc]
    assert lab.agents() == agents
    assert all(alive(pid) for pid in agents.values())


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("folder", ["logs", "workspaces", "desired"])
def test_a_full_disk_elsewhere(world: World, folder: str) -> None:
    """Of the log, the agents' work, the list: no byte of the list is lost, nothing is stopped."""
    lab = world.lab
    world.begin(folder)
    fill(lab.root / folder)
    lab.edit("Later", Status="Pending")  # in place, which takes no room more
    text = lab.list.read_bytes()
    world.let_end()
    wait_for("the start of Later", lambda: len(lab.agents()) == 3)
    world.ticks(4)
    world.none_was_stopped()
    if folder == "desired":
        assert lab.list.read_bytes() == text
        assert world.counted("write") > 1
        assert lab.output().count("WriteFailed") == 1
        done = lab.sidekick("pause", "Works")
        assert (done.returncode, done.stdout) == (2, "")
        assert "the disk is full. Make room" in done.stderr
        shown = lab.sidekick("get").stdout
        assert "Completed" in shown
        since = _since(lab)
        world.ticks(3)
        assert _since(lab) == since, "a write that fails is no change of state"
    free(lab.root / folder)
    world.converged()


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("how", FILLS)
def test_everything_full_at_once(world: World, how: str) -> None:
    """Every folder on a full disk; then there is room again."""
    lab = world.lab
    world.begin(*FOLDERS, inodes=200 if how == "no inodes" else 0)
    for folder in FOLDERS:
        FILLS[how](lab.root / folder)
    lab.edit("Later", Status="Pending")
    world.let_end()
    world.ticks(5)
    world.none_was_stopped()
    for command in (
        "status",
        "get",
        "plan",
        "events",
        "describe Works",
        "apply",
        "pause Works -m x",
    ):
        done = lab.sidekick(*command.split())
        assert "Traceback" not in done.stderr
        assert done.stderr.count("\n") <= 3, done.stderr
    for folder in FOLDERS:
        free(lab.root / folder)
    world.converged()


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("folder", FOLDERS)
def test_a_start_on_a_full_disk(world: World, folder: str) -> None:
    """A controller begins and waits for room, or says in one line why it cannot begin."""
    lab = world.lab
    world.mount(folder)
    world.settle()
    fill(lab.root / folder)
    if folder == "state":
        done = lab.sidekick("run", "--plain")
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert "disk is full" in done.stderr
        free(lab.root / folder)
        lab.start()
    else:
        lab.start()
        world.ticks(2)
        assert "Traceback" not in lab.output()
        free(lab.root / folder)
    for name in ("Works", "Talks", "Ends"):
        lab.wait_reason(name, "Running", RETRY)
    assert len(lab.agents()) == 3


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_list_on_a_read_only_disk_is_acted_upon(world: World) -> None:
    """Its statuses are in `get` alone; a second controller of the same list is refused."""
    lab = world.lab
    world.mount("desired")
    world.settle()
    text = lab.list.read_bytes()
    world.disks.read_only(lab.root / "desired")
    first = lab.start()
    wait_for("three agents", lambda: len(lab.agents()) == 3)
    second = lab.sidekick("run", "--plain", extra={"SIDEKICK_PATHS_STATE": "other"})
    assert second.returncode == 2
    assert f"process {first.pid}" in second.stderr
    wait_for("statuses", lambda: lab.sidekick("get").stdout.count("In Progress") == 3)
    assert lab.list.read_bytes() == text
    assert "its file system is read-only" in lab.sidekick("status").stdout

    world.disks.read_only(lab.root / "desired", on=False)
    for name in ("Works", "Talks", "Ends"):
        lab.wait_reason(name, "Running")


def _last_number(lab: Lab, session: str) -> int:
    """The last line's number on a session's screen."""
    lines = lab.tmux("capture-pane", "-p", "-J", "-t", f"={session}:").split("\n")
    numbers = [line.split()[0] for line in lines if line.split() and line.split()[0].isdigit()]
    return int(numbers[-1]) if numbers else 0


def _since(lab: Lab) -> list[str]:
    """Since when each project is what it is."""
    lines = lab.sidekick("get", "-o", "json").stdout.splitlines()
    return [line for line in lines if '"since"' in line]
