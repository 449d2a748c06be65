"""Approval: the kind of list that is in use is kept, and another waits for the user's word.

A credential that vanished makes `auto` mean the CSV file instead of the sheet: its rows, perhaps
months old, must not start agents by themselves.
"""

from collections.abc import Sequence
from pathlib import Path

from controller.core.errors import TerminalError, TransientError
from controller.sources.base import Edit, Snapshot, Source, Written

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

    def close(self) -> None:
        """Give back what the list holds."""
        self._source.close()

    def _check(self) -> None:
        earlier = pending(self._state, self.kind)
        if earlier:
            raise SourceNotApproved(
                "SourceNotApproved",
                f"the list was of kind {earlier}, and the settings mean {self.kind} "
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
    temporary = note.with_name(f".{NOTE}.new")
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary.write_text(f"{kind}\n", encoding="utf-8")
        temporary.replace(note)
    except OSError as error:
        raise TransientError("StateUnavailable", f"{note}: {error.strerror}") from error


def _used(state: Path) -> str:
    note = state / NOTE
    try:
        return note.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise TransientError("StateUnavailable", f"{note}: {error}") from error
