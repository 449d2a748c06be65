"""Shared words: small files that a person can see, and that several processes change.

A command changes them beside a running controller: each change is made under a lock, so that none
is written over by another that began before it.
"""

import errno
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from controller.core.errors import TransientError
from controller.files import make_folder, read_small, write_whole

PATIENCE = 2.0
"""Seconds that a change waits for its turn; each takes milliseconds."""
_TAKEN = frozenset({errno.EAGAIN, errno.EACCES})

Words = Mapping[str, Any]


class FleetUnavailable(TransientError):
    """A word on the fleet could not be read or written."""


class SharedWords:
    """A JSON object in a file: the name of a project or an agent → what was said of it.

    Args:
        path: The file; it is written whole, and made with its folder at need.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Words:
        """All words; a file that cannot be understood has none.

        Raises:
            FleetUnavailable: It cannot be read now, and must not be taken for none.
        """
        try:
            data = json.loads(read_small(self._path))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise unavailable(self._path, error) from error
        except (ValueError, RecursionError):
            return {}
        return data if isinstance(data, dict) else {}

    def change(self, change: Callable[[Words], Words], patience: float | None = None) -> None:
        """Write what becomes of the words, while nobody else changes them.

        Args:
            change: The words → the words from now on; where they are the same nothing is written.
            patience: Seconds to wait for the turn; None for `PATIENCE`.

        Raises:
            FleetUnavailable: They could not be read or written, or others took too long.
        """
        try:
            make_folder(self._path.parent)
            with _turn(self._path.parent, PATIENCE if patience is None else patience):
                known = self.read()
                words = change(known)
                if words != known:
                    write_whole(self._path, json.dumps(words, indent=1).encode())
        except OSError as error:
            raise unavailable(self._path, error) from error


def unavailable(path: Path, error: OSError) -> FleetUnavailable:
    """The error for a file that the system refused."""
    return FleetUnavailable("FleetUnavailable", f"{path}: {error.strerror}")


@contextmanager
def _turn(folder: Path, patience: float) -> Iterator[None]:
    """The one turn to change words in a folder; the kernel gives it back whatever ends the process.

    It is the folder that is locked: that needs no further file, which a full disk could not take.

    Raises:
        FleetUnavailable: Others had it all the time.
        OSError: The folder cannot be opened.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _lock(descriptor, folder, time.monotonic() + patience)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in _TAKEN:
                return  # network file systems know no lock of a folder
            if time.monotonic() >= deadline:
                text = f"another process keeps changing {folder}; try again in a moment"
                raise FleetUnavailable("FleetUnavailable", text) from error
            time.sleep(0.01)
        else:
            return
