"""Wakes: what shortens the wait between two ticks. They carry no data.

A change of the list's folder, of the state folder, or a word in a run's folder wakes the loop,
and so does a signal. An agent's hooks wake it at once, but at most once a second: some come with
every step of its work. Where inotify is silent (network file systems, shared folders of virtual
machines) the list's file is looked at every few seconds.
"""

import errno
import logging
import os
import select
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from inotify_simple import INotify, flags

log = logging.getLogger(__name__)

STREAM = "stream.jsonl"
"""A hook closes it with every event; a shim that writes a stream into it keeps it open, and so
wakes nobody."""
RUN_FILES = frozenset({"started.json", "events.jsonl", "exit.json", STREAM})
_RUN_MASK = flags.MOVED_TO | flags.CLOSE_WRITE | flags.ONLYDIR | flags.DONT_FOLLOW
_FOLDER_MASK = (
    flags.MOVED_TO | flags.CLOSE_WRITE | flags.CREATE | flags.DELETE | flags.MODIFY | flags.ONLYDIR
)
_HOOK_SECONDS = 1.0
"""Between two wakes by hooks."""
_BLIND_SECONDS = 1.0
"""Between two ticks where the system gives no inotify at all."""

Signature = tuple[int, int, int]


class Wakes:
    """One place to wait at.

    Args:
        file: The list's file, or None where the list is none.
        folders: Folder → names of files in it that matter.
        interval: Seconds between looks at the list's file.
        gone: Names beside the list's file that matter only when they vanish: editors' locks.
    """

    def __init__(
        self,
        file: Path | None,
        folders: Iterable[tuple[Path, frozenset[str]]],
        interval: float,
        gone: frozenset[str] = frozenset(),
    ) -> None:
        self._file = file
        self._gone = gone
        self._lists: set[int] = set()
        self._folders: set[int] = set()
        self._interval = interval
        self._signals = False
        self._told = False
        self._hooked = False
        self._next_hook = 0.0
        self._names: dict[int, frozenset[str]] = {}
        self._runs: dict[Path, int] = {}
        self._reader, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        try:
            self._inotify: INotify | None = INotify(nonblocking=True)
        except OSError as error:
            self._inotify = None
            self._tell(error)
        self._seen = self._signature()
        self._watch_file()
        for folder, names in folders:
            watch = self._watch(folder, names, _FOLDER_MASK)
            if watch is not None:
                self._folders.add(watch)

    def listen_to_signals(self) -> None:
        """Let any handled signal end a wait."""
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        self._signals = True

    def wake(self) -> None:
        """End the wait, now or the next; from any thread."""
        with suppress(BlockingIOError):  # a full pipe wakes as well
            os.write(self._writer, b"\0")

    def ring(self) -> None:
        """Let whoever waits look up, and go on waiting; from any thread."""
        os.eventfd_write(self._bell, 1)

    def watch_run(self, folder: Path) -> None:
        """Watch a run's folder, before its session starts."""
        if folder not in self._runs:
            watch = self._watch(folder, RUN_FILES, _RUN_MASK)
            if watch is not None:
                self._runs[folder] = watch

    def keep_runs(self, folders: frozenset[Path]) -> None:
        """Watch just these runs' folders."""
        for folder in set(self._runs) - folders:
            watch = self._runs.pop(folder)
            self._names.pop(watch, None)
            if self._inotify:
                with suppress(OSError):  # the folder is gone, and the watch with it
                    self._inotify.rm_watch(watch)
        for folder in folders:
            self.watch_run(folder)

    def wait(self, seconds: float, rung: Callable[[], None] = lambda: None) -> None:
        """Wait until something happens, at most this long.

        Args:
            seconds: So long.
            rung: Called for whoever rang meanwhile, or before; the wait is no longer for that.
        """
        if self._inotify is None:
            seconds = min(seconds, _BLIND_SECONDS)
        deadline = time.monotonic() + seconds
        while True:
            now = time.monotonic()
            if now >= deadline or self._hook_is_due(now):
                return
            left = (min(deadline, self._next_hook) if self._hooked else deadline) - now
            sources = [self._reader, self._bell, *([self._inotify] if self._inotify else [])]
            ready, _, _ = select.select(sources, [], [], min(left, self._interval))
            woken = False
            if self._reader in ready:
                os.read(self._reader, 4096)
                woken = True
            if self._inotify in ready:
                woken = self._relevant() or woken
            if self._bell in ready:
                os.eventfd_read(self._bell)
                rung()
            if woken or self._file_changed():
                return

    def close(self) -> None:
        """Give back the descriptors."""
        if self._signals:
            signal.set_wakeup_fd(-1)
        if self._inotify:
            self._inotify.close()
        for descriptor in (self._reader, self._writer, self._bell):
            os.close(descriptor)

    def _hook_is_due(self, now: float) -> bool:
        due = self._hooked and now >= self._next_hook
        if due:
            self._hooked = False
            self._next_hook = now + _HOOK_SECONDS
        return due

    def _watch(self, folder: Path, names: frozenset[str], mask: int) -> int | None:
        if self._inotify is None:
            return None
        try:
            watch: int = self._inotify.add_watch(folder, mask)
        except OSError as error:
            if error.errno == errno.ENOSPC:  # what the kernel calls too many watches
                self._tell(error)
            return None
        self._names[watch] = self._names.get(watch, frozenset()) | names
        return watch

    def _watch_file(self) -> None:
        """Watch the list's folder: the one that has its name now, and where links lead to now."""
        if self._file is None or self._inotify is None:
            return
        found = set()
        for place in (self._file, Path(os.path.realpath(self._file))):
            watch = self._watch(place.parent, frozenset({place.name}), _FOLDER_MASK)
            if watch is not None:
                found.add(watch)
        for watch in self._lists - found - self._folders:
            self._names.pop(watch, None)
            with suppress(OSError):  # the folder is gone, and the watch with it
                self._inotify.rm_watch(watch)
        self._lists = found

    def _tell(self, error: OSError) -> None:
        if not self._told:
            self._told = True
            log.warning(
                "changes are noticed late, for the system tells of none (%s); raise "
                "fs.inotify.max_user_instances and max_user_watches (sysctl)", error.strerror,
            )  # fmt: skip

    def _relevant(self) -> bool:
        """Whether one of the events that came is about a file that matters."""
        assert self._inotify is not None
        relevant = False
        for event in self._inotify.read(timeout=0):
            known = event.name in self._names.get(event.wd, ())
            if known and event.name == STREAM:
                self._hooked = True
            elif known or event.mask & flags.Q_OVERFLOW:
                relevant = True
            elif event.mask & flags.DELETE and event.wd in self._lists:
                relevant = relevant or event.name in self._gone
        return relevant

    def _file_changed(self) -> bool:
        signature = self._signature()
        changed = signature != self._seen
        self._seen = signature
        if changed:  # perhaps in another folder of the same name, or behind a link that was moved
            self._watch_file()
        return changed

    def _signature(self) -> Signature | None:
        if self._file is None:
            return None
        try:
            stat = self._file.stat()
        except OSError:
            return None
        return (stat.st_mtime_ns, stat.st_size, stat.st_ino)
