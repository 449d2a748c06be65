"""The pane of a headless agent: shows the stream, and never holds it up."""

import posix
import time

from controller.shim.render import Plain
from controller.shim.stdlib import Suppress
from controller.shim.wakes import Wakes

_KEPT = 131_072
"""Bytes that wait for the terminal. A screen holds 10 KB; more is only a pane that lags."""

_RATE = 2_097_152
"""Bytes rendered in a second: far more than anybody reads. A flood of colours renders at 20 MB/s,
which would be all that its agent gets."""

_FAREWELL = 1.0
"""Seconds that the last output may take; a stopped terminal takes none at all."""


class Pane:
    """Shows a stream as fast as the terminal takes it, and leaves out what is too much.

    Args:
        wakes: Wakes the caller, who then calls `write`, when the terminal has room again.
    """

    def __init__(self, wakes: Wakes) -> None:
        self._plain = Plain()
        self._wakes = wakes
        self._raw = bytearray()
        self._out = b""
        self._skipped = 0
        self._second = 0
        self._budget = 0
        self._fd = -1
        # A description of its own: O_NONBLOCK on the given one would reach everybody who has it.
        flags = posix.O_WRONLY | posix.O_APPEND | posix.O_NONBLOCK | posix.O_NOCTTY
        with Suppress(OSError):
            self._fd = posix.open("/proc/self/fd/1", flags | posix.O_CLOEXEC)

    @property
    def lags(self) -> bool:
        """Whether `write` wants to be called in a second, though nothing will wake the caller."""
        return not self._out and bool(self._raw or self._skipped)

    def show(self, data: bytes) -> None:
        """Show the next part of the stream, now or when there is room.

        Args:
            data: The part.
        """
        if self._fd < 0:
            return
        self._raw += data
        if len(self._raw) > _KEPT:
            # From a line's beginning, with half of the room free, so that this is rare.
            start = self._raw.find(b"\n", len(self._raw) - _KEPT // 2) + 1
            start = start or len(self._raw) - _KEPT // 2
            del self._raw[:start]
            self._skipped += start
        if not self._out:
            self.write()

    def write(self) -> None:
        """Write what waits, as far as the terminal and the second take it."""
        if self._fd < 0:
            return
        self._wakes.unwatch(self._fd)
        while self._out or self._raw or self._skipped:
            if not self._out and not self._render():
                return
            try:
                self._out = self._out[posix.write(self._fd, self._out) :]
            except BlockingIOError:
                self._wakes.watch(self._fd, write=True)
                return
            except OSError:  # the terminal is gone
                posix.close(self._fd)
                self._fd = -1
                self._out = b""
                self._raw.clear()
                self._skipped = 0

    def close(self) -> None:
        """Show the rest, and set the colours back."""
        if self._fd < 0:
            return
        if posix.isatty(self._fd):
            self._raw += b"\x1b[m"
        self._second = -1
        end = time.monotonic() + _FAREWELL
        self.write()
        while self._out and time.monotonic() < end:
            self._wakes.wait(end - time.monotonic())
            self.write()

    def _render(self) -> bool:
        """Make the next output from what waits; False where this second has seen enough."""
        now = int(time.monotonic())
        if now != self._second:
            self._second = now
            self._budget = _RATE
        if self._budget <= 0:
            return False
        self._budget -= len(self._raw)
        if self._skipped:
            self._plain.skip()
            note = f"\x1b[m\n[{self._skipped} bytes not shown; all of it is in output.log]\n"
            self._out = note.encode()
            self._skipped = 0
        self._out += self._plain.feed(bytes(self._raw))
        self._raw.clear()
        return True
