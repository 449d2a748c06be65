"""Make docs/terminal.svg: run the shipped example in a real terminal and take its picture.

uv run python docs/picture.py
"""

import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
COLUMNS, ROWS = 112, 20
SECONDS = 60


def main() -> None:
    """Run, wait until one agent works and one waits for a person, take the picture."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    for name in ("config.yaml", "schemas", "desired"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    sidekick = Path(sys.executable).with_name("sidekick")
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8",
        "TERM": "screen-256color", "COLORTERM": "truecolor", "SIDEKICK_COMMAND": "./run.sh",
        "SIDEKICK_PATHS_SOCKET": str(folder / "s"), "SIDEKICK_GPUS": "2",
        "SIDEKICK_TIMES_DEMO_WORK": "8",
    }  # fmt: skip
    terminal = ["tmux", "-u", "-S", str(folder / "person"), "-f", "/dev/null"]
    try:
        subprocess.run(
            [*terminal, "new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), str(sidekick),
             "run"], env=environment, cwd=folder, check=True, timeout=10,
        )  # fmt: skip
        screen = wait(terminal)
        subprocess.run([*terminal, "kill-server"], check=False, timeout=10)
        subprocess.run([sidekick, "stop", "--all"], env=environment, cwd=folder, check=True,
                       timeout=60, capture_output=True)  # fmt: skip
    finally:
        subprocess.run(["tmux", "-S", str(folder / "s"), "kill-server"], check=False, timeout=10)
        shutil.rmtree(folder, ignore_errors=True)
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(screen.rstrip()))
    (ROOT / "docs" / "terminal.svg").write_text(
        console.export_svg(title="./run.sh"), encoding="utf-8"
    )


def wait(terminal: list[str]) -> str:
    """The screen once a row waits for a person and others are completed."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        done = subprocess.run(
            [*terminal, "capture-pane", "-p", "-e"], capture_output=True, text=True, check=True,
            timeout=10,
        )  # fmt: skip
        if "AgentWaiting" in done.stdout and "In Progress" in done.stdout:
            return done.stdout
        time.sleep(0.2)
    sys.exit("the example did not come so far")


if __name__ == "__main__":
    main()
