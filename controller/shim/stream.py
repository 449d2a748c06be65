"""The output of a headless agent: pipes, whole into the log, rendered into the pane."""

import posix
import time

from controller.redaction import Redactor
from controller.shim import log
from controller.shim.folder import RunFolder
from controller.shim.notices import notice_output
from controller.shim.output import Output
from controller.shim.pane import Pane
from controller.shim.spec import Spec
from controller.shim.stdlib import TYPE_CHECKING
from controller.shim.wakes import Wakes

if TYPE_CHECKING:
    from controller.shim.events import Events

_CHUNK = 65_536  # as much as a pipe holds by default
_TURN = 16  # chunks before the rest of the world is looked at
_LONG = 0.1  # seconds, likewise: a flood of tiny events takes longer than one of text


class Stream(Output):
    """Reads the agent's standard output and error.

    Args:
        folder: The run's folder.
        spec: Says how large the log may grow.
        pane: Shows it.
        wakes: Wakes the caller, who then calls `pump`, when there is output.
        readers: The end of the pipe to read from; where there are events, that of the standard
            error is the second.
        redactor: Knows the agent's secrets; nothing that it finds goes anywhere from here.
        events: Takes the events out of the standard output; None where it is all text.
    """

    def __init__(
        self,
        folder: RunFolder,
        spec: Spec,
        pane: Pane,
        wakes: Wakes,
        readers: list[int],
        redactor: Redactor,
        events: "Events | None" = None,
    ) -> None:
        super().__init__(folder, spec, -1, redactor)
        self._log = log.Log(folder, spec.log_bytes, spec.log_files)
        self._pane = pane
        self._wakes = wakes
        self._readers = readers
        self._redactors = [redactor, *(redactor.another() for _ in readers[1:])]
        self._events = events
        self._recent = bytearray()
        for reader in readers:
            posix.set_blocking(reader, False)
            notice_output(reader, False)
            wakes.watch(reader)

    def pump(self) -> None:
        """Move a megabyte of each at most, so that a flood does not hide a stop."""
        self._pane.write()
        end = time.monotonic() + _LONG
        for _ in range(_TURN):
            if not self._move() or time.monotonic() > end:
                break

    @property
    def lags(self) -> bool:
        """Whether the pane has more to show than a second may hold."""
        return self._pane.lags

    def tick(self) -> bool:
        """Nothing is due: each write is held against the bound, and output itself wakes."""
        return True

    def end(self) -> bytes:
        """Take the last output, once no process of the run is left.

        Returns:
            The end of all that was printed.
        """
        while self._move():
            pass
        for number, redactor in enumerate(self._redactors):
            self._take(redactor.end(), number)
        if self._events:
            self._keep(self._events.end())
            self._events.close()
        self._log.close()
        return bytes(self._recent[-log.TAIL_BYTES :])

    def close(self) -> None:
        """Show what is not shown yet."""
        self._pane.close()

    def _move(self) -> bool:
        """Move a chunk of each pipe; False where none had any."""
        moved = [self._read(number) for number in range(len(self._readers))]
        return any(moved)

    def _read(self, number: int) -> bool:
        fd = self._readers[number]
        if fd < 0:
            return False
        try:
            data = posix.read(fd, _CHUNK)
        except BlockingIOError:
            return False
        if not data:  # nobody can write any more, though the agent may live on
            self._wakes.unwatch(fd)
            posix.close(fd)
            self._readers[number] = -1
            return False
        self._take(self._redactors[number].feed(data), number)
        return True

    def _take(self, data: bytes, number: int) -> None:
        if data and self._events:
            data = self._events.feed_errors(data) if number else self._events.feed(data)
        self._keep(data)

    def _keep(self, text: bytes) -> None:
        self._log.write(text)
        self._recent += text
        if len(self._recent) > 4 * log.TAIL_BYTES:
            del self._recent[: -log.TAIL_BYTES]
        self._pane.show(text)
