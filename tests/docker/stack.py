"""The whole system in containers, in a project folder of its own."""

import csv
import io
import json
import os
import pty
import re
import select
import shutil
import socket
import subprocess
import tempfile
import termios
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import yaml

from tests.shipped import SHIPPED

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("controller", "agents", "mock-claude", "prometheus")
"""All but Grafana, which has a test of its own."""
OURS = SERVICES[:3]
PORTS = {
    "controller": "CONTROLLER_PORT", "mock-claude": "MOCK_PORT",
    "prometheus": "PROMETHEUS_PORT", "grafana": "GRAFANA_PORT",
    "alertmanager": "ALERTMANAGER_PORT",
}  # fmt: skip
"""Service → the variable of its port: this machine may have a stack of its user's own."""
_PARTS = (
    *(
        "Dockerfile",
        ".dockerignore",
        ".gitignore",
        ".env.example",
        "docker-compose.yml",
        "prometheus.yml",
        "grafana",
    ),
    *("controller", "mock_claude", "schemas", "deploy", "tests", "docs", "bench", "config.yaml"),
    *("pyproject.toml", "uv.lock", "README.md", "LICENSE", "run.sh", "run_tests.sh"),
)
OWNER = 1000
"""Of the project, where the tests run as root: nothing in the containers does."""

UNREACHABLE = re.compile(
    r"failed to resolve source metadata|pull access denied|failed to do request|dial tcp|"
    r"Temporary failure|Could not resolve|i/o timeout|TLS handshake|ECONNREFUSED|ENOTFOUND|"
    r"Max retries exceeded|Unable to connect|toomanyrequests"
)
"""What a build says where an image or a package cannot be had."""

_T = TypeVar("_T")


def wait_for(what: str, look: Callable[[], _T], seconds: float = 60.0) -> _T:
    """Wait until a look finds something; fails with what was waited for."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, f"waited {seconds:g} s for {what}"
        time.sleep(0.2)


def missing_image(service: str) -> str:
    """Why a service's image cannot be had; empty where it can."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    image = str(yaml.safe_load(text)["services"][service]["image"])
    image = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", image)
    argv: tuple[str, ...]
    for argv in (("image", "inspect", image), ("pull", "-q", image)):
        try:
            done = subprocess.run(["docker", *argv], capture_output=True, text=True, timeout=120)
        except subprocess.TimeoutExpired:
            return f"no image {image}: it is not here, and pulling it takes too long"
        if done.returncode == 0:
            return ""
    return f"no image {image}: it is not here and cannot be pulled: {done.stderr.strip()[:200]}"


def free_ports(count: int) -> list[int]:
    """So many ports of the loopback that nobody listens on."""
    with ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in held]


class Stack:
    """A copy of the project, and its containers."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="sidekick-docker-"))
        self.name = self.root.name
        for part in _PARTS:
            here = ROOT / part
            if here.is_dir():
                shutil.copytree(
                    here, self.root / part, ignore=shutil.ignore_patterns("__pycache__")
                )
            else:
                shutil.copy2(here, self.root / part)
        self.list = self.root / "desired" / "priorities.csv"
        self.list.parent.mkdir()
        shutil.copy2(SHIPPED / "priorities.csv", self.list)
        self._make_private()
        subprocess.run([self.root / "deploy" / "make_env.sh"], check=True, timeout=30)
        self.ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        with (self.root / ".env").open("a", encoding="utf-8") as file:
            file.writelines(f"{PORTS[name]}={port}\n" for name, port in self.ports.items())

    def compose(
        self, *arguments: str, check: bool = True, seconds: float = 900
    ) -> subprocess.CompletedProcess[str]:
        """Run `docker compose` in the project's folder."""
        done = subprocess.run(
            ["docker", "compose", "-p", self.name, *arguments],
            cwd=self.root, capture_output=True, text=True, timeout=seconds, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done

    def up(self, *services: str) -> None:
        """Start services, and wait until they are healthy."""
        self.compose("up", "-d", "--wait", *services, seconds=180)

    def state(self, service: str) -> dict[str, Any]:
        """What the engine says of a service's container, running or not."""
        number = self.compose("ps", "-aq", service).stdout.strip()
        argv = ["docker", "inspect", number]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True)
        return dict(json.loads(done.stdout)[0])

    def logs(self, service: str) -> list[str]:
        """What a service printed, line by line."""
        argv = ["docker", "logs", self.state(service)["Id"]]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True)
        return (done.stdout + done.stderr).splitlines()

    def inside(self, service: str, *argv: str, check: bool = True) -> str:
        """Run a program in a service's container; what it printed."""
        return self.compose("exec", "-T", service, *argv, check=check, seconds=60).stdout

    def healthy(self, service: str) -> bool:
        """What Docker says of a service."""
        text = self.compose("ps", "--format", "json", service, check=False).stdout.strip()
        return bool(text) and json.loads(text.splitlines()[0])["Health"] == "healthy"

    def at_terminal(
        self, service: str, argv: tuple[str, ...], until: bytes, keys: bytes
    ) -> tuple[int, bytes]:
        """Run a program at a terminal, and press keys once it shows a word.

        Returns:
            Its exit code, and all that it showed.
        """
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (40, 120))
        process = subprocess.Popen(
            ["docker", "compose", "-p", self.name, "exec", service, *argv],
            cwd=self.root, stdin=theirs, stdout=theirs, stderr=theirs,
        )  # fmt: skip
        os.close(theirs)
        seen, end = b"", time.monotonic() + 60
        try:
            while time.monotonic() < end:
                if select.select([ours], [], [], 0.2)[0]:
                    try:
                        seen += os.read(ours, 65_536)
                    except OSError:  # all have let go of it
                        break
                if keys and until in seen:
                    os.write(ours, keys)
                    keys = b""
            return process.wait(timeout=10), seen
        finally:
            process.kill()
            process.wait()
            os.close(ours)

    def _make_private(self) -> None:
        """All is its owner's alone, as under a strict umask; where that is root, another user's."""
        for path in (self.root, *self.root.rglob("*")):
            path.chmod(path.stat().st_mode & 0o700)
            if os.getuid() == 0:
                os.chown(path, OWNER, OWNER)

    def give_list_to(self, owner: int) -> None:
        """Give the list and its folder to a user and their group; anyone may read them."""
        for path in (self.list.parent, self.list):
            os.chown(path, owner, owner)
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))

    def rows(self) -> dict[str, dict[str, str]]:
        """Project → its cells in the file."""
        return {row["Project"]: row for row in csv.DictReader(io.StringIO(self.list.read_text()))}

    def append(self, project: str, action: str, model: str = "Sonnet 4") -> None:
        """Add a row, as a person would."""
        with self.list.open("a", encoding="utf-8", newline="") as file:
            row = (project, 1, "", "", "", action, "", "", model)
            csv.writer(file, lineterminator="\n").writerow(row)

    def wait_status(self, project: str, status: str, seconds: float = 90.0) -> dict[str, str]:
        """Wait for a Status in the file; returns the row."""
        try:
            wait_for(
                f"{project} {status}",
                lambda: self.rows().get(project, {}).get("Status") == status,
                seconds,
            )
        except AssertionError as error:
            told = self.inside("controller", "sidekick", "describe", project, check=False)
            raise AssertionError(f"{error}: {told}") from error
        return self.rows()[project]

    def sessions(self) -> list[str]:
        """The names of the sessions whose program lives."""
        argv = ("tmux", "-N", "-S", "/run/sidekick/tmux.sock", "list-panes", "-a", "-F")
        lines = self.inside("agents", *argv, "#{pane_dead} #{session_name}", check=False)
        return [line[2:] for line in lines.splitlines() if line.startswith("0 ")]

    def close(self) -> None:
        """Take the containers, networks, volumes and the folder away; the images are a cache."""
        self.compose("--profile", "*", "down", "-v", "--remove-orphans", check=False, seconds=180)
        shutil.rmtree(self.root, ignore_errors=True)
