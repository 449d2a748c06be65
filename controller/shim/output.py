"""Where the agent's output goes: through this process, or past it."""

from controller.redaction import Redactor
from controller.shim import log
from controller.shim.fence import settle
from controller.shim.folder import RunFolder
from controller.shim.notices import notice_growth, reopen
from controller.shim.scrub import Scrub
from controller.shim.spec import Spec
from controller.shim.stdlib import Suppress


class Output:
    """The output of an interactive agent: the terminal's, which the runtime copies into the log.

    Args:
        folder: The run's folder.
        spec: Says how large the log may grow.
        fd: What it is bounded by, or read from: here the log, -1 for none.
        redactor: Knows the agent's secrets. The terminal gets them all the same, for what programs
            draw cannot wait; they are covered in the log, once a second.
    """

    def __init__(self, folder: RunFolder, spec: Spec, fd: int, redactor: Redactor) -> None:
        self._folder = folder
        self._spec = spec
        self._fd = fd
        self._scrub = Scrub(fd, redactor)
        self._size = -1
        self._growth = -1

    @property
    def lags(self) -> bool:
        """Whether it wants to move more in a second."""
        return False

    def pump(self) -> None:
        """Move what waits; called after every wake."""

    def tick(self) -> bool:
        """Do what is due once a second while there is output.

        Returns:
            Whether there is none by now: a notice comes when there is again.
        """
        before = self._size
        self._size = self._bound()
        if self._size != before:
            return False
        with Suppress(OSError):
            if self._growth < 0:
                self._growth = reopen(self._folder.fd)
            # Then a look once more, for what came before the notice was ordered.
            return notice_growth(self._growth) and self._bound() == before
        return False

    def end(self) -> bytes:
        """Take the last output, once no process of the run is left.

        Returns:
            The end of all that was printed.
        """
        settle(self._fd)
        self._scrub.end()
        self._bound()
        return log.end_of(self._folder)

    def close(self) -> None:
        """Show what is not shown yet."""

    def _bound(self) -> int:
        self._scrub.go_on()
        return log.bound(self._folder, self._fd, self._spec.log_bytes, self._spec.log_files)
