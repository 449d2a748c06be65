"""The tmux server as a child process, in the foreground."""

import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from controller.core.errors import TerminalError
from controller.files import make_folder, write_whole
from controller.runtimes.socket_path import check_socket_path
from controller.runtimes.tmux_conf import CONFIGURATION

ASK_SECONDS = 5.0
"""How long a server may take to answer; a stopped one never does."""
END_SECONDS = 5.0
"""How long it may take to end; it has nothing to wait for."""


class TmuxServer:
    """One server, as long as this process lives.

    Args:
        socket: Its socket, absolute, at most 107 bytes; only we may write to its folder.
        environment: All that the sessions have in their environment.
    """

    def __init__(self, socket: Path, environment: Mapping[str, str]) -> None:
        self._socket = check_socket_path(socket)
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; a socket that a dead one left is replaced.

        Raises:
            OSError: tmux is missing, or the socket's folder may not be written to.
            TerminalError: Another server listens on the socket: that of a host which was killed.
        """
        make_folder(self._socket.parent)
        if answers(self._socket):
            end = f"tmux -S {self._socket} kill-server"
            text = f"another one listens on {self._socket}; end it, and all in it, with: {end}"
            raise TerminalError("ServerRunning", text)
        configuration = self._socket.with_suffix(".conf")
        write_whole(configuration, CONFIGURATION.encode())
        argv = ("tmux", "-u", "-S", str(self._socket), "-f", str(configuration), "-D")
        self._process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, env=self._environment, cwd="/", start_new_session=True
        )

    def lives(self) -> bool:
        """Whether it runs; one that lost its socket makes it again."""
        if self._process is None or self._process.poll() is not None:
            return False
        if not self._socket.exists():
            self._process.send_signal(signal.SIGUSR1)
        return True

    def end(self) -> None:
        """End it: every shim in it is told by SIGHUP, and ends its run."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:  # it is stopped
            self._process.kill()
            self._process.wait()
        with suppress(OSError):
            self._socket.unlink()


def answers(socket: Path) -> bool:
    """Whether a server listens on the socket, and answers in time."""
    argv = ("tmux", "-N", "-S", str(socket), "display-message", "-p", "#{pid}")
    try:
        done = subprocess.run(argv, capture_output=True, timeout=ASK_SECONDS, env=dict(os.environ))
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
