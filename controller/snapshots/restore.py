"""Going back to a snapshot."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from controller.core.errors import TransientError
from controller.files import write_whole
from controller.layout import DATABASE
from controller.snapshots.keep import WORDS, Contents, create
from controller.snapshots.manifest import Manifest, check_name, read_manifest
from controller.sources.file_write import replace_if_unchanged
from controller.sources.retired import Retired
from controller.store import Store
from controller.store.copies import copy_in


def restore(of: Contents, name: str, now: datetime) -> Manifest:
    """Put the memory, the list and the words of a snapshot in the place of those that are.

    The caller holds the locks of state and list. The settings are not put back: a snapshot holds
    them without their secrets, to be read.

    Args:
        of: What is replaced.
        name: The snapshot.
        now: The time.

    Returns:
        A snapshot of what was replaced.

    Raises:
        NotFound: There is no such snapshot.
        SnapshotInvalid: It is damaged; nothing was replaced.
        TransientError: Something could not be read or written, or the list was saved meanwhile.
    """
    folder = of.root / check_name(name)
    snapshot = read_manifest(folder)
    try:
        snapshot.check(folder)
        before = _before(of, now)
        # The list first: an older list with the newer memory is a stale save, which mends itself;
        # a newer list with the older memory would pass for the user's word.
        if of.file is not None and snapshot.list_name:
            data = (folder / snapshot.list_name).read_bytes()
            replaced = before.list_name
            _put_list(of.file, data, of.root / before.name / replaced if replaced else None)
        copy_in(folder / DATABASE, of.state / DATABASE)
        for word in WORDS:
            _put_word(of.state / word, folder / word)
    except OSError as error:
        text = f"{error.filename or folder}: {error.strerror}"
        raise TransientError("SnapshotUnavailable", text) from error
    return before


def _before(of: Contents, now: datetime) -> Manifest:
    # A database that is broken or gone is why some go back: as a controller begins, it is set
    # aside and made anew.
    Store(of.state / DATABASE, lambda: now).close()
    there = of.file if of.file is not None and of.file.exists() else None
    return create(replace(of, file=there), f"before-restore-{now:%Y%m%dT%H%M%S.%f}", now)


def _put_list(file: Path, data: bytes, before: Path | None) -> None:
    if before is None:
        write_whole(file, data)
        return
    base = before.read_bytes()
    if base != data and not replace_if_unchanged(file, base, data, Retired(file)):
        text = f"{file} was saved at this very moment; nothing was restored, try again"
        raise TransientError("FileBusy", text)


def _put_word(place: Path, kept: Path) -> None:
    if kept.exists():
        write_whole(place, kept.read_bytes())
    else:
        place.unlink(missing_ok=True)
