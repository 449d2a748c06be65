"""A census: who lives of the runs, found over /proc and by nobody's word."""

import os
from dataclasses import dataclass, field
from pathlib import Path

_SHIM = b"controller/shim/__main__.py"
_EXEC_READS = 1_000  # an exec is over after some tens of microseconds


@dataclass(slots=True)
class Census:
    """Counts processes by the run that they belong to.

    Args:
        runs: The runs' folder.
    """

    runs: Path
    _before: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        self._before = frozenset(_pids())

    def take(self) -> tuple[dict[str, set[int]], dict[str, set[int]]]:
        """The living now.

        Returns:
            Run id → pids of the agent and all below it; run id → pids of its shims.
        """
        mark = f"SIDEKICK_RUN_DIR={self.runs}/".encode()
        agents: dict[str, set[int]] = {}
        shims: dict[str, set[int]] = {}
        for pid in _pids():
            if pid in self._before:
                continue
            try:
                environment = _environment(pid).split(b"\0")
                run = next((word for word in environment if word.startswith(mark)), b"")
                if run:
                    found, group = run[len(mark) :], agents
                else:
                    words = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
                    if len(words) < 2 or not words[-2].endswith(_SHIM):
                        continue
                    folder = Path(os.fsdecode(words[-1]))
                    if folder.parent != self.runs:
                        continue
                    found, group = os.fsencode(folder.name), shims
            except OSError:
                continue
            if living(pid):
                group.setdefault(os.fsdecode(found), set()).add(pid)
        return agents, shims


def living(pid: int) -> bool:
    """Whether a process is there, and is no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
    return stat.rpartition(b")")[2].split()[0] not in {b"Z", b"X"}


def _environment(pid: int) -> bytes:
    """What stands in the environment of a process.

    In the middle of an exec the kernel shows none, and the process would be missed.
    """
    place = Path(f"/proc/{pid}/environ")
    for _ in range(_EXEC_READS):
        found = place.read_bytes()
        if found or not living(pid) or _of_kernel(pid):
            return found
        os.sched_yield()
    return b""


def _of_kernel(pid: int) -> bool:
    """Whether it is a thread of the kernel: PF_KTHREAD in its flags, proc_pid_stat(5)."""
    stat = Path(f"/proc/{pid}/stat").read_bytes()
    return bool(int(stat.rpartition(b")")[2].split()[6]) & 0x00200000)


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]  # noqa: PTH208 - quicker
