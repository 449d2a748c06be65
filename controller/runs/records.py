"""Records: a run's folder read into values. Nothing in it is trusted to be well-formed."""

import errno
import json
import os
import stat
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from controller.core.exits import Cause, Exit
from controller.core.observed import Report, ReportState, StopRequest, Words

_Word = TypeVar("_Word", bound=StrEnum)

TAIL_BYTES = 65_536
"""How much of the end of events.jsonl is read for the newest report."""
FILE_LIMIT = 1_048_576
"""No record that a session writes is larger; more of it is not read."""


@dataclass(frozen=True, slots=True)
class Meta:
    """What the controller noted about a run when it made the folder.

    Attributes are those of `controller.core.observed.Run`.
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


@dataclass(frozen=True, slots=True)
class Record:
    """A run's folder as it was last read.

    Attributes:
        id: The run's id.
        meta: The controller's own notes.
        started_at: When the agent had exec'ed.
        pid: The agent's process; 0 before it started.
        stop: The request to end it.
        report: The agent's newest report of its state.
        progress: Its newest report of progress.
        exit: The end.
    """

    id: str
    meta: Meta
    started_at: datetime | None = None
    pid: int = 0
    stop: StopRequest | None = None
    report: Report | None = None
    progress: Report | None = None
    exit: Exit | None = None


_META = TypeAdapter(Meta)


def dump_meta(meta: Meta) -> bytes:
    """The notes as they stand in meta.json."""
    return _META.dump_json(meta, indent=1)


def read_meta(folder: Path) -> Meta | None:
    """The notes of a run, or None where they are missing or broken."""
    try:
        with _open(folder / "meta.json") as file:
            return _META.validate_json(file.read(FILE_LIMIT))
    except (OSError, ValidationError):
        return None


def read_object(path: Path) -> dict[str, Any] | None:
    """A small JSON object, or None where there is none or it is broken."""
    try:
        with _open(path) as file:
            return _object(file.read(FILE_LIMIT))
    except OSError:
        return None


def _open(path: Path) -> IO[bytes]:
    """Open a plain file and nothing else: a pipe that an agent put there would never answer.

    Raises:
        OSError: There is none.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "is no plain file", str(path))
    return os.fdopen(descriptor, "rb")


def _object(content: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def moment(seconds: object) -> datetime | None:
    """Seconds since the epoch as a time in the local zone."""
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        return None
    try:
        return datetime.fromtimestamp(seconds).astimezone()
    except (ValueError, OverflowError, OSError):
        return None


def read_stop(folder: Path) -> StopRequest | None:
    """The request to end the run; a malformed one is one all the same."""
    try:
        written = moment((folder / "stop").stat().st_mtime)
    except OSError:
        return None
    return replace(_stop(read_object(folder / "stop") or {}), at=written)


def read_exit(folder: Path) -> Exit | None:
    """How the run ended, or None while it lasts."""
    path = folder / "exit.json"
    try:
        ended = moment(path.stat().st_mtime)
    except OSError:
        return None
    assert ended is not None
    data = read_object(path)
    if data is None:
        return Exit(Cause.LOST, ended, reason="RecordBroken", message=f"{path} is broken")
    stop = data.get("stop")
    tail = data.get("tail")
    return Exit(
        cause=_one_of(data.get("cause"), Cause) or Cause.LOST,
        ended_at=moment(data.get("ended_at")) or ended,
        status=_integer(data.get("status"), 255),
        signal=_integer(data.get("signal"), 64),
        reason=_text(data.get("reason")),
        message=_text(data.get("message")),
        stop=_stop(stop) if isinstance(stop, dict) else None,
        started_at=moment(data.get("started_at")),
        leftovers=_integer(data.get("leftovers"), 4_194_304) or 0,
        tail=tuple(_text(line) for line in tail[-20:]) if isinstance(tail, list) else (),
    )


def read_reports(folder: Path) -> tuple[Report | None, Report | None]:
    """The newest well-formed reports among the last lines of events.jsonl.

    Returns:
        The newest one of the agent's state, and the newest one of its progress.
    """
    try:
        with _open(folder / "events.jsonl") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL_BYTES))
            lines = file.read(TAIL_BYTES).splitlines()
    except OSError:
        return None, None
    state = progress = None
    for line in reversed(lines):
        report = _report(line)
        if report is None:
            continue
        if report.state is ReportState.PROGRESS:
            progress = progress or report
        else:
            state = state or report
        if state and progress:
            break
    return state, progress


def _report(line: bytes) -> Report | None:
    data = _object(line)
    if data is None or data.get("type") != "report":
        return None
    state, at = _one_of(data.get("state"), ReportState), moment(data.get("at"))
    if state is None or at is None:
        return None
    return Report(state, _text(data.get("message")), at)


def _stop(data: dict[str, Any]) -> StopRequest:
    by, reason = _text(data.get("by")) or "user", _text(data.get("reason")) or "Stopped"
    return StopRequest(by, reason, _text(data.get("message")))


def stop_object(stop: StopRequest, grace: float) -> dict[str, Any]:
    """The request as it stands in the file `stop`."""
    return {"by": stop.by, "reason": stop.reason, "message": stop.message, "grace": grace}


def _one_of(value: object, words: type[_Word]) -> _Word | None:
    return words(value) if isinstance(value, str) and value in set(words) else None


def _text(value: object) -> str:
    """A text that can be written; JSON may hold halves of characters."""
    if not isinstance(value, str):
        return ""
    return value[:4096].encode("utf-8", "replace").decode()


def _integer(value: object, most: int) -> int | None:
    """A whole number from 0 to `most`: no process has another status, no signal another number."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and isinstance(value, int) and 0 <= value <= most else None
