"""The session around the run, which may end and take the agent with it."""

import posix
import select
import time

from controller.shim.stdlib import signal
from controller.shim.wakes import Wakes


class Session:
    """Knows whether the session is still there.

    Args:
        headless: Whether the agent is apart from the session's terminal.
        outer: The outer shim's pid.
        wakes: Knows whether this shim was told to end.
    """

    def __init__(self, headless: bool, outer: int, wakes: Wakes) -> None:
        self._outer = outer
        self._wakes = wakes
        self._terminal = not headless and posix.isatty(0)

    def cause(self, status: int | None) -> str:
        """Say why the agent ended where no stop was requested.

        A closed terminal sends SIGHUP to the agent and to the outer shim at the same moment, and
        a killed outer shim is still the parent when the agent gets its SIGHUP. So whoever ended
        by SIGHUP is looked at a little longer.

        Args:
            status: The agent's wait status, None where it never ran.

        Returns:
            `lost`, `signal` or `exit`.
        """
        for _ in range(6):
            if posix.getppid() != self._outer:
                return "lost"
            if self._wakes.told or self._hung_up():
                return "signal"
            if (
                status is None
                or not posix.WIFSIGNALED(status)
                or posix.WTERMSIG(status) != signal.SIGHUP
            ):
                break
            time.sleep(0.01)
        return "exit"

    def _hung_up(self) -> bool:
        if not self._terminal:
            return False
        poll = select.poll()
        poll.register(0, 0)
        return any(event & select.POLLHUP for _, event in poll.poll(0))
