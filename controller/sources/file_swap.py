"""Putting one file in another's place without losing what a third program does meanwhile.

The two names change places in one step, and then what came out is looked at: whatever it is, it
has a name still. A read lease on the old file tells of programs that write into it in place. Who
opens it during the exchange waits in its open(), the lease says so, and the old file is back in
its place before it is let go on. Who replaced the file by a rename finds its own file back as
well. A program that had the old file open all the while is left to `retired`.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path
from secrets import token_hex

from controller.leases import Lease, held, take
from controller.sources.exchange import UNSUPPORTED, exchange, rename_to_free

_PATIENCE_S = 0.5  # for a program that has the file open for writing; LibreOffice has it all day
_STEP_S = 0.01
_PUT_BACKS = 100


class Swap(Enum):
    """What became of a swap."""

    DONE = "done"
    UNDONE = "undone"
    """For a moment the new file was in place; somebody else had written."""
    NEVER = "never"
    """The new file was never in place."""


def swap(
    ready: Path, target: Path, base: bytes, hidden: Callable[[bytes], None] = lambda _: None
) -> Swap:
    """Put the file `ready` in the place of `target`, if that holds `base`.

    Afterwards `ready` names what came out, or what is not in place any more; somebody may still
    write into it. Where the file system can neither exchange nor link, what came out has no name.

    Args:
        ready: The new file, beside the target.
        target: The file to replace; no symbolic link.
        base: What it must hold.
        hidden: Told of a save of the user's that was out of its place for a moment: whoever read
            the list then has not seen it.

    Raises:
        OSError: It failed. The target is as it was, or what was there is at `ready`.
    """
    exchanged = False
    try:
        with _opened(target) as old:
            lease = _lease(old)
            if _content(old) != base:
                return Swap.NEVER
            ours, there = _identity(ready), _identity_of(old)
            # The last look before the exchange: whoever reads the list between an exchange and its
            # undoing, and saves by a rename afterwards, takes back what was saved in between.
            if _identity(target) != there:
                return Swap.NEVER
            try:
                exchange(ready, target)
            except OSError as error:
                if error.errno not in UNSUPPORTED:
                    raise
                done = _untouched(old, lease, base) and _replace(ready, target, old)
                return Swap.DONE if done else Swap.NEVER
            exchanged = True
            if _identity(ready) == there and _untouched(old, lease, base):
                return Swap.DONE
            # Before the lease is given up: who waits for it shall write into the file in place.
            with _opened(ready) as came_out:
                _put_back(ready, target, ours)
                if _identity_of(came_out) != there:
                    hidden(_content(came_out))
    except FileNotFoundError:  # the user's program is between two steps of its save
        if not target.parent.is_dir():
            raise
    return Swap.UNDONE if exchanged else Swap.NEVER


def _put_back(ready: Path, target: Path, ours: tuple[int, int]) -> None:
    """Undo an exchange; a file that the user put in place since then stays, for it is newer.

    Afterwards `ready` names what is not in place: our own file, or one that the user has replaced.
    """
    for _ in range(_PUT_BACKS):
        leaving = _identity(ready)
        try:
            exchange(ready, target)
        except FileNotFoundError:
            if _fill(ready, target):
                return
            continue
        if _identity(ready) == ours:
            return
        # Another save of the user's came in between, and it is the newer one. It goes back.
        ours = leaving


def _fill(ready: Path, target: Path) -> bool:
    """Give a file the place that is empty just now; False where it is taken again."""
    with suppress(FileExistsError):
        rename_to_free(ready, target)
        return True
    return False


def _replace(ready: Path, target: Path, old: int) -> bool:
    """Without an exchange: the old file gets a second name, then a rename.

    A rename of the user's between the last two calls is lost.
    """
    spare = ready.with_name(f"{ready.name}{token_hex(2)}")
    with suppress(OSError):  # no hard links here
        os.link(target, spare, follow_symlinks=False)
    try:
        if _identity(target) != _identity_of(old):
            spare.unlink(missing_ok=True)
            return False
        ready.replace(target)
    except BaseException:
        spare.unlink(missing_ok=True)
        raise
    with suppress(FileNotFoundError):
        spare.replace(ready)
    return True


def _lease(descriptor: int) -> Lease:
    """A lease, with patience for a save that is under way."""
    until = time.monotonic() + _PATIENCE_S
    while (lease := take(descriptor)) is Lease.BUSY and time.monotonic() < until:
        time.sleep(_STEP_S)
    return lease


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        yield descriptor
    finally:
        os.close(descriptor)  # gives the lease back too


def _content(descriptor: int) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with open(descriptor, "rb", closefd=False) as file:
        return file.read()


def _untouched(descriptor: int, lease: Lease, base: bytes) -> bool:
    if lease is Lease.GRANTED:
        return held(descriptor)  # and so it is since it was read
    return _content(descriptor) == base


def _identity_of(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino


def _identity(path: Path) -> tuple[int, int]:
    status = path.lstat()
    return status.st_dev, status.st_ino
