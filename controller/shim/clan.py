"""A process and all that came from it, where nothing ties them to us.

Orphans among them go to somebody else. They are found by the brand that they inherit. Where none
can be given, they stay known where they were seen before, and are found where they are still in
the session that the head of the clan leads.
"""

import posix

from controller.shim.proc import children, table_at_need
from controller.shim.process import Process
from controller.shim.stdlib import TYPE_CHECKING, Suppress, signal

if TYPE_CHECKING:
    from collections.abc import Iterable

_PARENT, _GROUP, _SESSION = 1, 2, 3  # within `Process.fields`


class Clan:
    """A process and its descendants.

    Args:
        head: The process.
        brand: The number that all of it shall bear, 0 for none.
    """

    def __init__(self, head: Process, brand: int = 0) -> None:
        self._head = head
        self._brand = brand
        self._alive = {head.pid: head}
        self._pids = {head.pid}
        self._leads = _is(head, _SESSION, head.pid)

    def mark(self) -> None:
        """Brand all of it; a parent first, so that what it forks meanwhile is born with it."""
        marked: set[int] = set()
        while new := [one for one in self.look(everywhere=True) if one.pid not in marked]:
            for member in new:
                member.mark(self._brand)
                marked.add(member.pid)

    def look(self, everywhere: bool = False) -> list[Process]:
        """Find who is of the clan, and remember it.

        Args:
            everywhere: Whether to look through all processes for those with the brand and those
                of the head's session, which takes two milliseconds for every hundred.

        Returns:
            Those that have not ended.
        """
        self._alive = {pid: member for pid, member in self._alive.items() if member.alive}
        if everywhere and (self._leads or self._brand):
            self._look_around()
        table = table_at_need(posix.getpid())
        waiting = list(self._alive.values())
        while waiting:
            parent = waiting.pop()
            pids = [pid for pid in children(parent.pid, table) if pid not in self._alive]
            below = [one for one in map(Process, pids) if _is(one, _PARENT, parent.pid)]
            # Asked last: so the parent has held its pid all the time.
            if parent.alive:
                waiting += map(self._add, below)
        return list(self._alive.values())

    def ask(self) -> None:
        """Send SIGTERM to all, by their groups, so that what is forked meanwhile gets it too."""
        groups = set()
        for member in self.look(everywhere=True):
            fields = member.fields
            # A group that was begun outside of the clan may hold others.
            if fields and int(fields[_GROUP]) in self._pids:
                groups.add(int(fields[_GROUP]))
            elif fields:
                _send([member], signal.SIGTERM, signal.SIGCONT)
        for group in groups:
            with Suppress(OSError):
                posix.killpg(group, signal.SIGTERM)
                posix.killpg(group, signal.SIGCONT)

    def kill(self) -> None:
        """Send SIGKILL to all; they are stopped first, for a child of one that ends is lost."""
        stopped: set[int] = set()
        while new := [one for one in self.look(everywhere=True) if one.pid not in stopped]:
            _send(new, signal.SIGSTOP)
            stopped |= {one.pid for one in new}
        _send(self._alive.values(), signal.SIGKILL)

    def _look_around(self) -> None:
        for pid in map(int, filter(str.isdigit, posix.listdir("/proc"))):
            member = Process(pid)
            ours = self._leads and _is(member, _SESSION, self._head.pid)
            branded = self._brand and member.alive and member.brand == self._brand
            if (ours or branded) and pid != posix.getpid():
                self._add(self._alive.get(pid, member))
        # From then on, another's session may get the number.
        self._leads = any(_is(one, _SESSION, self._head.pid) for one in self._alive.values())

    def _add(self, member: Process) -> Process:
        self._alive[member.pid] = member
        self._pids.add(member.pid)
        return member


def _is(process: Process, field: int, value: int) -> bool:
    fields = process.fields
    return bool(fields) and int(fields[field]) == value


def _send(members: "Iterable[Process]", *numbers: int) -> None:
    for member in members:
        for number in numbers:
            with Suppress(OSError):
                member.send(number)
