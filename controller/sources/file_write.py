"""Replacing a file whole, only if it is still what was read, and never half."""

import contextlib
import errno
import os
import stat
from pathlib import Path

from controller.sources.file_errors import not_writable
from controller.sources.file_swap import Swap, swap
from controller.sources.retired import Retired, draft_name, ready_name


def replace_if_unchanged(path: Path, base: bytes, data: bytes, retired: Retired) -> bool:
    """Put `data` in the place of `base`; mode, owner and attributes stay.

    Args:
        path: The file; through symbolic links the file that they lead to is replaced. One with
            several names (hard links) keeps its old content under the others.
        base: What the file must still hold.
        data: What it shall hold.
        retired: Watches what was replaced.

    Returns:
        False where the file holds something else by now; nothing was written then.

    Raises:
        SourceUnavailable: The file could not be written and is as it was.
    """
    try:
        target = path.resolve(strict=True)
        _check_writable(target)
        draft = draft_name(target)
        try:
            _write_like(target, draft, data)
            ready = draft.replace(ready_name(target, base, data))
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        outcome = Swap.NEVER
        try:
            outcome = _put(ready, target, base, data, retired)
        finally:
            if outcome is Swap.NEVER:
                _drop(ready, data)
    except OSError as error:
        raise not_writable(path, error) from error
    if outcome is Swap.DONE:
        _sync_folder(target.parent)
    return outcome is Swap.DONE


def put_file(ready: Path, path: Path, base: bytes, data: bytes, retired: Retired) -> bool:
    """Put a file that is beside the list, and holds `data`, in the place of `base`.

    Returns:
        False where the list holds something else by now; the file is where it was then.

    Raises:
        SourceUnavailable: The list could not be written and is as it was.
    """
    try:
        return _put(ready, path.resolve(strict=True), base, data, retired) is Swap.DONE
    except OSError as error:
        raise not_writable(path, error) from error


def _put(ready: Path, target: Path, base: bytes, data: bytes, retired: Retired) -> Swap:
    new = ready.lstat().st_ino
    outcome = Swap.UNDONE  # where it fails half-way, what came out is watched
    try:
        outcome = swap(ready, target, base, lambda save: retired.hide(base, save, data))
    finally:
        if outcome is not Swap.NEVER:
            with contextlib.suppress(OSError):  # neither exchange nor link is to be had here
                retired.keep(ready, data if ready.lstat().st_ino == new else base)
    return outcome


def _drop(ready: Path, data: bytes) -> None:
    # After a failure half-way it may be the user's file that has this name.
    with contextlib.suppress(OSError):
        if ready.read_bytes() == data:
            ready.unlink()


def _check_writable(target: Path) -> None:
    # A rename asks only the folder, but who made the file read-only meant it.
    if not os.access(target, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        whole = os.statvfs(target).f_flag & os.ST_RDONLY
        number = errno.EROFS if whole else errno.EACCES
        raise OSError(number, os.strerror(number))


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
