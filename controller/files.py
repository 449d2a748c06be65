"""Files and folders of the controller's own: for their owner alone, whatever the umask.

No fsync: what cannot be done without after a power loss is in the database.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from typing import IO

MODE = 0o600
FOLDER_MODE = 0o700
TEMPORARY = ".*.new"
"""How files are called that are not whole yet; one that stays was left by a death."""
LIMIT = 1_048_576
"""Bytes; what the controller and its user keep in one such file takes far less."""
OTHERS = 0o077
"""The bits of whoever is not the owner."""


def read_small(path: Path, limit: int = LIMIT) -> bytes:
    """All that a file holds.

    Args:
        path: The file.
        limit: Bytes.

    Raises:
        OSError: There is none, it is no plain file, or larger than the limit.
        ValueError: No file can have that path.
    """
    with open_plain(path) as file:
        return read_within(file, limit)


@contextmanager
def open_plain(path: Path) -> Iterator[BufferedReader]:
    """A file, open to be read.

    Raises:
        OSError: There is none, or it is no plain file.
        ValueError: No file can have that path.
    """
    # O_NONBLOCK: a pipe of that name would never answer.
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "Is no plain file", str(path))
        yield file


def read_within(file: BufferedReader, limit: int) -> bytes:
    """All that an open file holds from here on.

    Raises:
        OSError: It is larger than so many bytes.
    """
    content = read_some(file, limit + 1)
    if len(content) > limit:
        raise OSError(errno.EFBIG, f"Is larger than {limit // 1024:,} KB", str(file.name))
    return content


def read_some(file: IO[bytes], most: int) -> bytes:
    """At most so many bytes of an open plain file, from where it stands.

    No more room is asked for than the file takes. A buffer of the limit, cut down to what came,
    leaves under everything that is kept of it a hole that glibc fills with small things only: the
    heap grows with each read, by megabytes a day.
    """
    content = b""
    while len(content) < most:
        left = max(0, os.fstat(file.fileno()).st_size - file.tell())
        asked = min(left + 1, most - len(content))
        part = file.read(asked)
        content += part
        if len(part) < asked:
            break
    return content


def make(path: str, content: bytes) -> None:
    """Make a new file.

    Raises:
        OSError: It is there already, or cannot be written.
    """
    with os.fdopen(_new(path), "wb") as file:
        file.write(content)


def make_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing; one that is there stays as it is.

    Raises:
        OSError: It cannot be made, or is no folder.
    """
    for folder in reversed((path, *path.parents)):
        if not folder.is_dir():
            with suppress(FileExistsError):  # another process was quicker
                folder.mkdir(mode=FOLDER_MODE)
    if not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that whoever reads it sees all of it, or what was there before.

    Each process has a temporary file of its own, for several may write at once.

    Raises:
        OSError: It cannot be written; nothing is left of it.
    """
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        write_in(folder, path.name, content, f".{path.name}.{os.getpid()}.new")
    finally:
        os.close(folder)


def write_in(folder: int, name: str, content: bytes, temporary: str) -> None:
    """Write a file of an open folder whole; see `write_whole`.

    Args:
        folder: The folder's descriptor.
        name: The file's name in it.
        content: All that it is to hold.
        temporary: What it is called until it is whole; one that a death left is written over.

    Raises:
        OSError: It cannot be written; nothing is left of it.
    """
    with suppress(FileNotFoundError):
        os.unlink(temporary, dir_fd=folder)
    descriptor = _new(temporary, folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise


def append_to(path: Path) -> TextIOWrapper:
    """Open a file to append to it, to read too; made at need, and tightened where it was loose.

    Raises:
        OSError: It cannot be opened.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, MODE)
    file = os.fdopen(descriptor, "a+", encoding="utf-8")
    with suppress(OSError):  # it belongs to somebody else
        tighten(descriptor)
    return file


def tighten(descriptor: int) -> bool:
    """Take an open file away from all but its owner; returns whether others had a part in it.

    Raises:
        OSError: It belongs to somebody else.
    """
    mode = os.fstat(descriptor).st_mode
    if not mode & OTHERS:
        return False
    os.fchmod(descriptor, MODE)
    return True


def _new(path: str, folder: int | None = None) -> int:
    """A new file, for its owner alone; O_EXCL follows no link."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    return os.open(path, flags, MODE, dir_fd=folder)


def not_permitted(path: Path) -> str:
    """What to tell who may not read a file: whose it is, or the folder on the way to it."""
    for place in (path, *path.parents):
        try:
            uid = place.stat().st_uid
        except OSError:
            continue
        if uid != os.getuid():
            owner = user_name(uid)
            return (
                f"{path}: Permission denied; {place} belongs to {owner}: run this as that user, "
                "or give what belongs to the wrong one back to the right one (chown -R)"
            )
        break
    return f"{path}: Permission denied; check its mode, and that of its folder"


def user_name(uid: int) -> str:
    """How a user is called, as far as that is known."""
    import pwd  # only an error needs it

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
