"""Approval: the kind of list that is in use is kept, and another waits for the user's word.

A credential that vanished makes `auto` mean the CSV file instead of the sheet: its rows, perhaps
months old, must not start agents by themselves.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from controller.core.errors import TerminalError, TransientError
from controller.core.faults import shorten
from controller.files import make_folder, read_small, write_whole
from controller.sources.base import Edit, Notice, Snapshot, Source, Written

NOTE = "source"


class SourceNotApproved(TerminalError):
    """The settings mean another kind of list than the one in use."""


class ApprovedSource:
    """A list that is read only while its kind is the one in use; the first one read is that.

    Args:
        source: The list that the settings mean.
        state: The state folder.
        readonly: Only look: a first read settles nothing.
    """

    def __init__(self, source: Source, state: Path, *, readonly: bool = False) -> None:
        self._source = source
        self._state = state
        self._readonly = readonly
        self._wake: Callable[[], None] | None = None
        self.kind = source.kind
        self.name = source.name
        self.watched = source.watched

    def read(self) -> Snapshot:
        """Read the list.

        Raises:
            SourceNotApproved: Another kind is in use.
            SourceUnavailable, SourceInvalid: As the list itself.
        """
        self._check()
        self._listen()
        snapshot = self._source.read()
        if not self._readonly and not _used(self._state):
            approve(self._state, self.kind)
        return snapshot

    def write(self, edits: Sequence[Edit]) -> Written:
        """Write into the list.

        Raises:
            SourceNotApproved: Another kind is in use.
            SourceUnavailable, SourceInvalid: As the list itself.
        """
        self._check()
        return self._source.write(edits)

    def stored(self, text: str) -> str:
        """What a cell says once a text was written to it; see `Source.stored`."""
        return self._source.stored(text)

    def listen(self, wake: Callable[[], None]) -> None:
        """Serve a loop; see `Source.listen`. What is not approved is not asked for either."""
        self._wake = wake
        self._listen()

    def last_read(self) -> datetime | None:
        """When the list was really read; see `Source.last_read`."""
        return self._source.last_read()

    def refusal(self) -> str:
        """Why nothing can be written into the list; see `Source.refusal`."""
        return self._source.refusal()

    def holder(self) -> str:
        """Who works on the list just now; see `Source.holder`."""
        return self._source.holder()

    def notices(self) -> Sequence[Notice]:
        """What happened to the list since it was last asked."""
        return self._source.notices()

    def close(self) -> None:
        """Give back what the list holds."""
        self._source.close()

    def _listen(self) -> None:
        if self._wake is not None and not pending(self._state, self.kind):
            self._source.listen(self._wake)
            self._wake = None

    def _check(self) -> None:
        earlier = pending(self._state, self.kind)
        if earlier:
            raise SourceNotApproved(
                "SourceNotApproved",
                f"the list was of kind {shorten(earlier)}, and the settings mean {self.kind} "
                f"({self.name}) now; to use that from here on: sidekick source approve",
            )


def pending(state: Path, kind: str) -> str:
    """The kind in use, where it is another than this one; else empty.

    Raises:
        TransientError: The note about it cannot be read.
    """
    used = _used(state)
    return used if used != kind else ""


def approve(state: Path, kind: str) -> None:
    """Make this kind the one in use.

    Raises:
        TransientError: The word cannot be written.
    """
    note = state / NOTE
    try:
        make_folder(state)
        write_whole(note, f"{kind}\n".encode())
    except OSError as error:
        raise TransientError("StateUnavailable", f"{note}: {error.strerror}") from error


def _used(state: Path) -> str:
    note = state / NOTE
    try:
        return read_small(note).decode().strip()
    except FileNotFoundError:
        return ""
    except ValueError:
        return "unknown"
    except OSError as error:
        raise TransientError("StateUnavailable", f"{note}: {error.strerror}") from error
