"""Read leases: the kernel's word that nobody has a file open for writing, as long as one is held.

Who opens the file to write, or truncates it, waits in that call until the lease is given up
(`/proc/sys/fs/lease-break-time` seconds at most, 45 by default), and the lease says that somebody
waits. Renames and unlinks do not ask for leases. A lease ends with its descriptor, so a process
that is killed holds nobody up.
"""

import fcntl
import os
import signal
from enum import Enum
from functools import lru_cache
from pathlib import Path

_LOCAL = frozenset(
    (
        *("bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "jfs", "overlay"),
        *("ramfs", "tmpfs", "vfat", "xfs", "zfs"),
    )
)
"""File systems that only this kernel writes to. On all others (NFS, SMB, FUSE, what a virtual
machine shares with its host) a lease may be granted while another machine writes."""


class Lease(Enum):
    """What became of the wish for a lease."""

    GRANTED = "granted"
    BUSY = "busy"
    """Somebody has the file open for writing."""
    NONE = "none"
    """There is no lease to be had: another user's file, or a file system without."""


def take(descriptor: int) -> Lease:
    """Take a read lease on a file that this process has opened for reading only."""
    if not _local(descriptor):
        return Lease.NONE
    try:
        # A writer that waits for us makes the kernel send SIGIO, which ends a process that does
        # not expect it. SIGURG is ignored by default, and the lease is over in a moment anyway.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return Lease.BUSY
    except (OSError, AttributeError):  # not our file, no leases here; AttributeError: not Linux
        return Lease.NONE
    return Lease.GRANTED


def held(descriptor: int) -> bool:
    """Whether a lease that was granted stands, and nobody waits in an open() for its end."""
    return fcntl.fcntl(descriptor, fcntl.F_GETLEASE) == fcntl.F_RDLCK


def _local(descriptor: int) -> bool:
    """Whether a file is written by this kernel alone; False where nobody can tell."""
    try:
        information = Path(f"/proc/self/fdinfo/{descriptor}").read_text(encoding="ascii")
        mount = information.partition("mnt_id:")[2].split()[0]
        return _file_system(mount, os.fstat(descriptor).st_dev) in _LOCAL
    except (OSError, IndexError):
        return False


@lru_cache(maxsize=16)
def _file_system(mount: str, _device: int) -> str:
    """The kind of file system of a mount; a number of a mount is used again for another device."""
    text = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    for line in text.splitlines():
        fields = line.split()
        if fields[:1] == [mount] and "-" in fields[:-1]:
            return fields[fields.index("-") + 1]
    return ""
