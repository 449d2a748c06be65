"""Processes as /proc tells of them."""

import os
import select
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_SCHED = 2
"""Beside the pid in the number of a process's clock: clock_getcpuclockid(3)."""


def marked(mark: bytes) -> frozenset[int]:
    """Every living process that has these bytes as a variable of its environment."""
    found = set()
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            with suppress(OSError):
                content = Path(entry.path, "environ").read_bytes()
                if mark in content.split(b"\0") and alive(int(entry.name)):
                    found.add(int(entry.name))
    return frozenset(found)


def alive(pid: int) -> bool:
    """Whether a process is there, and is no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
    return stat.rpartition(b")")[2].split()[0] not in {b"Z", b"X"}


def name_of(pid: int) -> str:
    """The process's short name, empty where it is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def command_of(pid: int) -> bytes:
    """The process's argv, its words apart by NUL; empty where it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def cpu_seconds(pids: Iterable[int]) -> float:
    """Processor time of processes, and of those of their children that ended.

    A process's own time is taken from its clock: /proc cuts it to 10 ms, and 200 processes that
    wake up for a moment would be told to have done nothing.
    """
    seconds = 0.0
    for pid in pids:
        with suppress(OSError):
            seconds += time.clock_gettime(~pid << 3 | _SCHED)
            fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
            seconds += sum(map(int, fields[13:15])) / _TICKS  # cutime, cstime: proc(5)
    return seconds


class Ends:
    """Waits until processes have ended, by a descriptor of each; nothing is polled.

    Args:
        pids: The processes; one that is gone already has ended.
    """

    def __init__(self, pids: Iterable[int]) -> None:
        self._poll = select.poll()
        self._open: set[int] = set()
        for pid in pids:
            with suppress(ProcessLookupError):
                descriptor = os.pidfd_open(pid)
                self._open.add(descriptor)
                self._poll.register(descriptor, select.POLLIN)

    def wait(self, seconds: float) -> bool:
        """Wait until all have ended; returns whether they have."""
        deadline = time.monotonic() + seconds
        while self._open:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            for descriptor, _ in self._poll.poll(min(left, 1) * 1000):
                if descriptor in self._open:  # and not closed beside us
                    self._poll.unregister(descriptor)
                    self._open.discard(descriptor)
                    os.close(descriptor)
        return True

    def close(self) -> None:
        """Give back the descriptors."""
        while self._open:
            os.close(self._open.pop())


def end(pids: Iterable[int], seconds: float) -> bool:
    """End processes: SIGTERM, and SIGKILL half-way; returns whether they are gone."""
    pids = frozenset(pids)
    ends = Ends(pids)
    try:
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
            if ends.wait(seconds / 2):
                return True
        return False
    finally:
        ends.close()
