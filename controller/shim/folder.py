"""The run's folder: whole files in, whole files out.

The agent can put anything in a file's place. Links are not followed, and nothing is waited for but
plain files: a pipe without a partner would hold the shim for ever.
"""

import posix

from controller.shim.stdlib import TYPE_CHECKING, Suppress, dumps

if TYPE_CHECKING:
    from collections.abc import Mapping

_CHUNK = 1 << 20
_MOST = 16 << 20
"""Bytes of a file that is read whole; a specification with the longest argument has 2 MB."""
_SEEK_SET = 0
_KINDS, _PLAIN = 0o170000, 0o100000  # S_IFMT, S_IFREG
_INVALID, _TOO_LARGE = 22, 27  # EINVAL, EFBIG


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
        self.path = path if path.startswith("/") else f"{posix.getcwd()}/{path}"
        self.fd = posix.open(path, posix.O_RDONLY | posix.O_DIRECTORY | posix.O_CLOEXEC)

    def open(self, name: str, flags: int) -> int:
        """Open a plain file of the folder, 0600 where it is made.

        Args:
            name: The file's name.
            flags: As of open(2).

        Returns:
            A descriptor.

        Raises:
            OSError: It cannot be opened, or is no plain file: the agent may have put something
                else there, and a pipe that nobody writes to would never answer.
        """
        flags |= posix.O_CLOEXEC | posix.O_NOFOLLOW | posix.O_NONBLOCK
        fd = posix.open(name, flags, 0o600, dir_fd=self.fd)
        if posix.fstat(fd).st_mode & _KINDS != _PLAIN:
            posix.close(fd)
            raise OSError(_INVALID, "It is no plain file")
        posix.set_blocking(fd, True)  # as everybody expects whom it is handed to
        return fd

    def exists(self, name: str) -> bool:
        """Tell whether a file is there.

        Args:
            name: The file's name.

        Returns:
            Whether it is there; False also where the folder itself is gone.
        """
        try:
            posix.stat(name, dir_fd=self.fd, follow_symlinks=False)
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
            return posix.stat(name, dir_fd=self.fd, follow_symlinks=False).st_size
        except OSError:
            return 0

    def read(self, name: str, last: int | None = None, most: int = _MOST) -> bytes:
        """Read a file.

        Args:
            name: The file's name.
            last: At most so many bytes, from its end.
            most: Bytes that a file may have that is read whole.

        Returns:
            Its content.

        Raises:
            OSError: It cannot be read, or is too long.
        """
        fd = self.open(name, posix.O_RDONLY)
        try:
            if last is not None:
                posix.lseek(fd, max(0, posix.fstat(fd).st_size - last), _SEEK_SET)
                return posix.read(fd, last)
            content = bytearray()
            while part := posix.read(fd, _CHUNK):
                content += part
                if len(content) > most:
                    raise OSError(_TOO_LARGE, "It is too long")
            return bytes(content)
        finally:
            posix.close(fd)

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
            posix.unlink(name, dir_fd=self.fd)
        except OSError:
            # A folder that may not be written can still hold a file that may: empty it.
            with Suppress(OSError):
                posix.close(self.open(name, posix.O_WRONLY | posix.O_TRUNC))
        return content

    def write(
        self, name: str, content: "Mapping[str, object]", sync: bool, once: bool = False
    ) -> bool:
        """Write a JSON file whole: temporary file, rename.

        Args:
            name: The file's name.
            content: What it shall hold.
            sync: Whether it must survive a loss of power.
            once: Whether a file that is there already shall stay.

        Returns:
            Whether it was written. A full disk or a deleted folder must not keep the shim from
            passing the agent's exit code, so no error is raised.
        """
        temporary = f".{name}.{posix.urandom(8).hex()}"
        try:
            fd = self.open(temporary, posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL)
            try:
                write_all(fd, dumps(content).encode() + b"\n")
                if once:
                    posix.link(temporary, name, src_dir_fd=self.fd, dst_dir_fd=self.fd)
                    posix.unlink(temporary, dir_fd=self.fd)
                else:
                    self._replace(temporary, name)
                if sync:
                    # Once it can be read: whoever waits for it need not wait for the disk.
                    posix.fsync(fd)
            finally:
                posix.close(fd)
        except OSError:
            with Suppress(OSError):
                posix.unlink(temporary, dir_fd=self.fd)
            return False
        return True

    def _replace(self, temporary: str, name: str) -> None:
        try:
            posix.rename(temporary, name, src_dir_fd=self.fd, dst_dir_fd=self.fd)
        except IsADirectoryError:  # the agent's: no file can be renamed over it
            self.rename(name, f"{name}.moved")
            posix.rename(temporary, name, src_dir_fd=self.fd, dst_dir_fd=self.fd)

    def spend(self, reserved: str, name: str, content: "Mapping[str, object]") -> bool:
        """Write a JSON file whole into the room that another one takes, and rename that.

        Args:
            reserved: The other file's name; gone afterwards.
            name: The file's name.
            content: What it shall hold.

        Returns:
            Whether it was written: False where there is no such room, or too little.
        """
        data = dumps(content).encode() + b"\n"
        with Suppress(OSError):
            fd = self.open(reserved, posix.O_WRONLY)
            try:
                if len(data) > posix.fstat(fd).st_size:
                    return False
                write_all(fd, data)
                posix.ftruncate(fd, len(data))
                posix.fsync(fd)
            finally:
                posix.close(fd)
            posix.rename(reserved, name, src_dir_fd=self.fd, dst_dir_fd=self.fd)
            return True
        return False

    def remove(self, name: str) -> None:
        """Remove a file of the folder; a missing one is no error.

        Args:
            name: The file's name.
        """
        with Suppress(OSError):
            posix.unlink(name, dir_fd=self.fd)

    def rename(self, name: str, to: str) -> None:
        """Rename a file of the folder over another; a missing one is no error.

        Args:
            name: The file's name.
            to: Its new name.
        """
        with Suppress(OSError):
            posix.rename(name, to, src_dir_fd=self.fd, dst_dir_fd=self.fd)


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
        rest = rest[posix.write(fd, rest) :]
