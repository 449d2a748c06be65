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
    """

    def __init__(self, folder: RunFolder, bound: int, files: int) -> None:
        self._folder = folder
        self._bound = bound
        self._files = files
        self._size = 0
        self._fd = -1
        self._open()

    def write(self, data: bytes) -> None:
        """Append to the log; what the disk does not take is lost, and is tried anew each time.

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
            with Suppress(OSError):
                write_all(self._fd, part)
            self._size += len(part)

    def close(self) -> None:
        """Close the current file."""
        if self._fd >= 0:
            posix.close(self._fd)
            self._fd = -1

    def _open(self) -> None:
        with Suppress(OSError):
            self._fd = self._folder.open(NAME, _FLAGS)
            self._size = posix.fstat(self._fd).st_size

    def _rotate(self) -> None:
        self.close()
        self._size = 0
        if self._files > 1:
            shift(self._folder, self._files)
            self._folder.rename(NAME, f"{NAME}.1")
            self._open()
        else:
            with Suppress(OSError):
                self._fd = self._folder.open(NAME, _FLAGS | posix.O_TRUNC)


def create(folder: RunFolder) -> None:
    """Make an empty log, so that who appends to it finds it 0600.

    Args:
        folder: The run's folder.
    """
    with Suppress(OSError):
        fd = folder.open(NAME, _FLAGS)
        with Suppress(OSError):
            posix.fchmod(fd, 0o600)
        posix.close(fd)


def bound(folder: RunFolder, limit: int, files: int) -> int:
    """Rotate a log that another process appends to: copy its end, then empty it.

    What is appended between the two is lost, which takes megabytes a second to happen at all. The
    file itself must stay, for its writer holds it open.

    Args:
        folder: The run's folder.
        limit: The size in bytes from which on it is rotated, and the most that is kept of it.
        files: How many files are kept, the current one included.

    Returns:
        The log's size.
    """
    size = folder.size(NAME)
    if size < limit:
        return size
    with Suppress(OSError):
        fd = folder.open(NAME, posix.O_RDWR)
        try:
            if files > 1:
                with Suppress(OSError):  # on a full disk the bound matters more than the copy
                    _copy_end(folder, fd, limit)
                    shift(folder, files)
                    folder.rename(f".{NAME}", f"{NAME}.1")
            posix.ftruncate(fd, 0)
        finally:
            posix.close(fd)
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


def shift(folder: RunFolder, files: int) -> None:
    """Make room for a new `output.log.1`.

    Args:
        folder: The run's folder.
        files: How many files are kept, the current one included.
    """
    for number in range(files - 1, 1, -1):
        folder.rename(f"{NAME}.{number - 1}", f"{NAME}.{number}")


def _copy_end(folder: RunFolder, source: int, limit: int) -> None:
    target = folder.open(f".{NAME}", posix.O_WRONLY | posix.O_CREAT | posix.O_TRUNC)
    try:
        offset = max(0, posix.fstat(source).st_size - limit)
        # To the end as it is by then: the writer goes on meanwhile.
        while sent := posix.sendfile(target, source, offset, 1 << 20):
            offset += sent
    finally:
        posix.close(target)
