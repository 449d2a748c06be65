"""A workshop: the real controller's parts on a folder of their own, over sessions in memory."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import yaml

from controller.app import App
from controller.assembly import build
from controller.core.report import Report
from controller.layout import clock
from controller.runtimes.memory import MemoryRuntime
from controller.settings import load_settings
from controller.tick import Tick

ROOT = Path(__file__).resolve().parents[1]
HEADER = "Project,Priority,Status,Agent,Last Update,Next Action"
AGENT = {
    "command": ["true", "{prompt}", "{conversation}"],
    "resume": ["true", "{conversation}", "{prompt}"],
    "slots": 99,
}


class Workshop:
    """A list, folders, and a controller that ticks when it is told to.

    Args:
        root: Where all of it lies.
        settings: Sections of config.yaml.

    Attributes:
        app: The controller's parts.
        runtime: Its sessions; they outlive it.
    """

    def __init__(self, root: Path, **settings: object) -> None:
        self.root = root
        self.list = root / "desired" / "priorities.csv"
        self.list.parent.mkdir()
        (root / "schemas").symlink_to(ROOT / "schemas")
        document = {"default_agent": "sh", "agents": {"sh": AGENT}, "slots": 99, **settings}
        (root / "config.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
        self.write()
        self.runtime = MemoryRuntime()
        self._ahead = timedelta()
        self.open()

    def open(self) -> None:
        """Begin a controller."""
        environment = {"HOME": str(self.root), "SIDEKICK_PATHS_SOCKET": str(self.root / "s")}
        settings = load_settings(self.root / "config.yaml", environment)
        self.app: App = build(settings, environment, clock=self.now, runtime=self.runtime)

    def now(self) -> datetime:
        """The controller's clock."""
        return clock() + self._ahead

    def sleep(self, seconds: float) -> None:
        """Let its clock go on."""
        self._ahead += timedelta(seconds=seconds)

    def write(self, *names: str) -> None:
        """Save a list of new rows."""
        rows = [f"{name},,,,,do {name}" for name in names]
        self.list.write_text("\n".join((HEADER, *rows, "")), encoding="utf-8")

    def replace(self, old: str, new: str) -> None:
        """Change the list's text as an editor would."""
        text = self.list.read_text(encoding="utf-8")
        assert old in text
        self.list.write_text(text.replace(old, new), encoding="utf-8")

    def append(self, name: str) -> None:
        """Add a new row."""
        with self.list.open("a", encoding="utf-8") as file:
            file.write(f"{name},,,,,do {name}\n")

    def tick(self) -> Tick:
        """One tick."""
        return self.app.reconciler.tick()

    def restart(self) -> None:
        """End the controller, and begin another."""
        self.close()
        self.open()

    def close(self) -> None:
        """Give back what the controller has."""
        self.app.close()

    def runs(self) -> list[str]:
        """The ids of all runs that have a folder, in their order."""
        root = self.root / "runs"
        return sorted(path.name for path in root.iterdir()) if root.exists() else []

    def tell(self, run: str, name: str, **document: object) -> None:
        """Put a record into a run's folder, as its shim does."""
        path = self.root / "runs" / run / name
        path.write_text(json.dumps({"version": 1, **document}), encoding="utf-8")

    def begin(self, run: str) -> None:
        """Let a run's agent run."""
        self.tell(run, "started.json", pid=0, at=self.now().timestamp())

    def end(self, run: str) -> None:
        """Let a run end well."""
        self.begin(run)
        self.tell(run, "exit.json", cause="exit", status=0, ended_at=self.now().timestamp())
        self.runtime.end(run)

    @property
    def report(self) -> Report:
        """What the newest tick told."""
        report = self.app.reconciler._report
        assert report is not None
        return report

    def status(self, project: str) -> tuple[str, str]:
        """What the newest tick told of a project: its status and its reason."""
        (view,) = (view for view in self.report.projects if view.name == project)
        return view.status, view.reason
