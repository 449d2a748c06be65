"""Words that are no cell of the list: small files that a person can see.

The fleet's rest, leave to stop many at once, why a project was paused. They are files, and no
messages, so that they hold with and without a running controller.
"""

import json
from collections.abc import Mapping, Set
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

from controller.core.errors import TransientError
from controller.core.limits import Answer
from controller.core.memory import Suspension
from controller.files import TEMPORARY, make_folder, read_small, write_whole

SUSPENDED = "suspended.json"
APPROVED = "approved-prune"
NOTES = "notes.json"
ANSWERS = "answers.json"
RELEASED = "released.json"
NOTE_LENGTH = 500
STALE_SECONDS = 60.0
"""So old is a temporary file whose writer was killed."""

_NOT_UNDERSTOOD = (
    *(PermissionError, IsADirectoryError),
    *(ValueError, LookupError, TypeError, OverflowError, RecursionError),
)


class FleetUnavailable(TransientError):
    """A word on the fleet could not be written."""


class Fleet:
    """What was said about the whole fleet.

    Args:
        state: The state folder.
    """

    def __init__(self, state: Path) -> None:
        self._suspended = state / SUSPENDED
        self._approved = state / APPROVED
        self._notes = state / NOTES
        self._answers = state / ANSWERS
        self._released = state / RELEASED
        self._word: Suspension | None = self._unreadable()

    def suspension(self) -> Suspension | None:
        """Since when, and why, the fleet rests; None where it does not.

        A file that may not be read, or cannot be understood, is a word all the same: nothing
        starts. While the system fails to read it (no descriptor left, say) the last word stands:
        live work is not ended for that.
        """
        try:
            data = json.loads(read_small(self._suspended))
            since = datetime.fromisoformat(data["since"]).astimezone()
            text = str(data["message"]).encode("utf-8", "replace").decode()
            self._word = Suspension(since, text)
        except FileNotFoundError:
            self._word = None
        except _NOT_UNDERSTOOD:
            self._word = self._unreadable()
        except OSError:
            pass
        return self._word

    def _unreadable(self) -> Suspension:
        unknown = datetime.fromtimestamp(0).astimezone()
        return Suspension(unknown, f"{self._suspended} cannot be read")

    def suspend(self, now: datetime, message: str) -> None:
        """Let the whole fleet rest.

        Raises:
            FleetUnavailable: It could not be written.
        """
        document = {"since": now.isoformat(), "message": message}
        _write(self._suspended, json.dumps(document))

    def resume(self) -> bool:
        """Let the fleet go on; returns whether it rested.

        Raises:
            FleetUnavailable: The word could not be taken away.
        """
        try:
            self._suspended.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _unavailable(self._suspended, error) from error
        return True

    def approved_prune(self) -> str:
        """The digest of the mass stop that the user approved, empty for none."""
        try:
            return read_small(self._approved).decode("ascii").strip()
        except (OSError, ValueError):
            return ""

    def approve_prune(self, digest: str) -> None:
        """Give leave to one mass stop.

        Raises:
            FleetUnavailable: It could not be written.
        """
        _write(self._approved, digest + "\n")

    def forget_approval(self) -> None:
        """An approval counts once: its digest stands for just those rows."""
        with suppress(OSError):
            self._approved.unlink()

    def notes(self) -> Mapping[str, str]:
        """Project → why the user paused or resumed it, where they said so."""
        try:
            return self._read_notes()
        except FleetUnavailable:
            return {}

    def answers(self) -> Mapping[str, Answer]:
        """Project → what a person answered its agent, the newest answer of each."""
        with suppress(FleetUnavailable):
            found = {name: _answer(item) for name, item in _read_object(self._answers).items()}
            return {name: answer for name, answer in found.items() if answer}
        return {}

    def answer(self, project: str, text: str, now: datetime) -> None:
        """Keep a person's answer until the agent has got it.

        Raises:
            FleetUnavailable: It could not be written.
        """
        document = {"id": token_hex(8), "text": text, "at": now.isoformat()}
        _write(self._answers, json.dumps({**_read_object(self._answers), project: document}))

    def keep_answers(self, projects: Set[str]) -> None:
        """Forget the answers to all other projects."""
        with suppress(FleetUnavailable):
            given = _read_object(self._answers)
            if given.keys() - projects:
                kept = {name: item for name, item in given.items() if name in projects}
                _write(self._answers, json.dumps(kept))

    def released(self) -> Mapping[str, datetime]:
        """Agent → when a person ended its hold."""
        with suppress(FleetUnavailable):
            found = {name: _time(item) for name, item in _read_object(self._released).items()}
            return {name: at for name, at in found.items() if at}
        return {}

    def release(self, agent: str, now: datetime) -> None:
        """Let an agent that is held work again.

        Raises:
            FleetUnavailable: It could not be written.
        """
        known = _read_object(self._released)
        _write(self._released, json.dumps({**known, agent: now.isoformat()}))

    def _read_notes(self) -> Mapping[str, str]:
        """The notes, before they are written anew.

        Raises:
            FleetUnavailable: They cannot be read now, and must not be taken for none.
        """
        data = _read_object(self._notes)
        return {
            name: text.encode("utf-8", "replace").decode()[:NOTE_LENGTH]
            for name, text in data.items()
            if isinstance(text, str)
        }

    def note(self, project: str, message: str) -> None:
        """Keep why the user gave a word; an empty message forgets the one before.

        Raises:
            FleetUnavailable: It could not be written.
        """
        notes = {name: text for name, text in self._read_notes().items() if name != project}
        if message:
            notes[project] = message[:NOTE_LENGTH]
        self._keep(notes)

    def keep_notes(self, projects: Set[str]) -> None:
        """Forget the notes on all other projects."""
        with suppress(FleetUnavailable):
            known = self._read_notes()
            self._keep({name: text for name, text in known.items() if name in projects})

    def note_age(self, now: datetime) -> float:
        """Seconds since the newest note was written."""
        try:
            return now.timestamp() - self._notes.stat().st_mtime
        except OSError:
            return 0.0

    def clear_away(self, now: datetime) -> None:
        """Remove the temporary files of writers that were killed, whichever they are."""
        for path in self._notes.parent.glob(TEMPORARY):
            with suppress(OSError):
                if now.timestamp() - path.lstat().st_mtime > STALE_SECONDS:
                    path.unlink()

    def _keep(self, notes: Mapping[str, str]) -> None:
        if notes != self.notes():
            _write(self._notes, json.dumps(notes, indent=1))


def _read_object(path: Path) -> Mapping[str, Any]:
    """A file's JSON object; one that cannot be understood is empty.

    Raises:
        FleetUnavailable: It cannot be read now, and must not be taken for none.
    """
    try:
        data = json.loads(read_small(path))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise _unavailable(path, error) from error
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _answer(item: object) -> Answer | None:
    if not isinstance(item, dict):
        return None
    identity, text, at = item.get("id"), item.get("text"), _time(item.get("at"))
    if not isinstance(identity, str) or not isinstance(text, str) or at is None:
        return None
    return Answer(identity, text.encode("utf-8", "replace").decode(), at)


def _time(item: object) -> datetime | None:
    try:
        return datetime.fromisoformat(item).astimezone() if isinstance(item, str) else None
    except (ValueError, OverflowError):
        return None


def _write(path: Path, text: str) -> None:
    try:
        make_folder(path.parent)
        write_whole(path, text.encode())
    except OSError as error:
        raise _unavailable(path, error) from error


def _unavailable(path: Path, error: OSError) -> FleetUnavailable:
    return FleetUnavailable("FleetUnavailable", f"{path}: {error.strerror}")
