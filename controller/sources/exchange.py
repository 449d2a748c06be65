"""Two renames that Python's library lacks: renameat2 of Linux, by ctypes, loaded when needed."""

import errno
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

_AT_FDCWD = -100
_NOREPLACE, _EXCHANGE = 1, 2  # <linux/fs.h>

UNSUPPORTED = frozenset(
    (
        *(errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EXDEV),
        errno.EPERM,  # a filter of system calls may say so; a plain rename tells whether it is that
    )
)
"""What renameat2 says where the kernel, the file system or a sandbox has no such rename."""


def exchange(one: Path, other: Path) -> None:
    """Let two names change places, in one step that everybody sees at once.

    Raises:
        OSError: They did not; one of `UNSUPPORTED` where they never will.
    """
    _rename(one, other, _EXCHANGE)


def rename_to_free(source: Path, target: Path) -> None:
    """Rename to a name that nobody has.

    Raises:
        FileExistsError: Somebody has it.
        OSError: It failed; one of `UNSUPPORTED` where there is no such rename.
    """
    _rename(source, target, _NOREPLACE)


def _rename(source: Path, target: Path, flag: int) -> None:
    number = _renameat2()(os.fsencode(source), os.fsencode(target), flag)
    if number:
        raise OSError(number, os.strerror(number), str(source), None, str(target))


@lru_cache(maxsize=1)
def _renameat2() -> Callable[[bytes, bytes, int], int]:
    """The call, which returns an errno or 0."""
    try:
        import ctypes

        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (ImportError, OSError, AttributeError):  # not Linux, or an old C library
        return lambda *_: errno.ENOSYS
    call.argtypes = (
        *(ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p),
        ctypes.c_uint,
    )

    def rename(source: bytes, target: bytes, flag: int) -> int:
        failed = call(_AT_FDCWD, source, _AT_FDCWD, target, flag)
        return ctypes.get_errno() if failed else 0

    return rename
