"""Reload: config.yaml read again when it changes, where that is safe."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from controller.core.errors import SidekickError, TransientError
from controller.core.events import Event
from controller.settings import Settings
from controller.settings.load import SCHEMA
from controller.settings.model import RESTART_SECTIONS

log = logging.getLogger(__name__)

_Signature = tuple[tuple[int, int, int] | None, ...]


class Reload:
    """Watches the settings' file, and its schema.

    Args:
        settings: As they were read at the start.
        load: Reads the file again.
        use: Given the new settings, makes the parts keep to them, or raises SidekickError.

    Attributes:
        settings: Those in use.
        restart_needed: Settings that changed and wait for a restart.
    """

    def __init__(
        self,
        settings: Settings,
        load: Callable[[Path], Settings],
        use: Callable[[Settings], None],
    ) -> None:
        self.settings = settings
        self.restart_needed: tuple[str, ...] = ()
        self._started_with = settings
        self._load = load
        self._use = use
        self._seen = self._signature()
        self._fault: SidekickError | None = None

    def check(self, now: datetime) -> Sequence[Event]:
        """Read the file if it changed, and tell what that changed.

        Raises:
            SidekickError: It is not valid, or in the midst of a save; the settings before stay in
                use. Raised until mended.
        """
        signature = self._signature()
        if signature == self._seen:
            if self._fault:
                raise self._fault.with_traceback(None)
            return ()
        self._seen = signature
        file = self.settings.file
        assert file is not None  # without one there is no signature that could change
        try:
            events = self._take(self._load(file), now)
        except TransientError:
            self._seen = None  # the end of a save may leave no other trace
            raise
        except SidekickError as error:
            self._fault = error
            raise
        self._fault = None
        return events

    def _take(self, new: Settings, now: datetime) -> Sequence[Event]:
        changed = changes(self.settings, new)
        waiting = tuple(
            key for key in changes(self._started_with, new) if key.split(".")[0] in RESTART_SECTIONS
        )
        news = [key for key in changed if key.split(".")[0] not in RESTART_SECTIONS]
        events = []
        if news:
            text = "config.yaml was read again; changed: " + ", ".join(news)
            events.append(Event(now, "", "SettingsReloaded", text))
        if waiting and waiting != self.restart_needed:
            text = "restart the controller for the change of " + ", ".join(waiting)
            events.append(Event(now, "", "RestartNeeded", text, warning=True))
        kept = {name: getattr(self._started_with, name) for name in RESTART_SECTIONS}
        settings = new.model_copy(update=kept)
        if news:
            self._use(settings)  # which may refuse them; those before stay in use then
        self.settings, self.restart_needed = settings, waiting
        return events

    def _signature(self) -> _Signature | None:
        """Of the file, and of what it is held against: an upgrade brings both, one by one."""
        if self.settings.file is None:
            return None
        return tuple(map(_stat, (self.settings.file, self.settings.paths.schemas / SCHEMA)))


def _stat(path: Path) -> tuple[int, int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return (stat.st_mtime_ns, stat.st_size, stat.st_ino)


def changes(old: Settings, new: Settings) -> tuple[str, ...]:
    """Dotted names of the settings that differ, in the order of the file's form."""
    return tuple(_differ(old.model_dump(), new.model_dump(), ""))


def _differ(old: object, new: object, name: str) -> list[str]:
    if old == new:
        return []
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [*old, *(key for key in new if key not in old)]
        found: list[str] = []
        for key in keys:
            found += _differ(old.get(key), new.get(key), f"{name}.{key}" if name else str(key))
        return found
    return [name]
