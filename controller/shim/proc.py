"""What /proc tells of a process."""

import posix

from controller.shim.stdlib import TYPE_CHECKING, Suppress

if TYPE_CHECKING:
    Table = dict[int, list[int]] | None


def read(path: str) -> str:
    """Read a file of /proc.

    Args:
        path: Its path.

    Returns:
        Its content, empty where it or its process is gone.
    """
    try:
        fd = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    except OSError:
        return ""
    try:
        parts = []
        while part := posix.read(fd, 65536):
            parts.append(part)
        return b"".join(parts).decode("utf-8", "replace")
    except OSError:
        return ""
    finally:
        posix.close(fd)


def state(pid: int) -> str:
    """Read a process's line of /proc from its state on.

    Args:
        pid: The process.

    Returns:
        The third and all later fields of /proc/PID/stat, empty where it is gone.
    """
    # The second field is the program's name, which may hold spaces and parentheses itself.
    return read(f"/proc/{pid}/stat").rpartition(") ")[2]


def start_ticks(pid: int) -> int:
    """Tell when a process started, which together with its pid names it for ever.

    Args:
        pid: The process.

    Returns:
        Field 22 of /proc/PID/stat: clock ticks since boot; 0 where it is gone.
    """
    fields = state(pid).split()
    return int(fields[19]) if len(fields) > 19 else 0


def brand_of(pid: int) -> int:
    """Read the number that a process bears, see `kinship.brand`.

    Args:
        pid: The process.

    Returns:
        The number, 0 where it has none or is gone.
    """
    words = read(f"/proc/{pid}/limits").partition("Max file locks")[2].split(None, 1)
    return int(words[0]) if words and words[0].isdecimal() else 0


def table_at_need(pid: int) -> "Table":
    """Read all of /proc, for kernels without CONFIG_PROC_CHILDREN.

    Args:
        pid: A process that lives.

    Returns:
        Pid → its children's; None where the kernel has lists of children, which are 20 times
        cheaper.
    """
    if posix.access(f"/proc/{pid}/task/{pid}/children", posix.F_OK):
        return None
    table: dict[int, list[int]] = {}
    for name in posix.listdir("/proc"):
        if name.isdigit():
            fields = state(int(name)).split(None, 2)
            if len(fields) > 1:
                table.setdefault(int(fields[1]), []).append(int(name))
    return table


def children(pid: int, table: "Table") -> list[int]:
    """List a process's children.

    Args:
        pid: The process.
        table: What `table_at_need` gave.

    Returns:
        Their pids.
    """
    if table is not None:
        return table.get(pid, [])
    pids: list[int] = []
    with Suppress(OSError):
        for task in posix.listdir(f"/proc/{pid}/task"):
            pids += map(int, read(f"/proc/{pid}/task/{task}/children").split())
    return pids
