"""Scenarios: what a user does, and a controller that is to make it so."""

import os
import signal
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field

from controller.adoption import adopt
from controller.app import App
from controller.core.errors import NotFound
from controller.fleet import Fleet
from controller.layout import DATABASE, clock
from controller.runs.documents import read_object
from controller.store import read_report
from tests.crash.endstate import TOLD_BEFORE
from tests.crash.pilot import HUNG, STARTS
from tests.e2e.lab import Lab, wait_for

WORKS = f'"echo began >>{STARTS}; exec sleep 1000"'
HAND = "mine"
"""The session that a person began."""

Act = Callable[[Lab], object]


@dataclass(frozen=True)
class Scenario:
    """One story.

    Attributes:
        rows: The list at first.
        before: What the user does one after the other, each time until the controller rests.
        act: What the user does then; from here on the steps are counted.
        settings: Of config.yaml.
        cold: The steps are counted from the start of a controller: the first one, or, where there
            is a `before`, the next one.
        command: A command of the user's, whose steps are counted in the controller's place. One
            that was killed is given again.
        bystander: There is another row, to which nothing is done.
        played: Whether the agents have done their part. Before that nothing is at rest, however
            long it takes them.
    """

    rows: tuple[str, ...] = ()
    before: tuple[Act, ...] = ()
    act: Act = lambda _: None
    settings: Mapping[str, object] = field(default_factory=dict)
    cold: bool = False
    command: Callable[[App], object] | None = None
    bystander: bool = True
    played: Callable[[Lab], bool] = lambda _: True


def _row(name: str, priority: int = 5, status: str = "Pending", action: str = WORKS) -> str:
    return f"{name},{priority},{status},,,{action},,,,"


def _edit(name: str, **cells: str) -> Act:
    return lambda lab: lab.edit(name, **cells)


def _drop(*names: str) -> Act:
    def drop(lab: Lab) -> None:
        lines = lab.list.read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if line.split(",")[0] not in names]
        lab.list.write_text("\n".join(kept) + "\n", encoding="utf-8")

    return drop


def _fleet(do: Callable[[Fleet], object]) -> Callable[[App], object]:
    return lambda app: do(app.fleet)


def _approve(lab: Lab) -> None:
    report = read_report(lab.root / "state" / DATABASE)
    assert report is not None
    assert report.prune
    Fleet(lab.root / "state").approve_prune(report.prune)


def _let_end(lab: Lab) -> None:
    """The agent of the only row of ours ends, and has."""
    (lab.root / "workspaces" / "one" / "go").touch()
    wait_for("the agent's end", lambda: list((lab.root / "runs").glob("*/exit.json")))


def _crashed_once(lab: Lab) -> bool:
    """Whether the agent, where there is one to be, has crashed and is back."""
    if "One" not in lab.rows():
        return True
    notes = lab.root / "workspaces" / "one" / STARTS
    return notes.exists() and len(notes.read_text(encoding="utf-8").splitlines()) > 1


def _kill_shims(lab: Lab) -> None:
    for run in lab.agents():
        folder = lab.root / "runs" / run
        if (read_object(folder / "meta.json") or {})["project"] == "One":
            for pid in (read_object(folder / "started.json") or {})["shim"]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
    panes = "#{session_name} #{pane_dead}"
    wait_for("the pane's end", lambda: "one 0" not in lab.tmux("list-panes", "-aF", panes))


def _kill_server(lab: Lab) -> None:
    pid = int(lab.tmux("display-message", "-p", "#{pid}"))
    os.kill(pid, signal.SIGKILL)
    wait_for("the end of all agents", lambda: not lab.processes())


def _old_database(lab: Lab) -> None:
    """The form that version 1 wrote, with an event."""
    (lab.root / "state").mkdir()
    with closing(sqlite3.connect(lab.root / "state" / DATABASE)) as db:
        db.executescript(
            "CREATE TABLE projects (name TEXT PRIMARY KEY, memory BLOB NOT NULL) WITHOUT ROWID;"
            "CREATE TABLE facts (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
            "CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL,"
            " project TEXT NOT NULL, reason TEXT NOT NULL, message TEXT NOT NULL,"
            " warning INTEGER NOT NULL);"
            "INSERT INTO events (at, project, reason, message, warning) VALUES"
            f" ('2026-01-02T03:04:05+00:00', 'One', '{TOLD_BEFORE}', 'once', 0);"
            "PRAGMA user_version = 1;"
        )


def _broken_database(lab: Lab) -> None:
    (lab.root / "state").mkdir()
    (lab.root / "state" / DATABASE).write_bytes(b"no database" * 1000)


def _begin_by_hand(lab: Lab) -> None:
    lab.tmux("new-session", "-d", "-s", HAND, "--", "sh", "-c", "exec sleep 1001")


def _adopt(app: App) -> None:
    # Where the first try came that far, the session is the project's by now.
    with suppress(NotFound):
        adopt(app, HAND, "One")


_TALKS: Mapping[str, object] = {
    "default_agent": "talk",
    "agents": {
        "talk": {
            "command": ["sh", "-c", f"echo new >>{STARTS}; exec sleep 1000", "{prompt}"],
            "resume": [
                "sh", "-c", f"echo on {{prompt}} >>{STARTS}; exec sleep 1000", "{conversation}",
            ],
            "slots": 9,
        }
    },
}  # fmt: skip
_ANEW = f"echo anew >>{STARTS}; exec sleep 1000"
_CRASHES_ONCE = f'"echo began >>{STARTS}; mkdir once && exit 3; exec sleep 1000"'
_ENDS = f'"echo began >>{STARTS}; until test -e go; do sleep 0.01; done"'
TIMES = {"tick": 0.02, "stop_grace": 1, "hung": HUNG}
_NO_TIME = {**TIMES, "min_run_time": 0}

SCENARIOS = {
    "start": Scenario((_row("One"),), cold=True),
    "start again": Scenario(
        (_row("One"),), (_edit("One", Next_Action=_ANEW),),
        settings={"retention": {"days": 0.000001}}, cold=True,
    ),
    "upgrade": Scenario(act=_old_database, cold=True, bystander=False),
    "broken memory": Scenario(act=_broken_database, cold=True, bystander=False),
    "add": Scenario(act=lambda lab: lab.append(_row("One"))),
    "add many": Scenario(
        act=lambda lab: lab.append("\n".join(_row(f"P{number}") for number in range(3))),
    ),
    "next action": Scenario((_row("One"),), act=_edit("One", Next_Action=_ANEW)),
    "pause": Scenario((_row("One"),), act=_edit("One", Status="Paused")),
    "resume": Scenario(
        (_row("One"),), (_edit("One", Status="Paused"),), _edit("One", Status="Pending"), _TALKS
    ),
    "run again": Scenario(
        (_row("One"),), (_edit("One", Status="Completed"),), _edit("One", Status="Pending"), _TALKS
    ),
    "done": Scenario((_row("One", action=_ENDS),), act=_let_end),
    "crash": Scenario(
        act=lambda lab: lab.append(_row("One", action=_CRASHES_ONCE)), played=_crashed_once
    ),
    "pre-empt": Scenario(
        (_row("One"),), act=lambda lab: lab.append(_row("Two", 2)),
        settings={**_TALKS, "slots": 2, "times": _NO_TIME},
    ),
    "go on": Scenario(
        (_row("One"),), (lambda lab: lab.append(_row("Two", 2)),), _edit("Two", Status="Paused"),
        {**_TALKS, "slots": 2, "times": _NO_TIME},
    ),
    "delete": Scenario((_row("One"),), act=_drop("One"), settings=_TALKS),
    "approve": Scenario((_row("One"), _row("Two")), (_drop("One", "Two"),), _approve, _TALKS),
    "rename": Scenario((_row("One"),), act=_edit("One", Project="Uno"), settings=_TALKS),
    "shims killed": Scenario((_row("One"),), act=_kill_shims),
    "server killed": Scenario((_row("One"),), act=_kill_server, settings=_TALKS),
    "suspend": Scenario(
        (_row("One"),), act=lambda lab: Fleet(lab.root / "state").suspend(clock(), "tea"),
        settings=_TALKS,
    ),
    "command pause": Scenario(
        (_row("One"),), command=lambda app: app.orders().pause("One", "lunch")
    ),
    "command restart": Scenario((_row("One"),), command=lambda app: app.orders().restart("One")),
    "command suspend": Scenario(
        (_row("One"),), command=_fleet(lambda fleet: fleet.suspend(clock(), "tea"))
    ),
    "adopt": Scenario((_row("One"),), act=_begin_by_hand, settings={"slots": 1}, command=_adopt),
}  # fmt: skip

BYSTANDER = _row("Other", 1)
