"""A lab: a project folder of its own with a real controller, a real tmux and real agents."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import yaml

ROOT = Path(__file__).resolve().parents[2]
SIDEKICK = Path(sys.executable).with_name("sidekick")
HEADER = "Project,Priority,Status,Agent,Last Update,Next Action,Deadline,GPU,Model,Reason"
_T = TypeVar("_T")


def wait_for(what: str, look: Callable[[], _T], seconds: float = 30.0) -> _T:
    """Wait until a look gives something true, and return it."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {seconds} s")
        time.sleep(0.02)


class Lab:
    """A folder as a user has it, and a controller in it."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="lab", dir="/tmp"))
        shutil.copytree(ROOT / "schemas", self.root / "schemas")
        self.list = self.root / "desired" / "priorities.csv"
        self.list.parent.mkdir()
        self.socket = self.root / "s"
        self.environment: dict[str, str] = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root),
            "USER": "tester",
            "SIDEKICK_PATHS_SOCKET": str(self.socket),
            "SIDEKICK_SERVER_PORT": "0",
        }
        self.controllers: list[subprocess.Popen[str]] = []

    # -- the user's hands -------------------------------------------------------------------

    def settle_in(self, *rows: str, header: str = HEADER, **settings: object) -> None:
        """Write the list and config.yaml; the agent `sh` runs each Next Action as a script."""
        self.write(*rows, header=header)
        script = {"command": ["sh", "-c", "{prompt}"], "mode": "headless", "slots": 9}
        terminal = {"command": ["sh", "-c", "{prompt}"], "mode": "interactive", "slots": 9}
        document = {
            "default_agent": "sh",
            "agents": {"sh": script, "tty": terminal},
            "slots": 9,
            "times": {"tick": 5, "stop_grace": 1},
            **settings,
        }
        (self.root / "config.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")

    def write(self, *rows: str, header: str = HEADER) -> None:
        """Save the whole list, in place."""
        self.list.write_text("\n".join((header, *rows, "")), encoding="utf-8")

    def append(self, row: str) -> None:
        """`echo row >> list`."""
        with self.list.open("a", encoding="utf-8") as file:
            file.write(row + "\n")

    def edit(self, project: str, **cells: str) -> None:
        """Change cells of a row as an editor would: read, change, save in place."""
        with self.list.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        header = rows[0]
        for row in rows[1:]:
            if row[0] == project:
                for name, text in cells.items():
                    row[header.index(name.replace("_", " "))] = text
        with self.list.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)

    # -- the controller ---------------------------------------------------------------------

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the controller and wait until it is ready."""
        process = self.start_unready(*arguments)
        wait_for("readiness", lambda: self.get("/readyz") is not None)
        return process

    def start_unready(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the controller and wait until its server answers."""
        log = self.root / "out.log"
        with log.open("a", encoding="utf-8") as out:
            process = subprocess.Popen(
                [SIDEKICK, "run", "--plain", *arguments],
                cwd=self.root, env=self.environment, stdout=out, stderr=subprocess.STDOUT,
                text=True,
            )  # fmt: skip
        self.controllers.append(process)
        wait_for("the controller's server", self.url)
        return process

    def url(self) -> str:
        """The address of the newest controller's server; empty until it listens."""
        assert self.controllers[-1].poll() is None, self.output()
        urls = re.findall(r"shown on (http[^\s\"]+)", self.output())
        return str(urls[-1]) if len(urls) >= len(self.controllers) else ""

    def get(self, path: str) -> str | None:
        """GET from the controller's server; None unless it answers 200."""
        try:
            with urllib.request.urlopen(self.url() + path, timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            return None

    def output(self) -> str:
        """What all controllers printed."""
        return (self.root / "out.log").read_text(encoding="utf-8")

    def told(self, project: str, *levels: str) -> list[str]:
        """What the log told of a project, in order: an action that was done, or another reason.

        Levels, where some are given, are those that count.
        """
        lines = [json.loads(line) for line in self.output().splitlines() if line[:1] == "{"]
        return [
            str(line["action"] if line.get("result") == "success" else line["reason"])
            for line in lines
            if line.get("project") == project and (not levels or line["level"] in levels)
        ]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Signal the newest controller and wait for its end."""
        process = self.controllers[-1]
        process.send_signal(number)
        return process.wait(timeout=10)

    def sidekick(
        self, *arguments: str, check: bool = False, extra: Mapping[str, str] = MappingProxyType({})
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the folder."""
        return subprocess.run(
            [SIDEKICK, *arguments], cwd=self.root, env={**self.environment, **extra},
            capture_output=True, text=True, timeout=40, check=check,
        )  # fmt: skip

    # -- the world --------------------------------------------------------------------------

    def rows(self) -> dict[str, dict[str, str]]:
        """Project → its cells in the file."""
        with self.list.open(encoding="utf-8", newline="") as file:
            return {row["Project"]: row for row in csv.DictReader(file)}

    def status(self, project: str) -> str:
        """The Status cell in the file."""
        try:
            return self.rows()[project]["Status"]
        except (KeyError, TypeError, OSError):
            return ""

    def wait_status(self, project: str, status: str, seconds: float = 30.0) -> dict[str, str]:
        """Wait for a Status in the file; returns the row."""
        try:
            wait_for(f"{project} {status}", lambda: self.status(project) == status, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self._all_there_is(project)}") from error
        return self.rows()[project]

    def wait_reason(self, project: str, reason: str, seconds: float = 30.0) -> dict[str, str]:
        """Wait for the beginning of a Reason in the file; returns the row."""
        try:
            wait_for(
                f"{project}: {reason}",
                lambda: self.rows().get(project, {}).get("Reason", "").startswith(reason),
                seconds,
            )
        except AssertionError as error:
            raise AssertionError(f"{error}: {self._all_there_is(project)}") from error
        return self.rows()[project]

    def _all_there_is(self, project: str) -> str:
        return f"{self.rows().get(project)}\n{self.output()}"

    def tmux(self, *arguments: str) -> str:
        """Ask the tmux server; empty where there is none."""
        done = subprocess.run(
            ["tmux", "-u", "-S", str(self.socket), *arguments],
            capture_output=True, text=True, timeout=10, check=False,
        )  # fmt: skip
        return done.stdout

    def sessions(self) -> list[str]:
        """Names of sessions whose pane lives."""
        lines = self.tmux("list-panes", "-a", "-F", "#{pane_dead} #{session_name}").splitlines()
        return sorted(line[2:] for line in lines if line.startswith("0 "))

    def agents(self) -> dict[str, int]:
        """Run id → pid of the agent, for every run that started and has not ended."""
        found = {}
        for folder in sorted((self.root / "runs").glob("*-*")):
            started = folder / "started.json"
            if started.exists() and not (folder / "exit.json").exists():
                with suppress(ValueError, KeyError, FileNotFoundError):
                    found[folder.name] = int(yaml.safe_load(started.read_text())["pid"])
        return found

    def processes(self) -> list[int]:
        """Every living process of any run of this lab."""
        mark = f"SIDEKICK_RUN_DIR={self.root}/".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(OSError):
                    if mark in (entry / "environ").read_bytes():
                        found.append(int(entry.name))
        return found

    def close(self) -> None:
        """End everything and clear it away."""
        for process in self.controllers:
            if process.poll() is None:
                process.kill()
                process.wait(timeout=10)
        self.tmux("kill-server")
        wait_for("the end of all runs", lambda: not self.processes(), 15)
        shutil.rmtree(self.root, ignore_errors=True)


def alive(pid: int) -> bool:
    """Whether a process lives, and is no zombie."""
    return process_state(pid) not in {"", "Z"}


def process_state(pid: int) -> str:
    """The letter of proc(5) for what a process does; empty where there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return ""
