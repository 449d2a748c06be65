"""tmuxp: `tmuxp load -d` of one file with a window for each program.

That is its best way: a file for each, all in one command, takes twice as long, and a command
for each five times.
"""

import json
import shlex
import subprocess
from collections.abc import Mapping, Sequence

from bench.peers.base import Peer
from bench.peers.install import programs_of
from bench.world import SECONDS


class Tmuxp(Peer):
    """A session manager that is told all in a file."""

    name = "tmuxp load"

    def up(self, programs: Mapping[str, Sequence[str]]) -> None:
        """The server runs, the file is written; `window_shell` runs a program, not a shell."""
        self._program = programs_of("tmuxp") / "tmuxp"
        self._file = self.world.root / "workspace.json"
        windows = [
            {"window_name": name, "window_shell": shlex.join(argv)}
            for name, argv in programs.items()
        ]
        document = {"session_name": "bench", "windows": windows}
        self._file.write_text(json.dumps(document), encoding="utf-8")
        self.world.boot_tmux()

    def start(self) -> None:
        """One command."""
        subprocess.run(
            (self._program, "load", "-d", "-y", "--no-progress", "-S", self.world.socket,
             self._file),
            env=self.world.environment, capture_output=True, timeout=SECONDS, check=True,
        )  # fmt: skip
