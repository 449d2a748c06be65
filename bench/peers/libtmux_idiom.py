"""libtmux's own idiom: `Server.new_session` in a loop."""

import shlex
from collections.abc import Mapping, Sequence

import libtmux

from bench.peers.base import Peer


class LibtmuxIdiom(Peer):
    """The object layer as its documentation shows it, in this process."""

    name = "libtmux new_session loop"

    def up(self, programs: Mapping[str, Sequence[str]]) -> None:
        """The server runs."""
        self._programs = dict(programs)
        self.world.boot_tmux()
        self._server = libtmux.Server(socket_path=self.world.socket)

    def start(self) -> None:
        """An object for each."""
        for name, argv in self._programs.items():
            self._server.new_session(session_name=name, window_command=shlex.join(argv))
