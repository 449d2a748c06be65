"""The place where sessions live."""

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from controller.core.digest import digest
from controller.core.errors import TerminalError
from controller.files import make_folder, read_small, write_whole
from controller.layout import SOCKET
from controller.runtimes.base import Runtime
from controller.runtimes.registry import runtime_class
from controller.runtimes.socket_path import (
    SocketPathError,
    check_socket_path,
    default_socket,
    folder_fault,
    socket_name,
)
from controller.settings import Settings
from controller.settings.model import TmuxServer

SHIM = Path(__file__).resolve().parents[1] / "shim" / "__main__.py"

SESSION_VARIABLES = (
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"),
)
"""What every session has in its environment; never a secret."""


def build_runtime(
    settings: Settings,
    environment: Mapping[str, str],
    on_call: Callable[[str, str, float], None] = lambda *_: None,
) -> Runtime:
    """The place where sessions live: one private tmux server for each runs' folder.

    Args:
        settings: The settings, with absolute paths.
        environment: The process's environment.
        on_call: Told of every call to it: its command, its result, its seconds.

    Raises:
        TerminalError: `SocketNotSet`: nobody says where the external server listens.
    """
    external = settings.tmux.server is TmuxServer.EXTERNAL
    if external and settings.paths.socket is None:
        text = "tmux.server is external, so paths.socket must name the socket that it listens on"
        raise TerminalError("SocketNotSet", text)
    owner = digest(str(settings.paths.runs.resolve()))
    shown = {name: environment[name] for name in SESSION_VARIABLES if environment.get(name)}
    path = {"PATH": os.defpath}
    if external:
        # tmux gives a new session the PATH of the client, and here is not where the programs are.
        # Without one, tmux itself is found where the system has it.
        path = {}
        shown.pop("PATH", None)
    return runtime_class("tmux")(
        settings.paths.socket or remembered_socket(settings.paths.state / SOCKET, owner),
        owner=owner,
        shim=(sys.executable, "-I", "-S", str(SHIM)),
        environment={"LANG": "C.UTF-8", **path, **shown},
        configuration=settings.paths.state / "tmux.conf",
        on_call=on_call,
        external=external,
    )


def remembered_socket(note: Path, owner: str) -> Path:
    """The socket that was used before, as long as its folder is ours (a reboot clears it).

    The default depends on the environment, which differs between a login, cron and sudo: all of
    them must find the same sessions. A note that came with a folder which was copied or moved names
    the server of another one's sessions, whose names would be in the way there.
    """
    try:
        text = read_small(note).decode().strip()
        known = check_socket_path(Path(text))
        ours = known.name == socket_name(owner) and text.isprintable()
        usable = ours and (known.is_socket() or not known.exists())
        if usable and folder_fault(known.parent) is None:
            return known
    except (OSError, ValueError, SocketPathError):
        pass
    socket = default_socket(owner)
    with suppress(OSError):  # without the note the default is found again where nothing differs
        make_folder(note.parent)
        write_whole(note, f"{socket}\n".encode())
    return socket
