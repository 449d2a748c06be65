"""The bytes of the settings' file, never half of a save.

Half of it is most often a whole file of settings, in which one is missing that stood below:
`demo`, or a list of what agents may do.
"""

import os
import time
from pathlib import Path

from controller.files import open_plain, read_within
from controller.leases import Lease, take
from controller.settings.faults import SettingsBusy

_FRESH_S = 1.0  # changed more recently than this, it may be in the midst of a save
_QUIET_S = 0.1  # how long it must rest then where nobody can tell whether it is open
_OPEN_S = 10.0  # and where it is open for writing: an editor may hold it so all day
_GAP_S = 0.1  # in which an editor's save may leave no file at all (vim, git)
_STEP_S = 0.01
_PATIENCE_S = 1.0


def read_between_saves(path: Path, limit: int) -> bytes:
    """All that the file holds, at a moment when nobody is in the midst of writing it.

    Args:
        path: The file.
        limit: Bytes.

    Raises:
        SettingsBusy: It was open for writing, or written, all the time.
        OSError: There is none, it is no plain file, or larger than the limit.
        ValueError: No file can have that path.
    """
    began = time.monotonic()
    before: tuple[bytes, float] | None = None
    while True:
        now = time.monotonic()
        try:
            content, rest = _read_once(path, limit)
        except FileNotFoundError:
            if now - began >= _GAP_S:
                raise
            time.sleep(_STEP_S)
            continue
        if before is None or before[0] != content:
            before = content, now
        if now - before[1] >= rest:
            return content
        if now - began >= _PATIENCE_S:
            raise SettingsBusy(path)
        time.sleep(_STEP_S)


def _read_once(path: Path, limit: int) -> tuple[bytes, float]:
    """One read, and the seconds for which its bytes must have stayed the same to be trusted."""
    with open_plain(path) as file:
        lease = take(file.fileno())
        content = read_within(file, limit)
        age = time.time() - os.fstat(file.fileno()).st_mtime
    if lease is Lease.GRANTED:
        return content, 0.0
    if lease is Lease.BUSY:
        return content, 0.0 if age > _OPEN_S else _OPEN_S
    return content, 0.0 if age > _FRESH_S else _QUIET_S
