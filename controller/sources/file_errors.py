"""What the operating system says about a file, in words with a mend."""

import errno
from pathlib import Path

from controller.sources.base import SourceInvalid, SourceUnavailable
from controller.sources.limits import MAX_BYTES


class FileMissing(SourceUnavailable):
    """There is no file of that name just now."""


_READING = {
    errno.ENOENT: (
        "FileMissing",
        "it does not exist. Create it, or correct priority_source.csv.file",
    ),
    errno.ENOTDIR: (
        "FileMissing",
        "a part of its path is no folder. Correct priority_source.csv.file",
    ),
    errno.ELOOP: ("FileMissing", "its symbolic links lead in a circle. Point them at the file"),
    errno.EACCES: (
        "PermissionDenied",
        "permission denied. Give the controller's user the right to read it (chmod, chown)",
    ),
}
_WRITING = {
    errno.EACCES: (
        "PermissionDenied",
        "permission denied. Give the controller's user the right to write the file and its folder "
        "(chmod, chown; lsattr tells whether it is immutable); until then the list is only read",
    ),
    errno.EBUSY: (
        "SingleFileMount",
        "it is mounted as a single file, which cannot be replaced. Mount its folder instead",
    ),
    errno.EROFS: (
        "ReadOnly",
        "its file system is read-only. Mount it writable (no :ro); until then it is only read",
    ),
    errno.ENOSPC: ("DiskFull", "the disk is full. Make room; it is written then"),
    errno.EDQUOT: ("DiskFull", "the disk quota is used up. Make room; it is written then"),
}
_WRITING[errno.EPERM] = _WRITING[errno.EACCES]
_READING[errno.EPERM] = _READING[errno.EACCES]


def not_readable(path: Path, error: OSError) -> SourceUnavailable:
    """The error for a file that could not be read."""
    reason, message = _READING.get(error.errno or 0, ("ReadFailed", _plain(error)))
    kind = FileMissing if error.errno == errno.ENOENT else SourceUnavailable
    return kind(reason, f"{path} cannot be read: {message}.")


def too_large(path: Path) -> SourceInvalid:
    """The error for a file that is no list that a person keeps."""
    return SourceInvalid(
        "FileTooLarge",
        f"{path} has more than the {MAX_BYTES // 1024 // 1024} MB that a list may have. Take out "
        "what does not belong there, or correct priority_source.csv.file.",
    )


def not_writable(path: Path, error: OSError) -> SourceUnavailable:
    """The error for a file that could not be written and is as it was."""
    table = _READING | _WRITING
    reason, message = table.get(error.errno or 0, ("WriteFailed", _plain(error)))
    return SourceUnavailable(reason, f"{path} cannot be written and is as it was: {message}.")


def _plain(error: OSError) -> str:
    return f"{error.strerror or error}. Look at the file and its disk; it is tried again"
