"""`output.log`: bounded, whoever writes it."""

import posix

from controller.shim.folder import RunFolder, write_all
from controller.shim.stdlib import Suppress

NAME = "output.log"

_FLAGS = posix.O_WRONLY | posix.O_CREAT | posix.O_APPEND

TAIL_BYTES = 65_536
"""Holds 20 lines of 500 characters with room for escape sequences."""


class Log:
    """A log that this process writes, rotated by renaming.

    Args:
        folder: The run's folder.
        bound: The most bytes that a file gets.
        files: How many files are kept, the current one included.
        name: The current file's name.
    """

    def __init__(self, folder: RunFolder, bound: int, files: int, name: str = NAME) -> None:
        self._folder = folder
        self._name = name
        self._bound = bound
        self._files = files
        self._size = 0
        self._lost = 0
        self._fd = -1
        self._open()

    def write(self, data: bytes) -> None:
        """Append to the log; what the disk does not take is lost, and the log says how much.

        Args:
            data: What to append.
        """
        rest = memoryview(data)
        while rest:
            if self._size >= self._bound:
                self._rotate()
            part = rest[: self._bound - self._size]
            rest = rest[len(part) :]
            if self._fd < 0:
                self._open()
            self._append(part)

    def _append(self, part: "bytes | memoryview") -> None:
        before = self._size
        try:
            if self._lost:
                note = self._note(self._lost)
                write_all(self._fd, note)
                before = self._size = self._size + len(note)
                self._lost = 0
            write_all(self._fd, part)
            self._size += len(part)
        except OSError:
            # Only what is there counts against the bound: a full disk must not rotate away what
            # was written before.
            with Suppress(OSError):
                self._size = posix.fstat(self._fd).st_size
            self._lost += len(part) - max(0, self._size - before)

    def _note(self, lost: int) -> bytes:
        return b"\n[%d bytes are missing here: they could not be written]\n" % lost

    def close(self) -> None:
        """Close the current file."""
        if self._fd >= 0:
            posix.close(self._fd)
            self._fd = -1

    def _open(self, flags: int = 0) -> None:
        with Suppress(OSError):
            self._fd = self._folder.open(self._name, _FLAGS | flags)
            self._size = posix.fstat(self._fd).st_size

    def _rotate(self) -> None:
        self.close()
        self._size = 0
        if self._files > 1:
            shift(self._folder, self._files, self._name)
            self._folder.rename(self._name, f"{self._name}.1")
        # Emptied where it could not be moved: the bound matters more than what is in it.
        self._open(posix.O_TRUNC)


def create(folder: RunFolder) -> int:
    """Make an empty log, so that who appends to it finds it 0600.

    Args:
        folder: The run's folder.

    Returns:
        A descriptor of it: it stays the log that is appended to, though the agent may delete it
        or put something else in its place. -1 where it cannot be had.
    """
    fd = -1
    with Suppress(OSError):
        fd = folder.open(NAME, posix.O_RDWR | posix.O_CREAT)
        posix.fchmod(fd, 0o600)
    return fd


def bound(folder: RunFolder, fd: int, limit: int, files: int) -> int:
    """Rotate a log that another process appends to: copy its end, then empty it.

    What is appended between the two is lost, which takes megabytes a second to happen at all. The
    file itself must stay, for its writer holds it open.

    Args:
        folder: The run's folder.
        fd: The log, as `create` gave it.
        limit: The size in bytes from which on it is rotated, and the most that is kept of it.
        files: How many files are kept, the current one included.

    Returns:
        The log's size.
    """
    size = 0
    with Suppress(OSError):
        size = posix.fstat(fd).st_size
        if size >= limit:
            if files > 1:
                with Suppress(OSError):  # on a full disk the bound matters more than the copy
                    _copy_end(folder, fd, limit)
                    shift(folder, files)
                    folder.rename(f".{NAME}", f"{NAME}.1")
            posix.ftruncate(fd, 0)
    return size


def end_of(folder: RunFolder) -> bytes:
    """Read the end of the log, across its last rotation.

    Args:
        folder: The run's folder.

    Returns:
        At most `TAIL_BYTES`; empty where there is no log.
    """
    end = b""
    for name in (NAME, f"{NAME}.1"):
        if len(end) < TAIL_BYTES:
            with Suppress(OSError):
                end = folder.read(name, TAIL_BYTES - len(end)) + end
    return end


def shift(folder: RunFolder, files: int, name: str = NAME) -> None:
    """Make room for a new first of the older files.

    Args:
        folder: The run's folder.
        files: How many files are kept, the current one included.
        name: The current file's name.
    """
    for number in range(files - 1, 1, -1):
        folder.rename(f"{name}.{number - 1}", f"{name}.{number}")


def _copy_end(folder: RunFolder, source: int, limit: int) -> None:
    with Suppress(OSError):
        posix.unlink(f".{NAME}", dir_fd=folder.fd)  # whatever is there, it is none of ours
    target = folder.open(f".{NAME}", posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL)
    try:
        offset = max(0, posix.fstat(source).st_size - limit)
        # To the end as it is by then: the writer goes on meanwhile.
        while sent := posix.sendfile(target, source, offset, 1 << 20):
            offset += sent
    finally:
        posix.close(target)
