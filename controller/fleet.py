"""The fleet's own words: rest, and leave to stop many at once; small files that a person can see.

They are files, and no messages, so that they hold with and without a running controller.
"""

import json
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from controller.core.errors import TransientError
from controller.core.memory import Suspension

SUSPENDED = "suspended.json"
APPROVED = "approved-prune"


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

    def suspension(self) -> Suspension | None:
        """Since when, and why, the fleet rests; None where it does not.

        A file that cannot be understood is a word all the same: nothing starts.
        """
        try:
            text = self._suspended.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except OSError as error:
            return Suspension(datetime.fromtimestamp(0).astimezone(), f"{self._suspended}: {error}")
        try:
            data = json.loads(text)
            return Suspension(datetime.fromisoformat(data["since"]), str(data["message"]))
        except (ValueError, KeyError, TypeError):
            since = datetime.fromtimestamp(self._suspended.stat().st_mtime).astimezone()
            return Suspension(since)

    def suspend(self, now: datetime, message: str) -> None:
        """Let the whole fleet rest.

        Raises:
            FleetUnavailable: It could not be written.
        """
        document = {"since": now.isoformat(), "message": message}
        _write(self._suspended, json.dumps(document))

    def resume(self) -> bool:
        """Let the fleet go on; returns whether it rested."""
        try:
            self._suspended.unlink()
        except FileNotFoundError:
            return False
        return True

    def approved_prune(self) -> str:
        """The digest of the mass stop that the user approved, empty for none."""
        try:
            return self._approved.read_text(encoding="utf-8").strip()
        except OSError:
            return ""

    def approve_prune(self, digest: str) -> None:
        """Give leave to one mass stop.

        Raises:
            FleetUnavailable: It could not be written.
        """
        _write(self._approved, digest + "\n")

    def forget_approval(self) -> None:
        """An approval counts once."""
        with suppress(FileNotFoundError):
            self._approved.unlink()


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise FleetUnavailable("FleetUnavailable", f"{path}: {error.strerror}") from error
