"""Prometheus's own programs, where they are installed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROMETHEUS = os.environ.get("PROMETHEUS") or shutil.which("prometheus")
PROMTOOL = os.environ.get("PROMTOOL") or shutil.which("promtool")
AMTOOL = os.environ.get("AMTOOL") or shutil.which("amtool")

needs_prometheus = pytest.mark.skipif(
    not PROMETHEUS, reason="no prometheus on the PATH or in $PROMETHEUS"
)
needs_promtool = pytest.mark.skipif(not PROMTOOL, reason="no promtool on the PATH or in $PROMTOOL")
needs_amtool = pytest.mark.skipif(not AMTOOL, reason="no amtool on the PATH or in $AMTOOL")


def check(program: str | None, *arguments: str | Path) -> None:
    """Let a program judge; what it says is what a failure says."""
    done = subprocess.run(
        [str(program), *map(str, arguments)], capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
