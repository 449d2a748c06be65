"""Reading a file that other programs write in place, without ever seeing half of it.

A half-written CSV is most often a valid CSV with fewer rows, so that no parser can tell. A read
lease can: the kernel grants it only while nobody has the file open for writing, and holds
writers back until it is given up. Where there is none (another user's file, a network file
system, a program that keeps the file open all day), a file that changed just now is read again
until it has been quiet for a while: for longer where it ends in the midst of a line, as the output
of a program does that has not written its last words.
"""

import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from controller.files import read_some
from controller.leases import Lease, take
from controller.sources.base import SourceUnavailable
from controller.sources.file_errors import FileMissing, not_readable, too_large
from controller.sources.limits import MAX_BYTES

_FRESH_S = 1.0  # changed more recently than this, a file may be in the midst of a save
_QUIET_S = 0.1  # how long it must rest where nobody can tell whether it is open
_QUIET_WHILE_OPEN_S = 0.5  # and where it is known to be open for writing
_QUIET_WHILE_CUT_S = 10.0  # and ends in the midst of a line: a slow export, a copy that stalls
_LINE_ENDS = (b"\n", b"\r", b"\n\0", b"\r\0")
_GAP_S = 0.1  # in which an editor's save may leave no file at all (vim, git)
_STEP_S = 0.01
_PATIENCE_S = 2.0


class Stamp(NamedTuple):
    """What tells one state of a file from another without reading it."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> "Stamp":
        """The stamp in what stat or fstat said."""
        return cls(
            *(status.st_dev, status.st_ino, status.st_size),
            *(status.st_mtime_ns, status.st_ctime_ns),
        )

    def age(self) -> float:
        """Seconds since the last change, by the wall clock; a time to come counts as now."""
        return max(0.0, time.time() - self.mtime_ns / 1e9)


@dataclass(frozen=True, slots=True)
class FileContent:
    """One whole read.

    Attributes:
        data: Every byte.
        stamp: The file's stamp from before the first byte was read.
    """

    data: bytes
    stamp: Stamp


def read_whole(path: Path) -> FileContent:
    """Read a file at a moment when nobody is in the midst of writing it.

    Raises:
        SourceUnavailable: It is missing, forbidden, no regular file, or was written all the time.
        SourceInvalid: It is larger than any list.
    """
    began = quiet_since = time.monotonic()
    give_up = began + _PATIENCE_S
    before: bytes | None = None
    while True:
        now = time.monotonic()
        try:
            content, quiet = _read_once(path)
        except FileMissing:
            if now - began >= _GAP_S:
                raise
            time.sleep(_STEP_S)
            continue
        if content.data != before:
            before, quiet_since = content.data, now
        if now - quiet_since >= quiet:
            return content
        if quiet >= _QUIET_WHILE_CUT_S and now - quiet_since >= _QUIET_WHILE_OPEN_S:
            raise SourceUnavailable(
                "FileBusy",
                f"{path} ends in the midst of a line, and a program has it open for writing; it "
                "is read again when that program is done.",
            )
        if now > give_up:
            raise SourceUnavailable(
                "FileBusy",
                f"{path} is being written without a pause; it is read again when that program "
                "is done.",
            )
        time.sleep(_STEP_S)


def quiet_needed(lease: Lease, data: bytes) -> float:
    """The seconds for which a file must rest that was just written.

    Args:
        lease: What became of the wish for a lease on it.
        data: What it holds.
    """
    if lease is Lease.BUSY:
        cut = data and not data.endswith(_LINE_ENDS)
        return _QUIET_WHILE_CUT_S if cut else _QUIET_WHILE_OPEN_S
    return 0.0 if lease is Lease.GRANTED else _QUIET_S


def _read_once(path: Path) -> tuple[FileContent, float]:
    """One read, and the seconds for which its bytes must have stayed the same to be trusted."""
    try:
        descriptor = _open(path)
        try:
            lease = take(descriptor)
            stamp = Stamp.of(os.fstat(descriptor))
            with open(descriptor, "rb", closefd=False) as file:
                data = read_some(file, MAX_BYTES + 1)
            if len(data) > MAX_BYTES:
                raise too_large(path)
            unmoved = stamp == Stamp.of(os.fstat(descriptor))
        finally:
            os.close(descriptor)  # gives the lease back too
    except OSError as error:
        raise not_readable(path, error) from error
    quiet = quiet_needed(lease, data)
    settled = unmoved and stamp.age() > max(_FRESH_S, quiet)
    return FileContent(data, stamp), 0.0 if settled else quiet


def _open(path: Path) -> int:
    # O_NONBLOCK: a pipe of that name must not hold the loop up.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            kind = "a folder" if stat.S_ISDIR(status.st_mode) else "no regular file"
            raise SourceUnavailable(
                "NotAFile",
                f"{path} cannot be read: it is {kind}. Correct priority_source.csv.file.",
            )
        if status.st_nlink == 0 and _has_no_name(path):
            raise SourceUnavailable(
                "SingleFileMount",
                f"{path} was replaced outside of this container, which still sees the old file. "
                "Mount its folder instead of the single file.",
            )
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _has_no_name(path: Path) -> bool:
    # A file without a name is common for an instant: it was opened just before its replacement.
    # Only where the path still leads there is it a mount of what is gone elsewhere.
    return path.stat().st_nlink == 0
