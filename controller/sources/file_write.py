"""Replacing a file whole, only if it is still what was read, and never half."""

import contextlib
import errno
import os
import secrets
import stat
import time
from pathlib import Path

from controller.sources.file_errors import not_writable
from controller.sources.file_read import read_now

_STALE_S = 60


def replace_if_unchanged(path: Path, base: bytes, data: bytes) -> bool:
    """Put `data` in the place of `base`; mode, owner and attributes stay.

    Args:
        path: The file; through symbolic links the file that they lead to is replaced.
        base: What the file must still hold.
        data: What it shall hold.

    Returns:
        False where the file holds something else by now; nothing was written then.

    Raises:
        SourceUnavailable: The file could not be written and is as it was.
    """
    try:
        target = path.resolve(strict=True)
        _check_writable(target)
        temporary = target.with_name(f"{_prefix(target)}{secrets.token_hex(8)}")
        try:
            _write_like(target, temporary, data)
            if not _swap(temporary, target, base):
                return False
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise not_writable(path, error) from error
    _sync_folder(target.parent)
    return True


def sweep_stale_temporaries(path: Path) -> None:
    """Remove what a killed run left beside the file; never an error."""
    with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: links in a circle
        target = path.resolve()
        for entry in target.parent.iterdir():
            if not entry.name.startswith(_prefix(target)):
                continue
            with contextlib.suppress(OSError):
                if time.time() - entry.lstat().st_mtime > _STALE_S:
                    entry.unlink()


def _prefix(target: Path) -> str:
    return f".{target.name}.sidekick-"


def _check_writable(target: Path) -> None:
    # A rename asks only the folder, but who made the file read-only meant it.
    if not os.access(target, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        whole = os.statvfs(target).f_flag & os.ST_RDONLY
        number = errno.EROFS if whole else errno.EACCES
        raise OSError(number, os.strerror(number))


def _swap(temporary: Path, target: Path, base: bytes) -> bool:
    # Between these two lines an edit can still be lost (measured: about one in 300 under
    # hundreds of edits a second); this is the seam for renameat2(RENAME_EXCHANGE).
    if read_now(target) != base:
        return False
    temporary.replace(target)
    return True


def _write_like(model: Path, temporary: Path, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        status = model.stat()
        descriptor = file.fileno()
        for owner, group in ((-1, status.st_gid), (status.st_uid, -1)):
            with contextlib.suppress(OSError):  # only root gives files away
                os.fchown(descriptor, owner, group)
        os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
        _copy_attributes(model, descriptor)
        os.fsync(descriptor)


def _copy_attributes(model: Path, descriptor: int) -> None:
    # Access lists and labels; most file systems have some of them, and not all may be set.
    names: list[str] = []
    with contextlib.suppress(OSError):
        names = os.listxattr(model)
    for name in names:
        with contextlib.suppress(OSError):
            os.setxattr(descriptor, name, os.getxattr(model, name))


def _sync_folder(folder: Path) -> None:
    # The new file is in place already: what fails here is no failed write.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
