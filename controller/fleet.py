"""Words that are no cell of the list: small files that a person can see.

The fleet's rest, leave to stop many at once, why a project was paused. They are files, and no
messages, so that they hold with and without a running controller.
"""

import json
from collections.abc import Mapping, Set
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from controller.core.errors import TransientError
from controller.core.memory import Suspension

SUSPENDED = "suspended.json"
APPROVED = "approved-prune"
NOTES = "notes.json"
NOTE_LENGTH = 500


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

    def suspension(self) -> Suspension | None:
        """Since when, and why, the fleet rests; None where it does not.

        A file that cannot be understood is a word all the same: nothing starts.
        """
        try:
            data = json.loads(self._suspended.read_bytes())
            since = datetime.fromisoformat(data["since"]).astimezone()
            return Suspension(since, str(data["message"]).encode("utf-8", "replace").decode())
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
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
            return self._approved.read_text(encoding="ascii").strip()
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
            data = json.loads(self._notes.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(data, dict):
            return {}
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
        notes = {name: text for name, text in self.notes().items() if name != project}
        if message:
            notes[project] = message[:NOTE_LENGTH]
        self._keep(notes)

    def keep_notes(self, projects: Set[str]) -> None:
        """Forget the notes of all other projects."""
        notes = {name: text for name, text in self.notes().items() if name in projects}
        with suppress(FleetUnavailable):
            self._keep(notes)

    def note_age(self, now: datetime) -> float:
        """Seconds since the newest note was written."""
        try:
            return now.timestamp() - self._notes.stat().st_mtime
        except OSError:
            return 0.0

    def _keep(self, notes: Mapping[str, str]) -> None:
        if notes != self.notes():
            _write(self._notes, json.dumps(notes, indent=1))


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise _unavailable(path, error) from error


def _unavailable(path: Path, error: OSError) -> FleetUnavailable:
    return FleetUnavailable("FleetUnavailable", f"{path}: {error.strerror}")
