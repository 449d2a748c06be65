"""supervisord: one, with a section for each program, asked over its own socket."""

import http.client
import shlex
import socket
import xmlrpc.client
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

from bench.peers.base import Stopper
from bench.peers.install import programs_of
from bench.world import SECONDS, wait_for

_CONFIGURATION = """\
[unix_http_server]
file={root}/supervisor.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisord]
nodaemon=true
logfile={root}/supervisord.log
loglevel=warn
pidfile={root}/supervisord.pid
minfds={files}
"""
_PROGRAM = """\
[program:{name}]
command={command}
autostart={autostart}
autorestart=false
stopasgroup=true
killasgroup=true
stdout_logfile=NONE
stderr_logfile=NONE
"""
MINFDS = 1024
"""Its own default; a program of ours takes three descriptors of it."""


class Supervisord(Stopper):
    """A process manager that is up and has read its configuration before it is asked."""

    name = "supervisord"
    _autostart = "false"

    def up(self, programs: Mapping[str, Sequence[str]]) -> None:
        """It runs, and runs none of the programs."""
        self._configure(programs)
        self._launch()
        path = self.world.root / "supervisor.sock"
        self._remote = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=_UnixTransport(path))
        wait_for("supervisord", self._answers)

    def start(self) -> None:
        """`supervisorctl start all`, without the start of supervisorctl, and waiting for none."""
        self._remote.supervisor.startAllProcesses(False)

    def stop(self) -> None:
        """`supervisorctl stop all`, in the same way."""
        self._remote.supervisor.stopAllProcesses(False)

    @property
    def own(self) -> frozenset[int]:
        """The daemon."""
        return frozenset({self._process.pid})

    def _configure(self, programs: Mapping[str, Sequence[str]]) -> None:
        root = self.world.root
        files = max(MINFDS, 4 * len(programs) + 64)
        sections = [
            _PROGRAM.format(
                name=name,
                command=shlex.join(argv).replace("%", "%%"),
                autostart=self._autostart,
            )
            for name, argv in programs.items()
        ]
        text = "\n".join((_CONFIGURATION.format(root=root, files=files), *sections))
        (root / "supervisord.conf").write_text(text, encoding="utf-8")
        self._program = programs_of("supervisor") / "supervisord"

    def _launch(self) -> None:
        configuration = self.world.root / "supervisord.conf"
        self._process = self.world.spawn((str(self._program), "-c", str(configuration)))

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"supervisord ended: {self.world.said()}")
        with suppress(OSError, http.client.HTTPException):
            self._remote.supervisor.getState()
            return True
        return False


class SupervisordUpdate(Supervisord):
    """The same, that is up and knows no program until its configuration is saved with them.

    This is what its users do to start programs that are new, as ours save the list.
    """

    name = "supervisord, updated"
    _autostart = "true"

    def up(self, programs: Mapping[str, Sequence[str]]) -> None:
        """It runs on an empty configuration."""
        super().up({})
        self._programs = dict(programs)

    def start(self) -> None:
        """The configuration is saved, then `supervisorctl update` without its start."""
        self._configure(self._programs)
        answer = cast("list[list[list[str]]]", self._remote.supervisor.reloadConfig())
        for group in answer[0][0]:
            self._remote.supervisor.addProcessGroup(group)


class SupervisordLaunch(Supervisord):
    """The same, started from nothing: its programs start with it."""

    name = "supervisord, from its launch"
    _autostart = "true"

    def up(self, programs: Mapping[str, Sequence[str]]) -> None:
        """Its configuration is written."""
        self._configure(programs)

    def start(self) -> None:
        """It is launched."""
        self._launch()


class _UnixTransport(xmlrpc.client.Transport):
    """XML-RPC over a socket in the file system."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: object) -> http.client.HTTPConnection:  # noqa: ARG002
        """A connection to the socket, whatever the host's name."""
        return _UnixConnection(self._path)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("127.0.0.1", timeout=SECONDS)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(SECONDS)
        self.sock.connect(str(self._path))
