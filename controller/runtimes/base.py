"""What a runtime is: a place where sessions are started, seen and removed.

A runtime knows nothing of projects and agents. It starts the shim on a run's folder, under a
name; stopping is a request in the run's folder and no business of the runtime's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from controller.core.errors import TransientError
from controller.core.observed import Observation, Session


class RuntimeFault(TransientError):
    """The runtime failed, timed out or answered nonsense; look again."""


@dataclass(frozen=True, slots=True)
class StartRequest:
    """One session to start.

    Attributes:
        run: The run's id, `[a-z0-9-]{1,40}`.
        name: The session's name, `[a-z0-9][a-z0-9_-]{0,60}`.
        folder: The run's folder, absolute; it exists and holds `spec.json`.
    """

    run: str
    name: str
    folder: Path


class Runtime(Protocol):
    """A place where sessions live.

    Attributes:
        kind: The runtime's name in the settings and the metrics.
    """

    kind: str

    def observe(self) -> Observation:
        """See every session that carries our mark, in one call whatever their number."""
        ...

    def start(self, requests: Sequence[StartRequest]) -> Mapping[str, RuntimeFault]:
        """Start sessions, all in one call; a server is started where there is none.

        Returns:
            Run id → why it was not started, for those that were not.

        Raises:
            RuntimeFault: The call itself failed: what was started is known only by observing.
        """
        ...

    def remove(self, sessions: Sequence[Session]) -> None:
        """Remove sessions of the newest observation, and whatever still runs in them.

        A session of an older server, or one that is gone already, is passed over.

        Raises:
            RuntimeFault: The call failed.
        """
        ...

    def screen(self, session: Session, lines: int) -> str:
        """The last lines of the session's screen, as text without escapes.

        Raises:
            RuntimeFault: It is gone, or the call failed.
        """
        ...

    def attach_argv(self, name: str) -> tuple[str, ...]:
        """The command with which a person attaches to the session of that name."""
        ...
