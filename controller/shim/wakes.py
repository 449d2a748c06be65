"""What wakes the shim: signals, changes of the run's folder, descriptors, time."""

import posix
import select

from controller.shim.stdlib import TYPE_CHECKING, Suppress, signal

if TYPE_CHECKING:
    from types import FrameType


class Wakes:
    """Turns signals into a readable pipe, so that one poll(2) waits for everything.

    A wake says only that something happened: the pipe may overflow and signals merge, so the
    waiting side looks at everything after each wake. Signals that were held come in at once.

    Attributes:
        told: SIGTERM or SIGHUP arrived: the shim itself shall end.
        stirred: A watched folder changed since this was last set to False.
    """

    def __init__(self) -> None:
        self.told = False
        self.stirred = False
        self._poll = select.poll()
        self._reader, self._writer = posix.pipe2(posix.O_NONBLOCK | posix.O_CLOEXEC)
        self._poll.register(self._reader, select.POLLIN)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_end)
        signal.signal(signal.SIGIO, self._on_change)
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGQUIT):
            signal.signal(number, _on_other)
        # The shim stays in the background of its own terminal, and must not be stopped there.
        for number in (signal.SIGTTOU, signal.SIGTTIN, signal.SIGTSTP, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

    def watch(self, fd: int, write: bool = False) -> None:
        """Be woken when a descriptor is ready.

        Args:
            fd: The descriptor.
            write: Whether to wait for room instead of for data.
        """
        self._poll.register(fd, select.POLLOUT if write else select.POLLIN)

    def unwatch(self, fd: int) -> None:
        """Be woken by a descriptor no more.

        Args:
            fd: The descriptor.
        """
        with Suppress(KeyError):
            self._poll.unregister(fd)

    def wait(self, seconds: float | None) -> None:
        """Sleep until something happens.

        Args:
            seconds: The longest sleep, None for no limit.
        """
        for fd, _ in self._poll.poll(None if seconds is None else max(0, int(seconds * 1000) + 1)):
            if fd == self._reader:
                with Suppress(BlockingIOError):
                    posix.read(fd, 512)

    def _on_end(self, _number: int, _frame: "FrameType | None") -> None:
        self.told = True

    def _on_change(self, _number: int, _frame: "FrameType | None") -> None:
        self.stirred = True


def _on_other(_number: int, _frame: "FrameType | None") -> None:
    """A signal without a handler would wake nobody, or end the shim."""
