"""The run's folder: whole files in, whole files out."""

# ruff: noqa: PTH100 - pathlib costs 6 ms

import os

from controller.shim.stdlib import TYPE_CHECKING, Suppress, dumps

if TYPE_CHECKING:
    from collections.abc import Mapping

_CHUNK = 1 << 20


class RunFolder:
    """A run's folder, held open, so that it stays the same folder whatever is renamed.

    Args:
        path: Where it is.

    Attributes:
        path: The same, absolute.
        fd: An open descriptor of the folder.

    Raises:
        OSError: It is missing, no folder, or may not be read.
    """

    def __init__(self, path: str) -> None:
        self.path = os.path.abspath(path)
        self.fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def open(self, name: str, flags: int) -> int:
        """Open a file of the folder, 0600 where it is made.

        Args:
            name: The file's name.
            flags: As of open(2).

        Returns:
            A descriptor.

        Raises:
            OSError: It cannot be opened.
        """
        return os.open(name, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600, dir_fd=self.fd)

    def exists(self, name: str) -> bool:
        """Tell whether a file is there.

        Args:
            name: The file's name.

        Returns:
            Whether it is there; False also where the folder itself is gone.
        """
        try:
            os.stat(name, dir_fd=self.fd, follow_symlinks=False)
        except OSError:
            return False
        return True

    def size(self, name: str) -> int:
        """Measure a file.

        Args:
            name: The file's name.

        Returns:
            Its bytes, 0 where it is missing.
        """
        try:
            return os.stat(name, dir_fd=self.fd, follow_symlinks=False).st_size
        except OSError:
            return 0

    def read(self, name: str, last: int | None = None) -> bytes:
        """Read a file.

        Args:
            name: The file's name.
            last: At most so many bytes, from its end.

        Returns:
            Its content.

        Raises:
            OSError: It cannot be read.
        """
        fd = self.open(name, os.O_RDONLY)
        try:
            if last is not None:
                os.lseek(fd, max(0, os.fstat(fd).st_size - last), os.SEEK_SET)
                return os.read(fd, last)
            parts = []
            while part := os.read(fd, _CHUNK):
                parts.append(part)
            return b"".join(parts)
        finally:
            os.close(fd)

    def consume(self, name: str) -> bytes | None:
        """Read a file and delete it at once.

        Args:
            name: The file's name.

        Returns:
            Its content, or None where it is missing.

        Raises:
            OSError: It is there and cannot be read.
        """
        try:
            content = self.read(name)
        except FileNotFoundError:
            return None
        try:
            os.unlink(name, dir_fd=self.fd)
        except OSError:
            # A folder that may not be written can still hold a file that may: empty it.
            with Suppress(OSError):
                os.close(self.open(name, os.O_WRONLY | os.O_TRUNC))
        return content

    def write(self, name: str, content: "Mapping[str, object]") -> bool:
        """Write a JSON file whole: temporary file, fsync, rename.

        Args:
            name: The file's name.
            content: What it shall hold.

        Returns:
            Whether it was written. A full disk or a deleted folder must not keep the shim from
            passing the agent's exit code, so no error is raised.
        """
        temporary = f".{name}.{os.getpid()}"
        try:
            fd = self.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            try:
                write_all(fd, dumps(content).encode() + b"\n")
                os.fsync(fd)
            finally:
                os.close(fd)
            os.rename(temporary, name, src_dir_fd=self.fd, dst_dir_fd=self.fd)
        except OSError:
            with Suppress(OSError):
                os.unlink(temporary, dir_fd=self.fd)
            return False
        return True

    def rename(self, name: str, to: str) -> None:
        """Rename a file of the folder over another; a missing one is no error.

        Args:
            name: The file's name.
            to: Its new name.
        """
        with Suppress(OSError):
            os.rename(name, to, src_dir_fd=self.fd, dst_dir_fd=self.fd)


def write_all(fd: int, data: "bytes | memoryview") -> None:
    """Write every byte to a blocking descriptor.

    Args:
        fd: The descriptor.
        data: What to write.

    Raises:
        OSError: It could not be written, or not all of it.
    """
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]
