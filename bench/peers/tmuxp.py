"""tmuxp: one `tmuxp load -d` of a file for each session; and of one file with a window each."""

import json
import shlex
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bench.peers.base import Peer
from bench.peers.install import programs_of
from bench.world import SECONDS

Programs = Mapping[str, Sequence[str]]


class Tmuxp(Peer):
    """A session manager that is told of every session in a file of its own."""

    name = "tmuxp load"

    def up(self, programs: Programs) -> None:
        """The server runs, the files are written; `window_shell` runs a program, not a shell."""
        self._program = programs_of("tmuxp") / "tmuxp"
        self._files = [self._write(*workspace) for workspace in self._workspaces(programs)]
        self.world.boot_tmux()

    def start(self) -> None:
        """One command."""
        subprocess.run(
            (self._program, "load", "-d", "-y", "--no-progress", "-S", self.world.socket,
             *self._files),
            env=self.world.environment, capture_output=True, timeout=SECONDS, check=True,
        )  # fmt: skip

    def _workspaces(self, programs: Programs) -> Iterable[tuple[str, Programs]]:
        """Each session's name, and its windows."""
        return [(name, {name: argv}) for name, argv in programs.items()]

    def _write(self, session: str, windows: Programs) -> Path:
        document = {
            "session_name": session,
            "windows": [
                {"window_name": name, "window_shell": shlex.join(argv)}
                for name, argv in windows.items()
            ],
        }
        file = self.world.root / f"{session}.json"
        file.write_text(json.dumps(document), encoding="utf-8")
        return file


class TmuxpWindows(Tmuxp):
    """The same with one session for all, which starts less and is quicker."""

    name = "tmuxp load, one session"

    def _workspaces(self, programs: Programs) -> Iterable[tuple[str, Programs]]:
        return [("bench", programs)]
