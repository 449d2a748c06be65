"""Tools: the programs that agents find first on their PATH, `sidekick` to report with."""

import shlex
import sys
from pathlib import Path

from controller.files import make_folder, read_small, write_whole

_FOLDER = "bin"
_MODE = 0o755


def tool_folder(homes: Path) -> Path | None:
    """The folder with the tools, made at need; None where it cannot be.

    A script that begins with an absolute path, so that neither an environment nor a folder of the
    agent's decides what runs; the folder of our own Python is not on its PATH, for there its
    `python` would be ours.
    """
    folder = homes.resolve() / _FOLDER
    script = folder / "sidekick"
    text = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -I -m controller "$@"\n'
    try:
        if read_small(script) == text.encode():
            return folder
    except (OSError, ValueError):
        pass
    try:
        make_folder(folder)
        write_whole(script, text.encode())
        script.chmod(_MODE)
    except OSError:
        return None
    return folder
