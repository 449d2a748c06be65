"""The output of a headless agent: a pipe, whole into the log, rendered into the pane."""

import posix

from controller.shim import log
from controller.shim.folder import RunFolder
from controller.shim.notices import notice_output
from controller.shim.output import Output
from controller.shim.pane import Pane
from controller.shim.spec import Spec
from controller.shim.wakes import Wakes

_CHUNK = 65_536  # as much as a pipe holds by default
_TURN = 16  # chunks before the rest of the world is looked at


class Stream(Output):
    """Reads the agent's standard output and error.

    Args:
        folder: The run's folder.
        spec: Says how large the log may grow.
        pane: Shows it.
        wakes: Wakes the caller, who then calls `pump`, when there is output.
        reader: The end of the pipe to read from.
    """

    def __init__(
        self, folder: RunFolder, spec: Spec, pane: Pane, wakes: Wakes, reader: int
    ) -> None:
        super().__init__(folder, spec)
        self._log = log.Log(folder, spec.log_bytes, spec.log_files)
        self._pane = pane
        self._wakes = wakes
        self._recent = bytearray()
        self._reader = reader
        posix.set_blocking(reader, False)
        notice_output(reader, False)
        wakes.watch(reader)

    def pump(self) -> None:
        """Move a megabyte at most, so that a flood does not hide a stop."""
        self._pane.write()
        for _ in range(_TURN):
            if not self._move():
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
        self._log.close()
        return bytes(self._recent[-log.TAIL_BYTES :])

    def close(self) -> None:
        """Show what is not shown yet."""
        self._pane.close()

    def _move(self) -> bool:
        if self._reader < 0:
            return False
        try:
            data = posix.read(self._reader, _CHUNK)
        except BlockingIOError:
            return False
        if not data:  # nobody can write any more, though the agent may live on
            self._wakes.unwatch(self._reader)
            posix.close(self._reader)
            self._reader = -1
            return False
        self._log.write(data)
        self._recent += data
        if len(self._recent) > 4 * log.TAIL_BYTES:
            del self._recent[: -log.TAIL_BYTES]
        self._pane.show(data)
        return True
