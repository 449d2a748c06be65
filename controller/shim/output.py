"""Where the agent's output goes: through this process, or past it."""

from controller.shim import log
from controller.shim.folder import RunFolder
from controller.shim.spec import Spec


class Output:
    """The output of an interactive agent: the terminal's, which the runtime copies into the log.

    Args:
        folder: The run's folder.
        spec: Says how large the log may grow.
    """

    def __init__(self, folder: RunFolder, spec: Spec) -> None:
        self._folder = folder
        self._spec = spec
        log.create(folder)

    def pump(self) -> None:
        """Move what waits; called after every wake."""

    def tick(self) -> None:
        """Do what is due once a second or so."""
        log.bound(self._folder, self._spec.log_bytes, self._spec.log_files)

    def end(self) -> bytes:
        """Take the last output, once no process of the run is left.

        Returns:
            The end of all that was printed.
        """
        self.tick()
        return log.end_of(self._folder)

    def close(self) -> None:
        """Show what is not shown yet."""
