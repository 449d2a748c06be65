"""A process that is no child of ours, told from any later one of the same pid."""

import posix

from controller.shim.kinship import brand
from controller.shim.proc import brand_of, start_ticks, state
from controller.shim.stdlib import Suppress, signal


class Process:
    """A process, named for ever by its pid and the time of its start.

    Args:
        pid: Its pid.

    Attributes:
        pid: The same.
        ticks: When it started, in clock ticks since boot; 0 where it is gone already.
    """

    __slots__ = ("pid", "ticks")

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.ticks = start_ticks(pid)

    @property
    def fields(self) -> list[str]:
        """The third and all later fields of /proc/PID/stat, none where it has ended."""
        fields = state(self.pid).split()
        alive = len(fields) > 19 and fields[0] not in "ZX" and int(fields[19]) == self.ticks
        return fields if alive else []

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return bool(self.fields)

    @property
    def brand(self) -> int:
        """The number that it bears, see `kinship.brand`; 0 for none."""
        return brand_of(self.pid)

    def mark(self, number: int) -> None:
        """Brand it, where it has not ended and belongs to this user.

        Args:
            number: The brand.
        """
        if self.alive:
            brand(number, self.pid)

    def open(self) -> int | None:
        """Get a descriptor that is readable once the process has ended.

        Returns:
            The descriptor; None where there is none (Linux < 5.3, a sandbox, another C library).

        Raises:
            ProcessLookupError: It has ended.
        """
        try:
            fd = posix.pidfd_open(self.pid)
        except ProcessLookupError:
            raise
        except (OSError, AttributeError):
            return None
        if self.alive:  # only now: the pid cannot pass to another while it is held
            return fd
        posix.close(fd)
        raise ProcessLookupError

    def send(self, number: int) -> None:
        """Send it a signal, where it has not ended.

        Args:
            number: The signal; 0 only asks whether it may be sent one.

        Raises:
            PermissionError: It belongs to somebody else.
        """
        with Suppress(ProcessLookupError):
            fd = self.open()
            if fd is not None:
                try:
                    signal.pidfd_send_signal(fd, number)
                finally:
                    posix.close(fd)
            elif self.alive:
                posix.kill(self.pid, number)
