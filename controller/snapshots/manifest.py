"""What a snapshot says of itself, in its `snapshot.json`."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from controller.core.errors import NotFound, TerminalError
from controller.files import read_small

FILE = "snapshot.json"
VERSION = 1
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""A snapshot's name, which is its folder's."""
_BLOCK = 1_048_576


class SnapshotInvalid(TerminalError):
    """A snapshot that cannot be used: its name, its form, or its content."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A snapshot.

    Attributes:
        name: Its folder's name.
        at: When it was taken.
        program: The version of the program that took it.
        projects: How many projects its memory knows.
        list_name: The list's file within it; empty where the list is no file.
        size: Bytes of all its files.
        hashes: File → SHA-256 of its content, in hexadecimal digits.
    """

    name: str
    at: datetime
    program: str
    projects: int
    list_name: str
    size: int
    hashes: Mapping[str, str]

    def dump(self) -> bytes:
        """As it stands in the file."""
        said = {
            "version": VERSION,
            "at": self.at.isoformat(),
            "program": self.program,
            "projects": self.projects,
            "list": self.list_name,
            "size": self.size,
            "sha256": dict(self.hashes),
        }
        return json.dumps(said, indent=2).encode() + b"\n"

    def check(self, folder: Path) -> None:
        """Hold the files against their hashes.

        Raises:
            SnapshotInvalid: One is missing, or not as it was.
            OSError: One cannot be read.
        """
        for name, wanted in self.hashes.items():
            path = folder / name
            if not path.is_file() or hash_of(path) != wanted:
                text = f"{path} is missing or damaged; nothing was restored"
                raise SnapshotInvalid("SnapshotDamaged", text)


def check_name(name: str) -> str:
    """The name, where a snapshot may bear it.

    Raises:
        SnapshotInvalid: It may not.
    """
    if NAME.fullmatch(name):
        return name
    text = f"{name!r} is no name for a snapshot: letters, digits, '.', '_', '-', at most 64"
    raise SnapshotInvalid("SnapshotName", text)


def read_manifest(folder: Path) -> Manifest:
    """What a snapshot says of itself.

    Raises:
        NotFound: There is no such snapshot.
        SnapshotInvalid: It is not of a form that this version knows.
    """
    path = folder / FILE
    try:
        said = json.loads(read_small(path))
        if said["version"] > VERSION:
            text = f"{path}: a newer version of the program took it; upgrade to restore it"
            raise SnapshotInvalid("SnapshotVersion", text)
        return Manifest(
            folder.name,
            datetime.fromisoformat(said["at"]).astimezone(),
            str(said["program"]),
            int(said["projects"]),
            _plain(said["list"]),
            int(said["size"]),
            {_plain(name): str(value) for name, value in said["sha256"].items()},
        )
    except FileNotFoundError as error:
        text = f"there is no snapshot {folder.name!r} in {folder.parent}"
        raise NotFound("NoSnapshot", text) from error
    except OSError as error:
        raise SnapshotInvalid("SnapshotUnreadable", f"{path}: {error.strerror}") from error
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise SnapshotInvalid("SnapshotDamaged", f"{path} cannot be understood") from error


def hash_of(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal digits.

    Raises:
        OSError: It cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _plain(name: str) -> str:
    """A file's name that leads to no other folder.

    Raises:
        ValueError: It may.
    """
    if "/" in name or name in {".", ".."}:
        raise ValueError(name)
    return name
