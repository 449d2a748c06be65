"""Locks: one controller a state folder, one a list."""

import errno
import fcntl
import json
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from controller.core.errors import TerminalError
from controller.core.names import STOP_VARIABLE
from controller.files import MODE, make_folder, not_permitted, tighten

_NOT_OURS = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
LOOKING_SECONDS = 0.3
"""How long somebody who looks whether the lock is free may be in the way, at most."""


class AlreadyRunning(TerminalError):
    """Another controller holds the lock; its pid is in the message."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock: process, host, and since when (seconds since the epoch)."""

    pid: int
    host: str
    since: float


class Lock:
    """An advisory lock on a file, given back by the kernel whatever ends the process.

    The descriptor is close-on-exec, as Python opens files, so that no tmux server inherits it.

    Args:
        path: The lock file; it stays when the lock is given back.
        instead: Tells where it is while nobody may write there; None for nowhere.
    """

    def __init__(self, path: Path, instead: Callable[[], Path] | None = None) -> None:
        self._path = path
        self._instead = instead
        self._file: IO[bytes] | None = None

    def acquire(self, what: str) -> None:
        """Take the lock.

        Args:
            what: What it guards, for the message.

        Raises:
            AlreadyRunning: Somebody has it.
            TerminalError: The file cannot be made.
        """
        try:
            file = self._open()
        except OSError as error:
            text = f"{self._path}: {error.strerror}; the controller must be able to write there"
            raise TerminalError("LockUnavailable", text) from error
        try:
            _take(file)
        except OSError as error:
            file.close()
            holder = read_holder(self._path)
            who, how = "another process", ""
            if holder:
                who = f"process {holder.pid} on {holder.host}"
                here = holder.host == socket.gethostname()
                how = f" (kill -TERM {holder.pid})" if here else ""
            if stop := os.environ.get(STOP_VARIABLE):
                how = f" ({stop})"
            text = f"a controller already runs on {what}: {who}; end it first{how}"
            raise AlreadyRunning("AlreadyRunning", text) from error
        self.release()
        self._file = file
        us = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}
        with suppress(OSError):  # a full disk keeps the name from being told, and not the lock
            word = json.dumps(us).encode()
            os.pwrite(file.fileno(), word, 0)
            os.ftruncate(file.fileno(), len(word))

    def keep(self, what: str) -> None:
        """Take the lock again where its file was taken away, and another could take its place.

        Raises:
            AlreadyRunning: Somebody has.
            TerminalError: The file cannot be made.
        """
        if self._file is None:
            return
        ours = os.fstat(self._file.fileno())
        try:
            found = self._path.stat()
        except FileNotFoundError:
            found = None
        except OSError:
            return  # whether it is there cannot be seen just now
        if found is None or not os.path.samestat(ours, found):
            self.acquire(what)

    def _open(self) -> IO[bytes]:
        """Open the file to take the lock on, and make it at need.

        Raises:
            OSError: It cannot be made.
        """
        try:
            return _made(self._path)
        except OSError as error:
            if self._instead is None or error.errno not in _NOT_OURS:
                raise
        self._path = self._instead()
        return _made(self._path)

    def release(self) -> None:
        """Give the lock back."""
        if self._file:
            self._file.close()
            self._file = None


def _made(path: Path) -> IO[bytes]:
    make_folder(path.parent)
    # No link: the list's folder may be shared.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, MODE)
    file = os.fdopen(descriptor, "rb+", buffering=0)
    with suppress(OSError):  # it belongs to somebody else
        tighten(descriptor)
    return file


def _take(file: IO[bytes]) -> None:
    """Lock, with patience for those who only look whether it is locked.

    Raises:
        OSError: Somebody has it.
    """
    deadline = time.monotonic() + LOOKING_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def read_holder(path: Path) -> Holder | None:
    """Who wrote the lock file last; whether they still hold it is not said."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return Holder(int(data["pid"]), str(data["host"]), float(data["since"]))
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def held_by(path: Path) -> Holder | None:
    """Who holds the lock now, or None where it is free.

    Raises:
        TerminalError: `NotPermitted`: another user's, so that nobody can tell.
    """
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise TerminalError("NotPermitted", not_permitted(path)) from error
    except OSError:
        return read_holder(path) or Holder(0, "", 0.0)
    return None
