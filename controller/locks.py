"""Locks: one controller a state folder, one a list."""

import fcntl
import json
import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from controller.core.errors import TerminalError

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
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def acquire(self, what: str) -> None:
        """Take the lock.

        Args:
            what: What it guards, for the message.

        Raises:
            AlreadyRunning: Somebody has it.
            TerminalError: The file cannot be made.
        """
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = self._path.open("a+", encoding="utf-8")
        except OSError as error:
            text = f"{self._path}: {error.strerror}; the controller must be able to write there"
            raise TerminalError("LockUnavailable", text) from error
        try:
            _take(file)
        except OSError as error:
            file.close()
            holder = read_holder(self._path)
            who = f"process {holder.pid} on {holder.host}" if holder else "another process"
            text = f"a controller already runs on {what}: {who}; end it first (kill -TERM PID)"
            raise AlreadyRunning("AlreadyRunning", text) from error
        self._file = file
        us = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}
        file.truncate(0)
        file.write(json.dumps(us))
        file.flush()

    def release(self) -> None:
        """Give the lock back."""
        if self._file:
            self._file.close()
            self._file = None


def _take(file: IO[str]) -> None:
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
    """Who holds the lock now, or None where it is free."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except OSError:
        return read_holder(path) or Holder(0, "", 0.0)
    return None
