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
SIDEKICK = Path(sys.executable).with_name("sidekick")


def main() -> None:
    """Run, wait until one agent works and one waits for a person, take the picture."""
    folder, environment = example(work=8)
    terminal = ["tmux", "-u", "-S", str(folder / "person"), "-f", "/dev/null"]
    try:
        subprocess.run(
            [*terminal, "new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), str(SIDEKICK),
             "run"], env=environment, cwd=folder, check=True, timeout=10,
        )  # fmt: skip
        screen = wait(terminal)
        subprocess.run([*terminal, "kill-server"], check=False, timeout=10)
        subprocess.run([SIDEKICK, "stop", "--all"], env=environment, cwd=folder, check=True,
                       timeout=60, capture_output=True)  # fmt: skip
    finally:
        subprocess.run(["tmux", "-S", str(folder / "s"), "kill-server"], check=False, timeout=10)
        shutil.rmtree(folder, ignore_errors=True)
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(screen.rstrip()))
    (ROOT / "docs" / "terminal.svg").write_text(
        console.export_svg(title="./run.sh"), encoding="utf-8"
    )


def example(*, work: int) -> tuple[Path, dict[str, str]]:
    """A folder with the shipped example, and the environment to run it in.

    Args:
        work: Seconds that a demo agent works.
    """
    folder = Path(tempfile.mkdtemp(prefix="sidekick-", dir="/tmp"))
    for name in ("config.yaml", "schemas", "desired"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    return folder, {
        "PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8",
        "TERM": "screen-256color", "COLORTERM": "truecolor", "SIDEKICK_COMMAND": "./run.sh",
        "SIDEKICK_PATHS_SOCKET": str(folder / "s"), "SIDEKICK_GPUS": "2",
        "SIDEKICK_TIMES_DEMO_WORK": str(work),
    }  # fmt: skip


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
