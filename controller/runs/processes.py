"""Processes as /proc tells of them; see proc(5)."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_LOCKS = b"Max file locks"


@dataclass(frozen=True, slots=True)
class Process:
    """One process.

    Attributes:
        living: False for a zombie.
        parent: Its parent's pid.
        session: The pid of its session's leader.
        ticks: When it began, in clock ticks since the boot; with the pid its identity.
    """

    living: bool
    parent: int
    session: int
    ticks: int


def read_process(pid: int) -> Process | None:
    """What is known of a process; None where there is none."""
    content = _read(pid, "stat")
    # The second field is the program's name, which may hold spaces and parentheses.
    fields = content.rpartition(b") ")[2].split()
    if len(fields) < 20:
        return None
    return Process(fields[0] not in b"ZX", int(fields[1]), int(fields[3]), int(fields[19]))


def living() -> Iterator[tuple[int, Process]]:
    """Every living process, with its pid, but this one."""
    for name in os.listdir("/proc"):  # noqa: PTH208 - a Path for each is half of the cost
        if name.isdecimal() and int(name) != os.getpid():
            process = read_process(int(name))
            if process is not None and process.living:
                yield int(name), process


def lives(pid: object, ticks: object) -> bool:
    """Whether the process of this number that began at this time (clock ticks) is here."""
    process = read_process(pid) if isinstance(pid, int) else None
    return process is not None and process.living and process.ticks == ticks


def environment_of(pid: int) -> list[bytes]:
    """A process's environment as it was begun with; empty where it may not be read."""
    return _read(pid, "environ").split(b"\0")


def command_of(pid: int) -> list[bytes]:
    """A process's command line."""
    return _read(pid, "cmdline").rstrip(b"\0").split(b"\0")


def brand_of(pid: int) -> int:
    """The number that a process inherited as its limit of file locks; 0 for none.

    Anybody may read it, of whichever user's process.
    """
    words = _read(pid, "limits").partition(_LOCKS)[2].split(None, 1)
    return int(words[0]) if words and words[0].isdigit() else 0


def send(pid: int, ticks: int, number: signal.Signals) -> None:
    """Signal a process, and no other that has got its number meanwhile.

    Raises:
        PermissionError: It belongs to somebody else.
    """
    with suppress(ProcessLookupError):
        try:
            descriptor = os.pidfd_open(pid)
        except (AttributeError, OSError):  # Linux < 5.3, a sandbox, another C library
            if lives(pid, ticks):
                os.kill(pid, number)
            return
        try:
            if lives(pid, ticks):
                signal.pidfd_send_signal(descriptor, number)
        finally:
            os.close(descriptor)


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
