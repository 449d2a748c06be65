"""The roll: which runs are known, and the folders that are looked at.

Only unfinished runs and each project's newest one are kept in memory.
"""

import os
import re
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path

from controller.runs.entry import Entry
from controller.runs.files import is_gone
from controller.runs.meta import Meta, project_of, read_meta
from controller.runs.records import has_ended
from controller.runs.stream import Fold

SWEEP_SECONDS = 30.0
"""Between two looks into every unfinished run's folder, whatever the times of change say, and for
folders that another process made and left."""
_ID = re.compile(r"[0-9]{17}-[0-9a-f]{6}")


def know_none(_agent: str) -> Fold | None:
    """What events mean where nobody knows any agent: they are not read."""
    return None


class Roll:
    """The runs under one folder.

    Args:
        root: The folder.
        fold_of: Name of an agent → what its events mean just now; None where it is not known.

    Attributes:
        entries: Id → run.
    """

    def __init__(self, root: Path, fold_of: Callable[[str], Fold | None]) -> None:
        self._root = root
        self._fold_of = fold_of
        self._newest = 0
        self._swept = 0.0
        self._over: set[str] = set()
        self.entries: dict[str, Entry] = {}

    def load(self) -> None:
        """Read every run that is kept, and of all others no more than whose they are.

        Raises:
            OSError: The folder cannot be read.
        """
        entries = list(os.scandir(self._root))
        names = sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
        self.entries, self._over = {}, set()
        self._newest = max((_number(name) for name in names), default=0)
        known: set[str] = set()
        for name in reversed(names):
            folder = self._root / name
            if not is_run_id(name):
                continue
            if has_ended(folder) and project_of(folder) in known:
                self._over.add(name)  # of a hundred thousand, almost all
                continue
            meta = read_meta(folder)
            if meta is None:
                forget_secrets(folder)  # its making was cut short; nothing will read them
            else:
                self.entries[name] = self._read(name, meta)
                known.add(meta.project)
        self.entries = dict(sorted(self.entries.items()))

    def look(self) -> None:
        """Take in what the folders of unfinished runs say now.

        Of a run that is over, only the events of an agent that the settings know again.
        """
        due = time.monotonic() - self._swept >= SWEEP_SECONDS
        if due:
            self._swept = time.monotonic()
            self._learn_unfinished()
        self._forget_untold()
        for entry in self.entries.values():
            if entry.record.exit is not None:
                entry.conclude()
            elif due or entry.stirred():
                entry.read()

    def learn(self, run: str) -> bool:
        """Take in a run whose folder another process made.

        Returns:
            Whether it is known now; False where it has no folder, or is over and not its
            project's newest.
        """
        if run in self.entries:
            return True
        if not is_run_id(run):
            return False
        meta = read_meta(self._root / run)
        if meta is None:
            return False
        self.entries[run] = self._read(run, meta)
        self._newest = max(self._newest, _number(run))
        self._forget_old()
        return run in self.entries

    def new_id(self, now: datetime) -> str:
        """An id that sorts behind every id given before, even where the clock jumped back."""
        self._newest = max(int(now.timestamp() * 1_000_000), self._newest + 1)
        return f"{self._newest:017d}-{secrets.token_hex(3)}"

    def add(self, run: str, meta: Meta) -> None:
        """Take in a run that was just made."""
        self.entries[run] = self._entry(run, meta)
        self._forget_old()

    def _learn_unfinished(self) -> None:
        """Take in runs that nobody told us of: whoever made them may have died over it."""
        with suppress(OSError):
            found = {entry.name: entry for entry in os.scandir(self._root)}
            self._over &= found.keys()
            for name in found.keys() - self.entries.keys() - self._over:
                if has_ended(self._root / name):
                    self._over.add(name)
                elif time.time() - found[name].stat().st_mtime > SWEEP_SECONDS:
                    self.learn(name)  # a younger one may still be in the making

    def _forget_untold(self) -> None:
        """Forget runs whose folder was taken away before it told of their start.

        Nothing could ever be heard of them. What a folder told stands for the run without it.
        """
        self.entries = {
            name: entry
            for name, entry in self.entries.items()
            if entry.record.started_at or entry.record.exit or not is_gone(self._root / name)
        }

    def _read(self, name: str, meta: Meta) -> Entry:
        entry = self._entry(name, meta)
        entry.read()
        return entry

    def _entry(self, name: str, meta: Meta) -> Entry:
        return Entry(self._root / name, meta, partial(self._fold_of, meta.agent))

    def _forget_old(self) -> None:
        """Keep in memory what is unfinished, and each project's newest run."""
        newest: dict[str, str] = {}
        for name, entry in self.entries.items():
            project = entry.record.meta.project
            newest[project] = max(name, newest.get(project, ""))
        keep = set(newest.values())
        self.entries = {
            name: entry
            for name, entry in self.entries.items()
            if name in keep or entry.record.exit is None
        }


def forget_secrets(folder: Path) -> None:
    """Delete what nobody will read; the folder's age stays, by which it is cleared away."""
    with suppress(OSError):
        known = folder.lstat()
        (folder / "env").unlink()
        os.utime(folder, ns=(known.st_atime_ns, known.st_mtime_ns))


def is_run_id(name: str) -> bool:
    """Whether a folder's name is an id as `new_id` gives them."""
    return _ID.fullmatch(name) is not None


def _number(run: str) -> int:
    digits = run.partition("-")[0]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) == 17 else 0
