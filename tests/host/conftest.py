"""A lab whose tmux server is run by the host, as in a container of its own."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.lab import Lab, wait_for


class Host:
    """The host's process, which can be ended and started anew."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.argv = [
            *(sys.executable, "-m", "controller.host"),
            *("--socket", str(lab.socket), "--runs", str(lab.root / "runs")),
        ]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it is healthy."""
        with Path(self.lab.root / "host.log").open("ab") as out:
            self.process = subprocess.Popen(
                self.argv, env=self.lab.environment, cwd=Path.cwd(), stdout=out, stderr=out
            )
        wait_for("the host", self.healthy, 40)  # it is a start of Python for each look

    def healthy(self) -> bool:
        """What its health check says."""
        argv = [*self.argv, "--check"]
        return subprocess.run(argv, env=self.lab.environment, timeout=30).returncode == 0

    def end(self) -> int:
        """SIGTERM, and its exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(timeout=30)


@pytest.fixture
def host(lab: Lab) -> Iterator[Host]:
    """A host that is not started yet."""
    host = Host(lab)
    try:
        yield host
    finally:
        if host.process is not None:
            host.process.terminate()
            host.process.wait(timeout=30)
