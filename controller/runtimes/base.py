"""What a runtime is: a place where sessions are started, seen and removed.

A runtime knows nothing of projects and agents. It starts the shim on a run's folder, under a
name, or lets it watch over a session that a person began; stopping is a request in the run's
folder and no business of the runtime's.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from controller.core.errors import TransientError
from controller.core.observed import Observation, Session

RUN_ID = re.compile(r"[a-z0-9-]{1,40}")
SESSION_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")


class RuntimeFault(TransientError):
    """The runtime failed, timed out or answered nonsense; look again."""


@dataclass(frozen=True, slots=True)
class StartRequest:
    """One session to start; a malformed one cannot be made (ValueError).

    Attributes:
        run: The run's id, `[a-z0-9-]{1,40}`.
        name: The session's name, `[a-z0-9][a-z0-9_-]{0,60}`.
        folder: The run's folder, absolute; it exists and holds `spec.json`.
        pipe_output: Whether the runtime copies what the screen is sent to the folder's
            `output.log`: True for interactive runs, False where the shim writes it.
    """

    run: str
    name: str
    folder: Path
    pipe_output: bool = True

    def __post_init__(self) -> None:
        if not RUN_ID.fullmatch(self.run):
            raise ValueError(f"not a run's id: {self.run!r}")
        check_name(self.name)
        if not self.folder.is_absolute():
            raise ValueError(f"the run's folder must be absolute: {str(self.folder)!r}")


@dataclass(frozen=True, slots=True)
class UnmarkedSession:
    """A session that carries no mark: a person began it, or its mark was lost.

    Attributes:
        id: The runtime's own handle.
        name: The name a person attaches to.
        pid: The process in it.
        folder: Where that works, absolute.
        argv: Its command line as far as it can be read; at least one word.
    """

    id: str
    name: str
    pid: int
    folder: str
    argv: tuple[str, ...]


def check_name(name: str) -> None:
    """Let only names pass that mean themselves to every runtime, shell and file system.

    Raises:
        ValueError: The name is not `[a-z0-9][a-z0-9_-]{0,60}`.
    """
    if not SESSION_NAME.fullmatch(name):
        raise ValueError(f"not a session's name: {name!r}")


def check_batch(requests: Sequence[StartRequest]) -> None:
    """Refuse a batch in which two requests share a run or a name.

    Raises:
        ValueError: Two sessions for one run are a defect of the caller.
    """
    for what in ("run", "name"):
        values = [getattr(request, what) for request in requests]
        if len(set(values)) < len(values):
            raise ValueError(f"two requests of one {what}: {sorted(values)}")


class Runtime(Protocol):
    """A place where sessions live.

    Attributes:
        kind: The runtime's name in the registry.
    """

    kind: str

    def observe(self) -> Observation:
        """See every session that carries our mark, in one call whatever their number.

        Never raises: what cannot be seen is `Unknown`.
        """
        ...

    def start(self, requests: Sequence[StartRequest]) -> Mapping[str, RuntimeFault]:
        """Start sessions, all in one call; a server is started where there is none.

        A run that has its session already counts as started.

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

    def clear(self, runs: Collection[str]) -> None:
        """Remove the sessions of runs of which nothing is to be left, where they lost their mark.

        One that carries a mark stays: what it shows is of use to a person.

        Raises:
            RuntimeFault: The call failed.
        """
        ...

    def tell(self, session: Session, text: str, keys: Sequence[str] = ()) -> None:
        """Type a text to what runs in a session, and send it.

        It is pasted whole, seen to have arrived, then sent by a key of its own, and seen to be
        taken. Told again after it failed, it is not typed a second time.

        Args:
            session: One of the newest observation.
            text: The text, with line ends and whatever else it holds; empty for keys alone.
            keys: Pressed before, each by itself: characters, or names such as `Escape`.

        Raises:
            RuntimeFault: `NotTaken`: what was typed stands on the screen; `SessionGone`;
                `TextTooLong`, `NothingToType`; or the call failed.
            ValueError: What is to be pressed is no key.
        """
        ...

    def watch(self, session: Session, folder: Path) -> None:
        """Let a shim watch over a session's process again, whose own is gone.

        Args:
            session: One of the newest observation, that was adopted.
            folder: The run's folder, absolute.

        Raises:
            RuntimeFault: The call failed; otherwise the run's folder tells what became of it.
        """
        ...

    def unmarked(self, name: str) -> UnmarkedSession:
        """The session of just that name, which nobody has marked.

        Raises:
            NotFound: `SessionMissing`; `SessionOurs` or `SessionForeign`, it is a controller's;
                `SeveralPanes`, so that it is unclear which is meant; `SessionEnded`.
            RuntimeFault: The call failed.
        """
        ...

    def adopt(
        self, session: UnmarkedSession, request: StartRequest, *, watched: bool = False
    ) -> None:
        """Make a session the one of a run, under the request's name; its process goes on.

        All of it happens or nothing: while the name is another session's, a start of the same
        project may be under way.

        Args:
            session: As `unmarked` told it; one that changed since is left alone.
            request: The run.
            watched: The session's process is the run's shim, and only its mark was lost.
                Otherwise a shim is started that watches over the process.

        Raises:
            NotFound: `SessionChanged` or `SessionNameTaken`; nothing was done.
            RuntimeFault: The call failed: what was done is known only by observing.
        """
        ...

    def release(self, session: UnmarkedSession, run: str) -> None:
        """Take the mark of a run off a session that was adopted; its process goes on.

        Raises:
            RuntimeFault: The call failed.
        """
        ...

    def screen(self, session: Session, lines: int, *, colours: bool = False) -> str:
        """The last lines of the session's screen, as text without escapes.

        Args:
            session: Which.
            lines: At most so many.
            colours: With the escapes that colour it, and no others.

        Raises:
            RuntimeFault: It is gone, or the call failed.
        """
        ...

    def attach_argv(self, name: str) -> tuple[str, ...]:
        """The command with which a person attaches to the session of that name, whatever it is."""
        ...
