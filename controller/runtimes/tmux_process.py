"""A tmux server as a process: found without its socket, and brought back to it.

Cleaners of /tmp delete old sockets. The server then lives on with all its sessions while every
client says "no server", and the next one starts a second server beside it.
"""

import os
import resource
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

from controller.files import make_folder
from controller.runtimes.base import RuntimeFault

_PROC = Path("/proc")
_SPARE = 64
"""Descriptors that a server needs beside those of its sessions."""

_RLIMIT_LOCKS = 10

_PATIENCE = 1.0
"""Seconds that a server gets to make its socket again, or to finish dying."""


def find_server(path: Path) -> int | None:
    """The pid of a living tmux server that was started on this socket."""
    for folder in _PROC.iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            if (folder / "comm").read_bytes() != b"tmux: server\n":
                continue
            argv = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if os.fsencode(path) in argv or b"-S" + os.fsencode(path) in argv:
            return int(folder.name)
    return None


def recall_server(path: Path) -> bool:
    """Bring a server that lost its socket back to it; wait for a dying one to go.

    Returns:
        Whether a server listens on the socket now; False where there is definitely none.

    Raises:
        RuntimeFault: `SocketLost`, there is a server and it cannot be reached.
    """
    pid = find_server(path)
    if pid is None:
        return False
    end = time.monotonic() + _PATIENCE
    try:
        make_folder(path.parent)
        os.kill(pid, signal.SIGUSR1)
        while time.monotonic() < end:
            if _listens(path):
                return True
            if find_server(path) is None:
                return False
            time.sleep(0.02)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # said below
    raise RuntimeFault(
        "SocketLost",
        f"The tmux server with pid {pid} lives, but its socket {path} is gone and it does not "
        f"make it again: let it go on (kill -CONT {pid}; kill -USR1 {pid}), or end it with all "
        f"its sessions (kill {pid}).",
    )


def shed_brand() -> None:
    """Give up the number by which a run knows its processes, see docs/run-folder.md.

    A controller that somebody starts in a session would hand it on to the tmux server, which
    would then end with that session's run, and all other sessions with it.
    """
    with suppress(OSError, ValueError):
        hard = resource.getrlimit(_RLIMIT_LOCKS)[1]
        resource.setrlimit(_RLIMIT_LOCKS, (hard, hard))


def room_for_sessions(pid: int | None) -> tuple[int, int]:
    """How many sessions more a server can hold, by its limit of open files.

    At the limit a tmux server spins and every client hangs, so it must never be reached.

    Args:
        pid: The server's, or None for one that we would start.

    Returns:
        The number of sessions, and the limit.
    """
    try:
        limit = resource.prlimit(pid or 0, resource.RLIMIT_NOFILE)[0]
        used = sum(1 for _ in (_PROC / str(pid) / "fd").iterdir()) if pid else 0
    except OSError:
        limit, used = resource.getrlimit(resource.RLIMIT_NOFILE)[0], 0
    # Two a session: its terminal, and the pipe to its log.
    return max(0, (limit - _SPARE - used) // 2), limit


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.2)
        try:
            probe.connect(os.fspath(path))
        except OSError:
            return False
    return True
