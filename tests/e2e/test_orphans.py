"""Whoever is killed, whenever: no process outlives its run, and the next start comes only after.

Each test has a row for each way in which an agent's child gets away, times each moment of a run.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from controller.runtimes.tmux_process import find_server
from tests.e2e import forest
from tests.e2e.forest import Watchman, project_of, shims, trees
from tests.e2e.lab import Lab, wait_for

KINDS = ("plain", "daemon", "setsid", "stubborn", "cleared")
WHENS = ("runs", "stops", "exits")
AGENT = [sys.executable, "-I", "-S", str(Path(__file__).with_name("tree.py")), "{prompt}"]

Kill = Callable[[Lab], None]


def _kill(*pids: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _stopped_first(pids: list[int]) -> None:
    """Kill several at one instant: none sees another's end."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    _kill(*pids)


def outer(lab: Lab) -> None:
    """The panes' processes."""
    _kill(*(pair[0] for pair in shims(lab).values()))


def inner(lab: Lab) -> None:
    """The agents' parents."""
    _kill(*(pair[-1] for pair in shims(lab).values()))


def both(lab: Lab) -> None:
    """All that watches over the agents."""
    _stopped_first([pid for pair in shims(lab).values() for pid in pair])


def server(lab: Lab) -> None:
    """The tmux server."""
    _kill(_server(lab))


def both_and_server(lab: Lab) -> None:
    """All of the runtime."""
    _stopped_first([pid for pair in shims(lab).values() for pid in pair] + [_server(lab)])


def controller(lab: Lab) -> None:
    """The controller alone."""
    lab.controllers[-1].kill()
    lab.controllers[-1].wait()


def everything(lab: Lab) -> None:
    """All but the agents, as the out-of-memory killer may."""
    pids = [lab.controllers[-1].pid, _server(lab)]
    _stopped_first([pid for pair in shims(lab).values() for pid in pair] + pids)
    lab.controllers[-1].wait()


def _server(lab: Lab) -> int:
    found = wait_for("the tmux server", lambda: find_server(lab.socket))
    assert found
    return found


KILLS = (outer, inner, both, server, both_and_server, controller, everything)


@pytest.fixture
def grove(lab: Lab) -> Iterator[Lab]:
    """A lab whose trees are cleared away at the end."""
    try:
        yield lab
    finally:
        for process in lab.controllers:
            process.kill()
        forest.clear(lab)


def runs_of(lab: Lab, project: str) -> list[Path]:
    """The folders of a project's runs, the oldest first."""
    files = sorted((lab.root / "runs").glob("*-*/meta.json"))
    return [file.parent for file in files if project_of(lab, file.parent.name) == project]


def record(folder: Path) -> dict[str, Any]:
    """How a run ended; empty while it lasts."""
    try:
        found = json.loads((folder / "exit.json").read_text())
    except FileNotFoundError:
        return {}
    assert isinstance(found, dict)
    return found


def up(lab: Lab, project: str) -> bool:
    """Whether a project's newest run has its whole tree."""
    folders = runs_of(lab, project)
    if not folders or record(folders[-1]):
        return False
    return (lab.root / "workspaces" / project / f"tree:{folders[-1].name}.up").exists()


def settled(lab: Lab) -> bool:
    """Whether every run but living ones has its record, and nothing else lives."""
    living = {tree.run for tree in trees(lab)}
    ended = {folder.name for folder in (lab.root / "runs").glob("*-*") if record(folder)}
    return not living & ended and all(
        project_of(lab, run) in lab.rows() and up(lab, project_of(lab, run)) for run in living
    )


def plant(lab: Lab, whens: tuple[str, ...]) -> list[str]:
    """Start a controller on a row for each kind and moment; their names, once all trees are up."""
    names = [f"{kind}-{when}" for kind in KINDS for when in whens]
    rows = [f"{name},1,Pending,,,{name.replace('-', ' ')},,,," for name in names]
    agent = {"command": AGENT, "mode": "headless", "slots": 20}
    lab.settle_in(
        *rows, agents={"tree": agent}, default_agent="tree", slots=20,
        times={"tick": 1, "stop_grace": 6},
    )  # fmt: skip
    lab.start()
    wait_for("all trees", lambda: all(up(lab, name) for name in names), 60)
    return names


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("kill", KILLS, ids=lambda kill: kill.__name__)
def test_killed_while_it_runs_and_ends(grove: Lab, kill: Kill) -> None:
    """Running rows run again, stopped ones rest, ended ones are done; one tree at a time."""
    with Watchman(grove) as watchman:
        names = plant(grove, WHENS)
        for name in names:
            wait_for("its row", lambda: grove.status(name) == "In Progress", 30)  # noqa: B023
        firsts = {name: runs_of(grove, name)[-1] for name in names}
        for name in names:
            if name.endswith("stops"):
                grove.edit(name, Status="Paused")
        wait_for("the requests", lambda: all(
            (firsts[name] / "stop").exists() for name in names if name.endswith("stops")
        ), 30)  # fmt: skip
        for name in names:
            if name.endswith("exits"):
                (grove.root / "workspaces" / name / "go").touch()
        main = grove.root / "workspaces" / "cleared-exits"
        pid = int((main / f"tree:{firsts['cleared-exits'].name}.main").read_text())
        wait_for("an agent's own end", lambda: not Path(f"/proc/{pid}").exists(), 30)
        kill(grove)
        if grove.controllers[-1].poll() is not None:
            grove.start()
        if kill is controller:
            for name in names:  # its grace is long, and the shims live
                if name.endswith("stops"):
                    (firsts[name] / "stop.now").write_text('{"grace": 0}')
                    (firsts[name] / "stop.now").rename(firsts[name] / "stop")
        for name in names:
            word = {"runs": "In Progress", "stops": "Paused", "exits": "Completed"}
            grove.wait_status(name, word[name.partition("-")[2]], 60)
            if name.endswith("runs"):
                if kill is not controller:
                    wait_for("its end", lambda: record(firsts[name]), 60)  # noqa: B023
                wait_for("its tree", lambda: up(grove, name), 60)  # noqa: B023
            else:
                wait_for("all ends", lambda: all(map(record, runs_of(grove, name))), 60)  # noqa: B023
        wait_for("nothing but living runs", lambda: settled(grove), 60)
    assert watchman.overlaps == []
    assert watchman.looks > 20
    for name in names:
        ends = [record(folder) for folder in runs_of(grove, name)]
        if name.endswith("runs"):
            _hold_running(kill, name, firsts[name], ends)
        else:
            assert {end["cause"] for end in ends} <= {"exit", "stop", "signal", "lost"}


def _hold_running(kill: Kill, name: str, first: Path, ends: list[dict[str, Any]]) -> None:
    if kill is controller:
        assert ends == [{}], f"{name} was started again"
        return
    assert ends[-1] == {}
    assert len(ends) > 1
    end = record(first)
    if kill is server:
        assert (end["cause"], end["reason"]) == ("signal", "SessionEnded")
    else:
        assert (end["cause"], end["reason"]) == ("lost", "ShimLost")


def children(pid: int) -> list[int]:
    """The children of a process: a look that takes microseconds."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def first_shims(server: int, seen: set[int], *, forked: bool) -> list[int]:
    """Wait for a new pane's process, and for the one that it forks where that is wanted."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for pid in children(server):
            if pid in seen:
                continue
            below = children(pid)
            if below or not forked:
                return [pid, *below]
    raise AssertionError("no shim came")


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("kill", ["outer", "inner", "both", "server", "controller", "everything"])
def test_killed_before_the_agent_runs(grove: Lab, kill: str) -> None:
    """Each start is spoilt as soon as its shim is seen, three times; the fourth one runs."""
    agents = {"tree": {"command": AGENT, "mode": "headless", "slots": 20}}
    grove.settle_in(
        "cleared-runs,1,Paused,,,cleared runs,,,,", "other,1,Pending,,,plain runs,,,,",
        default_agent="tree", agents=agents, times={"tick": 1, "stop_grace": 1},
    )  # fmt: skip
    early = 0
    with Watchman(grove) as watchman:
        grove.start()
        wait_for("the server and a tree", lambda: up(grove, "other"))
        seen = set(children(_server(grove)))
        grove.edit("cleared-runs", Status="Pending")
        for _ in range(3):
            server_pid, owner = _server(grove), grove.controllers[-1]
            pids = first_shims(server_pid, seen, forked=kill in {"inner", "both"})
            victims = {
                "outer": pids[:1], "inner": pids[1:], "both": pids, "server": [server_pid],
                "controller": [owner.pid],
                "everything": [*pids, server_pid, owner.pid],
            }[kill]  # fmt: skip
            _kill(*victims)
            newest = runs_of(grove, "cleared-runs")[-1]
            early += not (newest / "started.json").exists()
            if owner.pid in victims:
                owner.wait()
                grove.start()
            if kill == "controller":
                break
            wait_for("its end", lambda: record(newest), 30)  # noqa: B023
            seen = {pid for pair in shims(grove).values() for pid in pair}
        wait_for("its tree", lambda: up(grove, "cleared-runs"), 60)
        grove.wait_status("cleared-runs", "In Progress", 30)
        wait_for("nothing but living runs", lambda: settled(grove), 30)
    assert early or kill in {"inner", "server", "controller"}
    assert watchman.overlaps == []
    *before, last = runs_of(grove, "cleared-runs")
    assert record(last) == {}
    assert all(record(folder) for folder in before)
