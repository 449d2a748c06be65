"""Where a server's socket lies: a short path in a folder that is ours alone.

Whoever may connect to the socket may run programs as us, and whoever may write to its folder
may put another socket in its place.
"""

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from controller.core.errors import TerminalError

LONGEST = 107
"""Bytes of a path that `sockaddr_un` holds."""

_INSTANCE = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")


class SocketPathError(TerminalError):
    """A socket cannot lie there; another path must be chosen."""


def check_socket_path(path: Path) -> Path:
    """Let only paths pass that a socket can have.

    Raises:
        SocketPathError: `SocketPathRelative` or `SocketPathTooLong`.
    """
    if not path.is_absolute():
        raise SocketPathError(
            "SocketPathRelative", f"The socket's path {str(path)!r} must be absolute."
        )
    length = len(os.fsencode(path))
    if length > LONGEST:
        raise SocketPathError(
            "SocketPathTooLong",
            f"The socket's path {str(path)!r} has {length} bytes and the system allows {LONGEST}: "
            "choose a shorter folder, such as one below /run or /tmp.",
        )
    return path


def default_socket(
    instance: str,
    *,
    environment: Mapping[str, str] = os.environ,
    run: Path = Path("/run"),
    tmp: Path = Path("/tmp"),  # noqa: S108  # the folder below it is checked to be ours alone
) -> Path:
    """The socket of an instance where the settings name none.

    It is in `$XDG_RUNTIME_DIR`, else `/run/user/UID` (a shell without a login and one with it
    find the same socket), else in a folder of our own in `/run` or `/tmp`.

    Args:
        instance: The instance's name, `[a-z0-9][a-z0-9_-]{0,60}`.
        environment: Where `XDG_RUNTIME_DIR` is looked up.
        run: Stands for `/run`.
        tmp: Stands for `/tmp`.

    Raises:
        SocketPathError: `InstanceInvalid`, `SocketPathTooLong`, or `SocketFolderUnsafe`:
            somebody else may write where the socket would lie.
    """
    if not _INSTANCE.fullmatch(instance):
        raise SocketPathError(
            "InstanceInvalid",
            f"The instance {instance!r} must be a name of small letters, digits, - and _.",
        )
    return check_socket_path(_folder(environment, run, tmp) / socket_name(instance))


def socket_name(instance: str) -> str:
    """The name of an instance's socket in whichever folder."""
    return f"{instance}.sock"


def socket_fault(path: Path) -> str:
    """What makes the socket that lies there one that we must not talk to; empty where it is fine.

    Whoever put it there could answer in our server's name.
    """
    try:
        folder, found = path.parent.stat(), path.lstat()
    except OSError:
        return ""  # there is none
    if found.st_uid != os.getuid():
        return f"belongs to another user (uid {found.st_uid})"
    if folder.st_mode & stat.S_IWOTH and not folder.st_mode & stat.S_ISVTX:
        return f"may be replaced by anybody: other users may write to {path.parent}"
    return ""


def folder_fault(folder: Path) -> str | None:
    """Why a folder is not ours alone to write to, None where it is."""
    try:
        found = folder.lstat()
    except OSError as error:
        return f"cannot be used ({error.strerror})"
    if not stat.S_ISDIR(found.st_mode):
        return "is no folder"
    if found.st_uid != os.getuid():
        return f"belongs to another user (uid {found.st_uid})"
    if found.st_mode & 0o022:
        return "may be written by other users"
    return None


def _folder(environment: Mapping[str, str], run: Path, tmp: Path) -> Path:
    uid = os.getuid()
    session_folders = [run / "user" / str(uid)]
    named = Path(environment.get("XDG_RUNTIME_DIR", ""))
    if named.is_absolute():
        session_folders.insert(0, named)
    for folder in session_folders:
        # Under sudo the variable names the other user's folder, after su a missing one.
        if folder_fault(folder) is None:
            return folder
    own = run / f"sidekick-{uid}"
    if not _made(own):
        own = tmp / f"sidekick-{uid}"
        _made(own)
    fault = folder_fault(own)
    if fault:
        raise SocketPathError(
            "SocketFolderUnsafe",
            f"The folder {own} {fault}, so the tmux socket is not safe there: remove it, or set "
            "XDG_RUNTIME_DIR to a folder of yours with mode 0700.",
        )
    return own


def _made(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        return True
    except OSError:
        return False
    return True
