"""A tmux server of our own, behind libtmux, whose every call has a deadline and typed errors."""

import os
import stat
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import libtmux
from libtmux.common import tmux_cmd

from controller.files import make_folder, write_whole
from controller.runtimes.base import RuntimeFault
from controller.runtimes.socket_path import socket_fault
from controller.runtimes.tmux_conf import CONFIGURATION
from controller.runtimes.tmux_process import shed_brand

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
            RuntimeFault: `TmuxMissing`, `TmuxTimeout`, `SocketPermission`, `SocketUnsafe`,
                `TmuxUnreachable`.
        """
        target_args = () if target is None else ("-t", str(target))
        return self._run("-N", "-S", str(self.socket), cmd, *target_args, *map(str, args))

    def source(self, script: str) -> Reply:
        """Run a script of tmux commands; a line fails alone, and adds to the deadline.

        Raises:
            ServerGone: Nobody listens on the socket.
            RuntimeFault: Those of `cmd`.
        """
        lines = script.count("\n")
        return self._run(
            "-N", "-S", str(self.socket), "source-file", "-", stdin=script, lines=lines
        )

    def feed(self, text: str, *commands: str) -> Reply:
        """Run tmux commands of which one reads a text from the standard input.

        Raises:
            ServerGone: Nobody listens on the socket.
            RuntimeFault: Those of `cmd`.
        """
        return self._run("-N", "-S", str(self.socket), *commands, stdin=text)

    def boot(self, configuration: Path) -> None:
        """Start the server, clean: our configuration, our environment, no descriptor of ours.

        Whoever starts a tmux server lends it all of these for good, and every pane with it.

        Args:
            configuration: Where its configuration file is written.

        Raises:
            RuntimeFault: `ServerStartFailed`, and those of `cmd`.
        """
        try:
            make_folder(self.socket.parent)
            make_folder(configuration.parent)
            write_whole(configuration, CONFIGURATION.encode())
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
        shed_brand()
        reply = self._run("-S", str(self.socket), "-f", str(configuration), "start-server")
        if reply.returncode:
            raise RuntimeFault(
                "ServerStartFailed",
                f"The tmux server was not started: {'; '.join(reply.stderr) or 'no reason given'}",
            )

    def check_socket(self) -> None:
        """Whether what lies at the socket's path may be talked to.

        Raises:
            RuntimeFault: `SocketUnsafe`.
        """
        fault = socket_fault(self.socket)
        if fault:
            raise RuntimeFault(
                "SocketUnsafe",
                f"The tmux socket {self.socket} {fault}: remove it, or choose another path.",
            )

    def _run(self, *args: str, stdin: str = "", lines: int = 0) -> Reply:
        self.check_socket()
        argv = ("tmux", "-u", *args)
        deadline = self.deadline + lines * _SECONDS_A_LINE
        try:
            with _file_of(stdin) as script:
                done = subprocess.run(
                    argv,
                    stdin=script,
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


@contextmanager
def _file_of(text: str) -> Iterator[int]:
    """A file in memory that holds the text, as a descriptor.

    A pipe would end wherever its writer was killed, and tmux carries out the half of a script
    where that happens to be whole words: a session without our mark, or without the shim.
    """
    descriptor = os.memfd_create("script", os.MFD_CLOEXEC)
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(os.fsencode(text))
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


def _text(output: bytes) -> str:
    return output.decode("utf-8", errors="backslashreplace")
