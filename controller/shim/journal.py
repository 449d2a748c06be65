"""`stream.jsonl`: the events of an agent, a line each; its files are cut between lines."""

import fcntl
import posix

from controller.shim.folder import RunFolder
from controller.shim.log import Log
from controller.shim.stdlib import Suppress

NAME = "stream.jsonl"


class Journal(Log):
    """The events that an agent prints.

    The file is locked, which tells hooks that run meanwhile who rotates it.

    Args:
        folder: The run's folder.
        bound: The most bytes that a file gets, unless one line alone is longer.
        files: How many files are kept, the current one included.
    """

    def __init__(self, folder: RunFolder, bound: int, files: int) -> None:
        super().__init__(folder, bound, files, NAME)

    def write(self, data: bytes) -> None:
        """Append whole lines.

        Args:
            data: The lines; what the disk does not take of them is lost.
        """
        rest = memoryview(data)
        start = 0
        while start < len(data):
            with Suppress(OSError):  # hooks may have appended
                self._size = posix.fstat(self._fd).st_size
            end = len(data)
            if end - start > self._bound - self._size:
                end = data.rfind(b"\n", start, start + max(0, self._bound - self._size)) + 1
                if end == 0 and self._size:
                    self._rotate()
                    continue
                end = end or data.find(b"\n", start) + 1
            if self._fd < 0:
                self._open()
            self._append(rest[start:end])
            start = end

    def _note(self, _lost: int) -> bytes:
        """End the line that was cut; readers pass by what is no event."""
        return b"\n"

    def _open(self, flags: int = 0) -> None:
        super()._open(flags)
        with Suppress(OSError, ValueError):  # no locks there, or no file at all
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
