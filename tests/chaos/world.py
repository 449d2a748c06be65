"""A world: a project folder, a controller on it, and every fault that it can meet."""

import csv
import io
import json
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from typing import Any

from bench.processes import marked
from controller.runtimes.tmux_process import find_server
from tests.chaos.census import Census, living
from tests.chaos.controller import Controller, Seen
from tests.e2e.lab import HEADER, Lab, wait_for

COLUMNS = HEADER.split(",")
GRACE = 0.2
"""Seconds from SIGTERM to SIGKILL of an agent."""
PATIENT, IMPATIENT = 20.0, 0.25
"""Seconds that tmux may take for an answer; the second where it is known to give none."""
SCREENS = 120
"""Seconds that an ended session's screen is kept."""
SIGNLESS = 200_000
"""Seconds that an agent may be silent: longer than any rest is watched."""
SETTLING = 20.0
"""Seconds that shims may take to begin, or to end, what they were told to."""

WORK = "exec sleep 1000"
TREE = "sleep 1000 & setsid sleep 1000 & wait"
DEAF = "trap '' TERM HUP; while :; do sleep 1000; done"
DONE = "exit 0"
FAIL = "exit 3"
SHORT = frozenset({DONE, FAIL})
"""Agents that end by themselves."""
LONG = (WORK, TREE, DEAF)
TOLD = "The task:\n\n"
"""What stands before the task where an agent is told that the work was begun by another."""
PROGRAM = f'#!/bin/sh\nexec /bin/sh -c "${{2##*{TOLD}}}"\n'
"""The agents' program: it runs its task as a script."""


class World(Lab):
    """A lab whose controller ticks on demand.

    Attributes:
        offset: Seconds by which the controller's clock differs from the machine's.
        controller: It, where it lives.
        stopped: The tmux server that hangs, 0 for none.
        slots: Those of the newest valid config.yaml.
        foreign: Name of a session made by hand → pid in it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.environment["SIDEKICK_DEMO"] = "false"
        self.runs = self.root / "runs"
        self.state = self.root / "state"
        self.census = Census(self.runs)
        self.offset = 0.0
        self.controller: Controller | None = None
        self.stopped = 0
        self.foreign: dict[str, int] = {}
        self.settings: dict[str, Any] = {}
        self.slots = 0
        self._program = self.root / "bin" / "agent"
        self._program.parent.mkdir()
        self.mend_program()

    # -- the controller ---------------------------------------------------------------------

    def configure(self, **changes: object) -> None:
        """Write config.yaml; the agents run each Next Action as a script."""
        self.settings |= changes
        self.slots = self.settings["slots"] or self.slots
        run = {"command": [str(self._program), "-c", "{prompt}"], "slots": 9}
        document = {
            "default_agent": "sh",
            "agents": {
                "sh": {**run, "mode": "headless"},
                "tty": {**run, "mode": "interactive"},
                "talk": {**run, "resume": [str(self._program), "-c", WORK], "slots": 2},
            },
            "times": {
                "stop_grace": GRACE,
                "min_run_time": 60,
                "ended_screens": SCREENS,
                "hung": SIGNLESS,
            },
            **self.settings,
        }
        beside = self.root / "config.new"
        beside.write_text(json.dumps(document), encoding="utf-8")  # JSON is YAML
        beside.replace(self.root / "config.yaml")

    def ready(self) -> Controller:
        """The controller; where there is none, a new one."""
        if self.controller is None:
            if self.settings["slots"] == 0:  # no controller starts on that
                self.configure(slots=self.slots)
            config = self.root / "config.yaml"
            self.controller = Controller(config, self.environment, self.offset)
        return self.controller

    def ask(self) -> Controller:
        """Ask the controller for a tick."""
        controller = self.ready()
        controller.ask(self.offset, IMPATIENT if self.stopped else PATIENT)
        return controller

    def kill_controller(self) -> None:
        """SIGKILL, wherever it is."""
        if self.controller is not None:
            self.controller.kill()
            self.controller = None

    # -- the list ---------------------------------------------------------------------------

    def read_list(self) -> list[dict[str, str]]:
        """The rows as they stand in the file."""
        with self.list.open(encoding="utf-8", newline="") as file:
            return [{name: row.get(name) or "" for name in COLUMNS} for row in csv.DictReader(file)]

    def rows_or_none(self) -> list[dict[str, str]] | None:
        """The rows; None where the file holds no list."""
        try:
            rows = self.read_list()
        except (OSError, ValueError, csv.Error):
            return None
        return rows if self.list.read_bytes().startswith(HEADER.encode()) else None

    def save(self, rows: list[dict[str, str]], *, whole: bool) -> None:
        """Save the list, by a rename or in place."""
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        self.save_bytes(text.getvalue().encode(), whole=whole)

    def save_bytes(self, content: bytes, *, whole: bool) -> None:
        """Save any content."""
        if whole:
            beside = self.list.with_name("edited")
            beside.write_bytes(content)
            beside.replace(self.list)
        else:
            self.list.write_bytes(content)

    # -- faults -----------------------------------------------------------------------------

    def server(self) -> int | None:
        """The living tmux server."""
        return find_server(self.socket)

    def hang_server(self) -> None:
        """SIGSTOP."""
        pid = self.server()
        if pid is not None:
            os.kill(pid, signal.SIGSTOP)
            self.stopped = pid

    def wake_server(self) -> None:
        """SIGCONT."""
        if self.stopped:
            with suppress(ProcessLookupError):
                os.kill(self.stopped, signal.SIGCONT)
            self.stopped = 0

    def end_server(self, *, hard: bool) -> None:
        """`kill-server`, or SIGKILL; it is gone afterwards."""
        pid = self.server()
        if pid is None:
            return
        if hard or self.stopped:
            os.kill(pid, signal.SIGKILL)
        else:
            self.tmux("kill-server")
        self.stopped = 0
        self.foreign.clear()
        wait_for("the end of the server", lambda: not living(pid))

    def make_session(self, name: str, *options: str) -> None:
        """A person makes a session by hand, and it stays."""
        self.tmux("-f", os.devnull, "new-session", "-d", "-s", name, "exec sleep 1000")
        told = self.tmux("list-panes", "-t", f"={name}:", "-F", "#{pane_pid} #{pane_start_command}")
        pid, _, command = told.partition(" ")
        if "exec sleep 1000" in command and "shim" not in command:
            self.foreign[name] = int(pid)
            for option in options:
                self.tmux("set-option", "-p", "-t", f"={name}:", "@sidekick", option)

    def end_unmarked_sessions(self) -> None:
        """A person ends what is in the way, as the rows' Reason tells them to."""
        for line in self.tmux("list-panes", "-a", "-F", "#{pane_id} #{@sidekick}").splitlines():
            pane, _, mark = line.partition(" ")
            if not mark or '"other"' in mark:
                self.tmux("kill-pane", "-t", pane)

    def panes(self) -> dict[str, tuple[str, str]]:
        """Run id → (pane's id, session's name), of every pane with a mark of ours that lives."""
        told = self.tmux(
            "list-panes", "-a", "-F", "#{pane_dead} #{pane_id} #{session_name} #{@sidekick}"
        )
        found = {}
        for line in told.splitlines():
            dead, pane, name, mark = (*line.split(" ", 3), "")[:4]
            with suppress(ValueError):
                words = json.loads(mark)
                if dead == "0" and words["owner"] != "other":
                    found[words["run"]] = (pane, name)
        return found

    def lose_database(self, how: str) -> None:
        """Delete it, or destroy what is in it."""
        path = self.state / "sidekick.db"
        if not path.exists():
            return
        match how:
            case "deleted":
                for file in self.state.glob("sidekick.db*"):
                    file.unlink()
            case "garbage":
                path.write_bytes(b"no database" * 1000)
            case "truncated":
                path.write_bytes(path.read_bytes()[:5000])
            case _:
                with closing(sqlite3.connect(path)) as db, db:
                    db.execute("UPDATE projects SET memory = '{'")

    def break_program(self) -> None:
        """The agents' program is gone."""
        self._program.unlink(missing_ok=True)

    def mend_program(self) -> None:
        """It is there again."""
        if not self._program.exists():
            self._program.write_text(PROGRAM, encoding="utf-8")
            self._program.chmod(0o755)

    # -- rest -------------------------------------------------------------------------------

    def settle(self) -> None:
        """Wait until no shim is about to begin or to end anything."""
        wait_for("rest of the shims", self._rests, SETTLING)

    def _rests(self) -> bool:
        agents, shims = self.census.take()
        return all(self._calm(run, agents.get(run, set())) for run in shims)

    def _calm(self, run: str, agent: set[int]) -> bool:
        """Whether a run whose shim lives goes on as it is."""
        folder = self.runs / run
        if not folder.exists():
            return bool(agent)
        if (folder / "exit.json").exists() or (folder / "stop").exists() or not agent:
            return False
        return (folder / "started.json").exists() and self.action(run) not in SHORT

    def action(self, run: str) -> str:
        """The script that a run was given; empty where its folder does not tell."""
        try:
            argv = json.loads((self.runs / run / "spec.json").read_bytes())["argv"]
            return str(argv[-1]).rpartition(TOLD)[2]
        except (OSError, ValueError, KeyError):
            return ""

    def project(self, run: str) -> str:
        """Whose run it is; empty where its folder does not tell."""
        try:
            return str(json.loads((self.runs / run / "meta.json").read_bytes())["project"])
        except (OSError, ValueError, KeyError):
            return ""

    def stop_of(self, run: str) -> Mapping[str, str] | None:
        """The request to end a run."""
        try:
            return dict(json.loads((self.runs / run / "stop").read_bytes()))
        except OSError:
            return None

    def close(self) -> None:
        """End everything, by force."""
        self.kill_controller()
        self.wake_server()
        deadline = time.monotonic() + 20
        while left := self._all():
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            assert time.monotonic() < deadline, f"not to be ended: {left}"
            time.sleep(0.005)
        shutil.rmtree(self.root, ignore_errors=True)

    def _all(self) -> frozenset[int]:
        """Everything that was started here, clients of tmux that outlive their controller too."""
        return marked(f"HOME={self.root}".encode())


def tick(world: World, sample: Callable[[], None]) -> Seen:
    """One tick, watched from outside as it goes on."""
    controller = world.ask()
    while not controller.answered(0.003):
        sample()
    return controller.take()
