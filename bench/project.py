"""A user's project in a world: a list, a config.yaml, and the real controller's parts on them."""

import csv
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bench.world import FOREVER, SECONDS, World, wait_for
from controller.app import App
from controller.assembly import build
from controller.core.observed import Observed
from controller.runtimes.tmux import TmuxRuntime
from controller.settings import load_settings

ROOT = Path(__file__).resolve().parents[1]
HEADER = (
    *("Project", "Priority", "Status", "Agent", "Last Update", "Next Action"),
    *("Deadline", "GPU", "Model", "Reason"),
)
STAND_IN = ("/bin/sh", "-c", f"exec sleep {FOREVER}")
"""Takes the shim's place where only the controller's side is measured: one small process a
session in place of two of Python."""


class Project:
    """A folder as a user has it.

    Args:
        world: Where it lies.
        slots: Sessions at once.
        argv: What the agent runs; `{project}` is the row's name.
        mode: `headless` or `interactive`.
        times: Further settings of the section `times`.
        retention: And of the section `retention`.
    """

    def __init__(
        self,
        world: World,
        *,
        slots: int,
        argv: Sequence[str] = ("sleep", FOREVER),
        mode: str = "headless",
        times: Mapping[str, float] | None = None,
        retention: Mapping[str, float] | None = None,
    ) -> None:
        self.world = world
        self.list = world.root / "desired" / "priorities.csv"
        self.list.parent.mkdir()
        (world.root / "schemas").symlink_to(ROOT / "schemas")
        document = {
            "default_agent": "bench",
            "agents": {"bench": {"command": list(argv), "mode": mode, "slots": slots}},
            "slots": slots,
            "paths": {"socket": str(world.socket)},
            "server": {"port": 0},
            "times": dict(times or {}),
            "retention": dict(retention or {}),
        }
        self.config = world.root / "config.yaml"
        self.config.write_text(json.dumps(document), encoding="utf-8")  # JSON is YAML
        self.save(())

    def build(self, *, stand_in: bool = False) -> App:
        """The controller's parts, in this process, put together by the controller itself.

        Args:
            stand_in: Whether sessions run the stand-in in the shim's place.
        """
        settings = load_settings(self.config, self.world.environment)
        runtime = None
        if stand_in:
            runtime = TmuxRuntime(
                self.world.socket, owner="bench", shim=STAND_IN,
                environment=self.world.environment,
                configuration=self.world.root / "tmux.conf",
            )  # fmt: skip
        app = build(settings, self.world.environment, runtime=runtime)
        self.world.on_close(app.close)
        return app

    def run(self) -> "subprocess.Popen[bytes]":
        """The whole controller, as a process of its own."""
        argv = (sys.executable, "-m", "controller", "run", "--plain")
        return self.world.spawn(argv, environment={"PYTHONPATH": str(ROOT)})

    # -- the user's hands -------------------------------------------------------------------

    def save(self, rows: Iterable[Mapping[str, str]]) -> None:
        """Save the whole list as editors do: beside it, then by a rename."""
        text = io.StringIO()
        writer = csv.DictWriter(text, HEADER, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        beside = self.list.with_name("edited")
        beside.write_text(text.getvalue(), encoding="utf-8")
        beside.replace(self.list)

    def rows(self) -> list[dict[str, str]]:
        """The list as it is now."""
        with self.list.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def wait_status(self, status: str) -> None:
        """Wait until every row has this status in the file."""
        wait_for(f"every row {status}", lambda: all(row["Status"] == status for row in self.rows()))


def new_rows(names: Iterable[str]) -> list[dict[str, str]]:
    """Rows as a user adds them."""
    return [{"Project": name, "Priority": "5", "Next Action": f"work on {name}"} for name in names]


def names(number: int, prefix: str = "p") -> list[str]:
    """So many projects' names."""
    return [f"{prefix}{index:04d}" for index in range(number)]


def settle(app: App) -> Observed:
    """Tick until there is nothing to do; returns what was observed last.

    Raises:
        RuntimeError: A tick failed, or there is always something to do.
    """
    quiet = 0
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        tick = app.reconciler.tick()
        if tick.errors or tick.plan is None or tick.observed is None:
            raise RuntimeError(f"a tick failed: {tick.errors}")
        begun = all(run.started_at or run.result for run in tick.observed.runs.values())
        quiet = quiet + 1 if begun and not tick.plan.changes and not tick.wrote else 0
        if quiet >= 2 and not _retired(app):
            return tick.observed
        time.sleep(0.02)
    raise RuntimeError("the controller does not come to rest")


def _retired(app: App) -> bool:
    """Whether a version of the list is watched still that a write has replaced."""
    assert app.source.watched is not None
    return any(app.source.watched.resolve().parent.glob(".*.sidekick-*"))


def stand_in_sessions(project: Project, app: App, *, rows: int, sessions: int) -> Observed:
    """Let the list grow, bring it to life with stand-ins, and do their shims' paperwork.

    Args:
        project: Whose list.
        app: Built with stand-ins.
        rows: How many rows the list has in the end.
        sessions: How many of them must run then.

    Returns:
        What is observed then.

    Raises:
        RuntimeError: It is not what was wanted.
    """
    there = project.rows()
    project.save([*there, *new_rows(names(rows)[len(there) :])])
    first = app.reconciler.tick()
    if first.errors:
        raise RuntimeError(f"a tick failed: {first.errors}")
    for run, session in look(app).sessions.items():
        path = app.runs.root / run / "started.json"
        if not path.exists():
            record = {
                "version": 1, "pid": session.pid, "start_ticks": 0,
                "shim": [session.pid, session.pid], "at": time.time(),
            }  # fmt: skip
            path.write_text(json.dumps(record), encoding="utf-8")
    settle(app)
    seen = look(app)
    living = sum(session.alive for session in seen.sessions.values())
    if living != sessions or len(seen.runs) != sessions:
        raise RuntimeError(f"{living} sessions and {len(seen.runs)} runs, wanted {sessions}")
    return seen


def look(app: App) -> Observed:
    """What is observed; it must be something."""
    seen = app.observer.look()
    if not isinstance(seen, Observed):
        raise RuntimeError(f"the sessions cannot be observed: {seen.message}")
    return seen


def report(app: App, run: str, state: str) -> None:
    """What an agent says of itself."""
    line = json.dumps({"at": time.time(), "type": "report", "state": state, "message": "?"})
    descriptor = os.open(
        app.runs.root / run / "events.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600
    )
    try:
        os.write(descriptor, f"{line}\n".encode())
    finally:
        os.close(descriptor)
