"""Words that are no cell of the list: small files that a person can see.

The fleet's rest, leave to stop many at once, why a project was paused. They are files, and no
messages, so that they hold with and without a running controller.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from secrets import token_hex

from controller.core.limits import Answer
from controller.core.memory import Suspension
from controller.files import TEMPORARY, make_folder, read_small, write_whole
from controller.shared_words import FleetUnavailable, SharedWords, Words, unavailable

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


class Fleet:
    """What was said about the whole fleet.

    Args:
        state: The state folder.
    """

    def __init__(self, state: Path) -> None:
        self._suspended = state / SUSPENDED
        self._approved = state / APPROVED
        self._notes_file = state / NOTES
        self._notes = SharedWords(self._notes_file)
        self._answers = SharedWords(state / ANSWERS)
        self._released = SharedWords(state / RELEASED)
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
            raise unavailable(self._suspended, error) from error
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
        with suppress(FleetUnavailable):
            return _notes(self._notes.read())
        return {}

    def note(self, project: str, message: str) -> None:
        """Keep why the user gave a word; an empty message forgets the one before.

        Raises:
            FleetUnavailable: It could not be written.
        """
        said = {project: message[:NOTE_LENGTH]} if message else {}
        self._notes.change(
            lambda known: {n: t for n, t in _notes(known).items() if n != project} | said
        )

    def forget_notes(self, notes: Mapping[str, str]) -> None:
        """Forget these notes, those left out that say something else by now.

        What cannot be done now is left for the next time.
        """
        with suppress(FleetUnavailable):
            self._notes.change(
                lambda known: {n: t for n, t in _notes(known).items() if notes.get(n) != t},
                patience=0.0,
            )

    def answers(self) -> Mapping[str, Answer]:
        """Project → what a person answered its agent, the newest answer of each."""
        with suppress(FleetUnavailable):
            found = {name: _answer(item) for name, item in self._answers.read().items()}
            return {name: answer for name, answer in found.items() if answer}
        return {}

    def answer(self, project: str, text: str, now: datetime) -> None:
        """Keep a person's answer until the agent has got it.

        Raises:
            FleetUnavailable: It could not be written.
        """
        document = {"id": token_hex(8), "text": text, "at": now.isoformat()}
        self._answers.change(lambda known: {**known, project: document})

    def forget_answers(self, answers: Mapping[str, Answer]) -> None:
        """Forget these answers, but not one that was given to the same project since.

        What cannot be done now is left for the next time.
        """

        def without(known: Words) -> Words:
            return {
                name: item
                for name, item in known.items()
                if name not in answers or _answer(item) != answers[name]
            }

        with suppress(FleetUnavailable):
            self._answers.change(without, patience=0.0)

    def rename(self, renames: Mapping[str, str]) -> None:
        """Let what was said of projects follow their rows to another name.

        What was said under the new name already stands. What cannot be done now is lost.

        Args:
            renames: Old name → new name.
        """

        def renamed(known: Words) -> Words:
            moved = {new: known[old] for old, new in renames.items() if old in known}
            return moved | {name: item for name, item in known.items() if name not in renames}

        for words in (self._notes, self._answers):
            with suppress(FleetUnavailable):
                if not words.read().keys().isdisjoint(renames):
                    words.change(renamed, patience=0.0)

    def released(self) -> Mapping[str, datetime]:
        """Agent → when a person ended its hold."""
        with suppress(FleetUnavailable):
            found = {name: _time(item) for name, item in self._released.read().items()}
            return {name: at for name, at in found.items() if at}
        return {}

    def release(self, agent: str, now: datetime) -> None:
        """Let an agent that is held work again.

        Raises:
            FleetUnavailable: It could not be written.
        """
        self._released.change(lambda known: {**known, agent: now.isoformat()})

    def note_age(self, now: datetime) -> float:
        """Seconds since the newest note was written."""
        try:
            return now.timestamp() - self._notes_file.stat().st_mtime
        except OSError:
            return 0.0

    def clear_away(self, now: datetime) -> None:
        """Remove the temporary files of writers that were killed, whichever they are."""
        for path in self._notes_file.parent.glob(TEMPORARY):
            with suppress(OSError):
                if now.timestamp() - path.lstat().st_mtime > STALE_SECONDS:
                    path.unlink()


def _notes(words: Words) -> dict[str, str]:
    return {
        name: text.encode("utf-8", "replace").decode()[:NOTE_LENGTH]
        for name, text in words.items()
        if isinstance(text, str)
    }


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
        raise unavailable(path, error) from error
