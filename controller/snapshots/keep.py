"""Taking snapshots, and knowing those that there are."""

import os
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from controller import __version__
from controller.core.errors import NotFound, SidekickError, TransientError
from controller.files import make_folder, read_small, write_whole
from controller.fleet import NOTES, SUSPENDED
from controller.layout import DATABASE, SNAPSHOTS
from controller.snapshots.manifest import (
    FILE,
    Manifest,
    SnapshotInvalid,
    check_name,
    hash_of,
    read_manifest,
)
from controller.sources.approval import NOTE as SOURCE_KIND
from controller.sources.file_read import read_whole
from controller.store.copies import copy_out

CONFIG = "config.yaml"
WORDS = (SUSPENDED, NOTES, SOURCE_KIND)
"""Files of the state folder that hold what was said, and not what is to be done once."""
_PREFIX = "list-"
"""Before the list's own name, which could be that of any other file."""
_OWN_NAME = re.compile(r"\d{8}T\d{6}Z|before-restore-[\dT.]+")
"""How a snapshot is called that nobody named."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a snapshot is taken of.

    Attributes:
        state: The state folder.
        file: The list; None where it is no file.
        config: The settings as YAML, without secrets.
    """

    state: Path
    file: Path | None
    config: str = ""

    @property
    def root(self) -> Path:
        """The folder of the snapshots."""
        return self.state / SNAPSHOTS


def create(of: Contents, name: str, now: datetime) -> Manifest:
    """Take a snapshot; a controller may run. It is there whole, or not at all.

    Args:
        of: What of.
        name: Its name; empty for the time.
        now: The time.

    Raises:
        NotFound: There is no memory yet.
        SnapshotInvalid: The name may not be, or is taken.
        TransientError: Something could not be read or written.
    """
    name = check_name(name or f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}")
    folder, draft = of.root / name, of.root / f".{name}.{os.getpid()}.new"
    if folder.exists():
        text = f"there is a snapshot {name!r} already; take another name"
        raise SnapshotInvalid("SnapshotExists", text)
    try:
        make_folder(of.root)
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        made = _fill(draft, of, name, now)
        draft.rename(folder)
    except FileNotFoundError as error:
        text = f"there is nothing to keep: {error.filename or error} is missing"
        raise NotFound("NothingToKeep", text) from error
    except OSError as error:
        raise TransientError("SnapshotUnavailable", f"{folder}: {error.strerror}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return made


def _fill(draft: Path, of: Contents, name: str, now: datetime) -> Manifest:
    # The list before the memory: whatever the controller has written of it is in the memory by
    # then, and is never taken for the user's word when both come back.
    kept = ""
    if of.file is not None:
        kept = f"{_PREFIX}{of.file.name}"
        write_whole(draft / kept, read_whole(of.file).data)
    for word in WORDS:
        with suppress(FileNotFoundError):
            write_whole(draft / word, read_small(of.state / word))
    projects = copy_out(of.state / DATABASE, draft / DATABASE)
    write_whole(draft / CONFIG, of.config.encode())
    files = sorted(draft.iterdir())
    for path in files:
        path.chmod(0o600)
        _sync(path)
    made = Manifest(
        name, now, __version__, projects, kept,
        sum(path.stat().st_size for path in files),
        {path.name: hash_of(path) for path in files},
    )  # fmt: skip
    write_whole(draft / FILE, made.dump())
    _sync(draft / FILE)
    return made


def present(state: Path) -> tuple[Sequence[Manifest], Sequence[str]]:
    """The snapshots, the oldest first, and what is wrong with those that cannot be used.

    Raises:
        TransientError: Their folder cannot be read.
    """
    root = state / SNAPSHOTS
    known, faults = [], []
    try:
        names = [entry.name for entry in root.iterdir() if not entry.name.startswith(".")]
    except FileNotFoundError:
        return (), ()
    except OSError as error:
        raise TransientError("SnapshotUnavailable", f"{root}: {error.strerror}") from error
    for name in sorted(names):
        try:
            known.append(read_manifest(root / name))
        except SidekickError as error:
            faults.append(error.message)
    return sorted(known, key=lambda item: (item.at, item.name)), faults


def forget(state: Path, most: int) -> Sequence[str]:
    """Remove the oldest snapshots beyond a number; returns the names of those that are gone.

    Those that a person named stay, and are not counted.

    Raises:
        TransientError: One cannot be removed.
    """
    known, _ = present(state)
    ours = [item.name for item in known if _OWN_NAME.fullmatch(item.name)]
    old = ours[: max(0, len(ours) - most)]
    try:
        for name in old:
            shutil.rmtree(state / SNAPSHOTS / name)
    except OSError as error:
        raise TransientError("SnapshotUnavailable", f"{name}: {error.strerror}") from error
    return old


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
