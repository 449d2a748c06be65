"""Records: a run's folder read into values. Nothing in it is trusted to be well-formed."""

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from controller.core.exits import Cause, Exit
from controller.core.observed import Report, ReportState, StopRequest, Words

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
        report: The agent's newest report.
        exit: The end.
    """

    id: str
    meta: Meta
    started_at: datetime | None = None
    pid: int = 0
    stop: StopRequest | None = None
    report: Report | None = None
    exit: Exit | None = None


_META = TypeAdapter(Meta)


def dump_meta(meta: Meta) -> bytes:
    """The notes as they stand in meta.json."""
    return _META.dump_json(meta, indent=1)


def read_meta(folder: Path) -> Meta | None:
    """The notes of a run, or None where they are missing or broken."""
    try:
        return _META.validate_json((folder / "meta.json").read_bytes())
    except (OSError, ValidationError):
        return None


def read_object(path: Path) -> dict[str, Any] | None:
    """A small JSON object, or None where there is none or it is broken."""
    try:
        with path.open("rb") as file:
            value = json.loads(file.read(FILE_LIMIT))
    except (OSError, ValueError):
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
    if not (folder / "stop").exists():
        return None
    return _stop(read_object(folder / "stop") or {})


def read_exit(folder: Path) -> Exit | None:
    """How the run ended, or None while it lasts."""
    path = folder / "exit.json"
    if not path.exists():
        return None
    data = read_object(path)
    ended = moment(path.stat().st_mtime)
    assert ended is not None
    if data is None:
        return Exit(Cause.LOST, ended, reason="RecordBroken", message=f"{path} is broken")
    cause = data.get("cause")
    stop = data.get("stop")
    tail = data.get("tail")
    return Exit(
        cause=Cause(cause) if cause in set(Cause) else Cause.LOST,
        ended_at=moment(data.get("ended_at")) or ended,
        status=_integer(data.get("status")),
        signal=_integer(data.get("signal")),
        reason=_text(data.get("reason")),
        message=_text(data.get("message")),
        stop=_stop(stop) if isinstance(stop, dict) else None,
        started_at=moment(data.get("started_at")),
        leftovers=_integer(data.get("leftovers")) or 0,
        tail=tuple(_text(line) for line in tail[-20:]) if isinstance(tail, list) else (),
    )


def read_report(folder: Path) -> Report | None:
    """The newest well-formed report among the last lines of events.jsonl."""
    try:
        with (folder / "events.jsonl").open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL_BYTES))
            lines = file.read(TAIL_BYTES).splitlines()
    except OSError:
        return None
    for line in reversed(lines):
        report = _report(line)
        if report is not None and report.state is not ReportState.PROGRESS:
            return report
    return None


def _report(line: bytes) -> Report | None:
    try:
        data = json.loads(line)
    except ValueError:
        return None
    if not isinstance(data, dict) or data.get("type") != "report":
        return None
    state, at = data.get("state"), moment(data.get("at"))
    if state not in set(ReportState) or at is None:
        return None
    return Report(ReportState(state), _text(data.get("message")), at)


def _stop(data: dict[str, Any]) -> StopRequest:
    return StopRequest(_text(data.get("by")) or "user", _text(data.get("reason")) or "Stopped")


def stop_object(stop: StopRequest, message: str, grace: float) -> dict[str, Any]:
    """The request as it stands in the file `stop`."""
    return {**asdict(stop), "message": message, "grace": grace}


def _text(value: object) -> str:
    return value[:4096] if isinstance(value, str) else ""


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
