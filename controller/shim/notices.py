"""Notices of what happens in a folder: SIGIO by dnotify, which needs no inotify instance.

Those are few (128 a user by default), and a hundred runs may be on one machine.
"""

import posix

from controller.shim.stdlib import Suppress, call

# <linux/fcntl.h>; the module fcntl would cost 0.4 ms of every start.
_F_SETFL, _F_SETOWN, _F_NOTIFY = 4, 8, 1026
_O_ASYNC = 0o20000
_DN_MODIFY, _DN_CREATE, _DN_RENAME, _DN_MULTISHOT = 0x2, 0x4, 0x10, 0x80000000

_LOCAL = ("bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "overlay", "tmpfs", "xfs", "zfs")


def notice_files(fd: int) -> bool:
    """Get SIGIO whenever a file appears in a folder.

    Args:
        fd: The folder.

    Returns:
        False where the kernel has no dnotify.
    """
    return _notice(fd, _DN_CREATE | _DN_RENAME | _DN_MULTISHOT)


def notice_growth(fd: int) -> bool:
    """Get SIGIO once, when a file in a folder is next written to.

    Args:
        fd: The folder, by a descriptor that is used for nothing else.

    Returns:
        False where the kernel has no dnotify.
    """
    return _notice(fd, _DN_MODIFY)


def notice_output(fd: int, wanted: bool) -> None:
    """Get SIGIO whenever there is more to read from a pipe, or no longer.

    Args:
        fd: The end to read from; it does not block from now on.
        wanted: Whether to get it.
    """
    with Suppress(OSError):
        call("fcntl", fd, _F_SETOWN, posix.getpid())
        call("fcntl", fd, _F_SETFL, posix.O_NONBLOCK | (_O_ASYNC if wanted else 0))


def are_certain(fd: int) -> bool:
    """Tell whether nothing can happen in a folder without a notice.

    On a network's or a host's file system, others write past this kernel.

    Args:
        fd: The folder.

    Returns:
        False also where the kind of file system cannot be told.
    """
    from controller.shim.proc import read

    mount = read(f"/proc/self/fdinfo/{fd}").partition("mnt_id:")[2].split()
    for line in read("/proc/self/mountinfo").splitlines() if mount else ():
        fields = line.split()
        if fields[:1] == mount[:1] and "-" in fields[:-1]:
            return fields[fields.index("-") + 1] in _LOCAL
    return False


def _notice(fd: int, events: int) -> bool:
    try:
        call("fcntl", fd, _F_NOTIFY, events)
    except OSError:
        return False
    return True


def reopen(fd: int) -> int:
    """Open a folder again, for notices of another kind.

    Args:
        fd: The folder.

    Returns:
        A new descriptor.

    Raises:
        OSError: It cannot be opened.
    """
    return posix.open(".", posix.O_RDONLY | posix.O_DIRECTORY | posix.O_CLOEXEC, dir_fd=fd)
