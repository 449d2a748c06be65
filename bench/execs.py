"""When programs begin: the kernel tells of every open of a program's file, and exec opens it.

So the same bare program tells the moment of its start whoever starts it, without a line of its
own and without a look at /proc that would cost time in the middle of a measurement.
"""

import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from inotify_simple import INotify, flags


class Execs:
    """Tells which programs were started.

    Args:
        programs: Files, each alone in a folder of its own, that nobody opens but to run them.
    """

    def __init__(self, programs: Iterable[Path]) -> None:
        self._inotify = INotify()
        self._waiting: dict[int, Path] = {}
        for program in programs:
            # A watch for each: the kernel melts equal events in a row into one.
            watch = self._inotify.add_watch(program.parent, flags.OPEN | flags.ONLYDIR)
            self._waiting[watch] = program

    def wait(self, seconds: float, starter: "subprocess.Popen[bytes] | None" = None) -> None:
        """Wait until every program was started.

        Args:
            seconds: At most so long.
            starter: Who starts them, and must live as long.

        Raises:
            TimeoutError: Some were not.
            RuntimeError: The starter ended before.
        """
        deadline = time.monotonic() + seconds
        while self._waiting:
            left = deadline - time.monotonic()
            if left <= 0:
                some = ", ".join(sorted(path.parent.name for path in self._waiting.values())[:5])
                text = f"{len(self._waiting)} programs were not started in {seconds:g} s: {some}"
                raise TimeoutError(text)
            if starter is not None and starter.poll() is not None:
                raise RuntimeError(f"{starter.args!r} ended with {starter.returncode}")
            for event in self._inotify.read(timeout=min(1000, int(left * 1000) + 1)):
                if not event.mask & flags.ISDIR:
                    self._waiting.pop(event.wd, None)

    def __enter__(self) -> "Execs":
        """Watch."""
        return self

    def __exit__(self, *_: object) -> None:
        """Look away."""
        self._inotify.close()
