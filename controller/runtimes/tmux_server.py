"""A tmux server of our own, behind libtmux, whose every call has a deadline and typed errors."""

import os
import stat
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import libtmux
from libtmux.common import tmux_cmd

from controller.runtimes.base import RuntimeFault
from controller.runtimes.tmux_conf import CONFIGURATION

_SECONDS_A_LINE = 0.03
"""Twice what the start of one session among 500 takes on a busy machine of two cores."""


class ServerGone(RuntimeFault):
    """Nobody listens on the socket."""


class ServerExited(ServerGone):
    """The server went during the call, which may have been carried out before."""


class Reply(tmux_cmd):
    """What a tmux client printed, in the shape that libtmux's objects read."""

    def __init__(
        self, argv: Sequence[str], returncode: int, stdout: bytes = b"", stderr: bytes = b""
    ) -> None:
        # Not the parent's: that one runs the command, without a deadline.
        self.cmd = list(argv)
        self.returncode = returncode
        self.stdout = _text(stdout).rstrip("\n").split("\n") if stdout.strip(b"\n") else []
        self.stderr = [line for line in _text(stderr).split("\n") if line]


class PrivateServer(libtmux.Server):
    """A server on a socket that nobody else uses, started by nothing but `boot`.

    libtmux's listing properties (`sessions`, `windows`, `panes`) go round `cmd`, and so have
    neither deadline nor errors; everything that goes through `cmd` has both.
    """

    def __init__(self, socket: Path, *, deadline: float, environment: Mapping[str, str]) -> None:
        super().__init__(socket_path=socket)
        self.socket = socket
        self.deadline = deadline
        self.environment = dict(environment)

    def cmd(  # type: ignore[override]  # the signature is libtmux's, which misses its protocol
        self, cmd: str, *args: Any, target: str | int | None = None
    ) -> Reply:
        """Run one tmux command; a server is never started by it.

        Args:
            cmd: The command's name.
            args: Its arguments; one that is `;` begins a further command.
            target: The value of `-t`.

        Raises:
            ServerGone: Nobody listens on the socket, or, as `ServerExited`, no longer.
            RuntimeFault: `TmuxMissing`, `TmuxTimeout`, `SocketPermission`, `TmuxUnreachable`.
        """
        target_args = () if target is None else ("-t", str(target))
        return self._run("-N", "-S", str(self.socket), cmd, *target_args, *map(str, args))

    def source(self, script: str) -> Reply:
        """Run a script of tmux commands; a line fails alone, and adds to the deadline.

        Raises:
            ServerGone: Nobody listens on the socket.
            RuntimeFault: Those of `cmd`.
        """
        return self._run("-N", "-S", str(self.socket), "source-file", "-", stdin=script)

    def boot(self, configuration: Path) -> None:
        """Start the server, clean: our configuration, our environment, no descriptor of ours.

        Whoever starts a tmux server lends it all of these for good, and every pane with it.

        Args:
            configuration: Where its configuration file is written.

        Raises:
            RuntimeFault: `ServerStartFailed`, and those of `cmd`.
        """
        try:
            self.socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            configuration.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            configuration.write_text(CONFIGURATION, encoding="utf-8")
        except OSError as error:
            raise RuntimeFault(
                "ServerStartFailed", f"The tmux server was not started: {error}"
            ) from error
        if self.socket.exists() and not stat.S_ISSOCK(self.socket.stat().st_mode):
            # tmux would delete it.
            raise RuntimeFault(
                "ServerStartFailed",
                f"{self.socket} is no socket: move it away, or choose another socket path.",
            )
        reply = self._run("-S", str(self.socket), "-f", str(configuration), "start-server")
        if reply.returncode:
            raise RuntimeFault(
                "ServerStartFailed",
                f"The tmux server was not started: {'; '.join(reply.stderr) or 'no reason given'}",
            )

    def _run(self, *args: str, stdin: str = "") -> Reply:
        argv = ("tmux", "-u", *args)
        deadline = self.deadline + stdin.count("\n") * _SECONDS_A_LINE
        try:
            done = subprocess.run(
                argv,
                input=os.fsencode(stdin),
                capture_output=True,
                check=False,
                timeout=deadline,
                env=self.environment,
                cwd="/",  # the server keeps it, and would keep a file system busy
                start_new_session=True,  # a Ctrl-C at the controller's terminal is not tmux's
            )
        except FileNotFoundError:
            raise RuntimeFault(
                "TmuxMissing",
                "The program tmux was not found on PATH: install tmux 3.2 or newer "
                "(on Debian and Ubuntu: apt install tmux).",
            ) from None
        except OSError as error:
            raise RuntimeFault("TmuxUnreachable", f"tmux could not be run: {error}") from error
        except subprocess.TimeoutExpired:
            raise RuntimeFault(
                "TmuxTimeout",
                f"The tmux server on {self.socket} did not answer within {deadline:g} s: it "
                "is stopped, or the machine is overloaded.",
            ) from None
        reply = Reply(argv, done.returncode, done.stdout, done.stderr)
        self._raise_for(reply)
        return reply

    def _raise_for(self, reply: Reply) -> None:
        said = reply.stderr[0] if reply.returncode and reply.stderr else ""
        if said.startswith(("server exited", "lost server")):
            raise ServerExited("ServerExited", f"The tmux server on {self.socket} just ended.")
        if said.startswith("no server running on ") or (
            said.startswith("error connecting to ") and said.endswith("(No such file or directory)")
        ):
            raise ServerGone("NoServer", f"No tmux server listens on {self.socket}.")
        if said == "access not allowed" or said.endswith("(Permission denied)"):
            raise RuntimeFault(
                "SocketPermission",
                f"The tmux socket {self.socket} belongs to somebody else ({said}): run the "
                "controller as that user, or choose another socket path.",
            )
        if said.startswith("error connecting to "):
            raise RuntimeFault("TmuxUnreachable", f"The tmux server cannot be reached: {said}.")


def _text(output: bytes) -> str:
    return output.decode("utf-8", errors="backslashreplace")
