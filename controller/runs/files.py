"""Files of a run's folder, as the controller reads and writes them.

The agent is the same user and can put anything in a file's place, or in the folder's: links that
lead elsewhere, pipes that never answer. So neither is followed or waited for. Files are written
0600 and whole; no fsync: a power loss that loses one ends the session that it is about too.
"""

import errno
import os
import secrets
import shutil
import stat
from contextlib import suppress
from pathlib import Path
from typing import IO

from controller.files import write_in

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def reserve(path: str, size: int) -> None:
    """Make a new file that takes room on the disk, for whoever must write when there is none.

    Raises:
        OSError: It is there already, or there is no such room.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, size)
    finally:
        os.close(descriptor)


def spend(reserved: Path, path: Path, content: bytes) -> None:
    """Turn a file that was reserved into a whole one, which takes no room of the disk.

    Raises:
        OSError: There is none, or it cannot be written.
    """
    flags = os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    descriptor = os.open(reserved, flags)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.truncate()
    reserved.replace(path)


def write_record(path: Path, content: bytes) -> None:
    """Write a file so that whoever reads it sees all of it, or what was there before.

    A folder in its place is moved aside.

    Raises:
        OSError: It cannot be written, or its folder is none; nothing is left of it.
    """
    name, temporary = path.name, f".{path.name}.new"
    folder = os.open(path.parent, _FOLDER)
    try:
        write_in(folder, name, content, temporary)
    except IsADirectoryError:
        if not stat.S_ISDIR(state_of(path).st_mode):
            raise  # it is the temporary file that is none
        # The agent's: no file can be renamed over it.
        os.rename(name, f"{name}.moved", src_dir_fd=folder, dst_dir_fd=folder)
        write_in(folder, name, content, temporary)
    finally:
        os.close(folder)


class NoPlainFileError(OSError):
    """A folder, a pipe, a device, a link."""


def open_plain(path: Path) -> IO[bytes]:
    """Open a plain file of a folder, and nothing else.

    Raises:
        NoPlainFileError: It is something else.
        OSError: It cannot be opened.
    """
    folder = os.open(path.parent, _FOLDER)
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(path.name, flags, dir_fd=folder)
    except OSError as error:
        if error.errno == errno.ELOOP:  # the answer to O_NOFOLLOW where there is a link
            raise NoPlainFileError(error.errno, "is no plain file", str(path)) from error
        raise
    finally:
        os.close(folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NoPlainFileError(errno.EINVAL, "is no plain file", str(path))
    return os.fdopen(descriptor, "rb")


def state_of(path: Path) -> os.stat_result:
    """What is known of whatever bears this name in a folder; a link is not followed.

    Raises:
        OSError: Nothing does, or the folder is none.
    """
    folder = os.open(path.parent, _FOLDER)
    try:
        return os.stat(path.name, dir_fd=folder, follow_symlinks=False)
    finally:
        os.close(folder)


def exists(path: Path) -> bool:
    """Whether anything bears this name in a folder, be it a link to nowhere."""
    try:
        state_of(path)
    except OSError:
        return False
    return True


def is_folder(path: Path) -> bool:
    """Whether there is a folder, and no link to one."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def is_gone(path: Path) -> bool:
    """Whether there surely is no such folder; one that cannot be looked at may be there."""
    try:
        return not stat.S_ISDIR(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False


def size_of(folder: Path) -> int:
    """Bytes that a folder takes on the disk; a file's holes take none."""
    total, waiting = 0, [str(folder)]
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError:
            continue
        for entry in entries:
            with suppress(OSError):  # gone meanwhile
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    known = entry.stat(follow_symlinks=False)
                    total += min(known.st_size, known.st_blocks * 512)
    return total


def remove_tree(folder: Path) -> None:
    """Take a folder away with all that is in it; links in it go, and what they lead to stays.

    What cannot be removed is left.
    """
    try:
        shutil.rmtree(folder, ignore_errors=True)
    except RecursionError:
        with suppress(OSError):
            _flatten(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _flatten(folder: Path) -> None:
    """Lift every folder within up to the top: the standard library goes down a call a level.

    Raises:
        OSError: It cannot be done.
    """
    top = os.open(folder, _FOLDER)
    try:
        waiting = _folders_in(top)
        while waiting:
            inner = os.open(waiting.pop(), _FOLDER, dir_fd=top)
            try:
                for name in _folders_in(inner):
                    lifted = f".{secrets.token_hex(16)}"
                    os.rename(name, lifted, src_dir_fd=inner, dst_dir_fd=top)
                    waiting.append(lifted)
            finally:
                os.close(inner)
    finally:
        os.close(top)


def _folders_in(folder: int) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]


def clear_away(folder: Path) -> None:
    """Remove a run's folder as far as it can be; from the first step on it is no run's.

    Were its end to go first, a death on the way would leave a run that seems to go on for ever.
    """
    with suppress(OSError):
        (folder / "meta.json").unlink()
    remove_tree(folder)
