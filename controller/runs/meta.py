"""Meta: the controller's own notes on a run, in its folder."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter

from controller.core.calendar import EARLIEST, LATEST
from controller.core.facts import CONVERSATION
from controller.core.observed import Words
from controller.files import read_some
from controller.runs.documents import FILE_LIMIT, read_object
from controller.runs.files import open_plain

_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")
"""What the runtimes take for a session's name."""
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
_BRANCH = re.compile(r"[A-Za-z0-9/._-]{0,100}")


@dataclass(frozen=True, slots=True)
class Meta:
    """What the controller noted about a run when it made the folder.

    Attributes are those of `controller.core.observed.Run`; and `tells`: its agent tells events.
    """

    project: str
    slug: str
    agent: str
    folder: str
    words: Words
    created_at: datetime
    conversation: str = ""
    begun: bool = False
    demo: bool = False
    config: str = ""
    gpus: tuple[int, ...] = ()
    interactive: bool = True
    tells: bool = False
    answered: str = ""
    branch: str = ""
    model: str = ""


_META = TypeAdapter(Meta)


def dump_meta(meta: Meta) -> bytes:
    """The notes as they stand in meta.json."""
    return _META.dump_json(meta, indent=1)


def read_meta(folder: Path) -> Meta | None:
    """The notes of a run, or None where they are missing or broken.

    The agent can reach them: a name or a time that no controller would note breaks them.
    """
    try:
        with open_plain(folder / "meta.json") as file:
            meta = _META.validate_json(read_some(file, FILE_LIMIT))
    except (OSError, ValueError):
        return None
    return meta if _could_be_ours(meta) else None


def _could_be_ours(meta: Meta) -> bool:
    try:
        created = meta.created_at.timestamp()
    except (ValueError, OverflowError):  # at an end of the calendar
        return False
    return bool(
        _NAME.fullmatch(meta.project)
        and _SLUG.fullmatch(meta.slug)
        and (not meta.conversation or CONVERSATION.fullmatch(meta.conversation))
        and _BRANCH.fullmatch(meta.branch)
        and meta.created_at.tzinfo is not None
        and EARLIEST <= created <= LATEST
        and all(index >= 0 for index in meta.gpus)
    )


def project_of(folder: Path) -> str | None:
    """Whose run it is, as quickly as that can be told; None where it cannot."""
    project = (read_object(folder / "meta.json") or {}).get("project")
    return project if isinstance(project, str) else None
