"""Records: a run's folder read into values. Nothing in it is trusted to be well-formed."""

import os
import stat
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from controller.core.calendar import EARLIEST
from controller.core.exits import Cause, Exit
from controller.core.facts import NO_FACTS, Facts
from controller.core.observed import Report, ReportState, StopRequest
from controller.core.work import Work
from controller.files import read_some
from controller.runs.documents import (
    as_count,
    as_line,
    as_reason,
    as_text,
    moment,
    one_of,
    parse,
    read_known,
    read_object,
)
from controller.runs.files import open_plain, state_of
from controller.runs.meta import Meta

TAIL_BYTES = 65_536
"""How much of the end of events.jsonl is read for the newest report."""
_KINDS = {ReportState.PROGRESS: "progress", ReportState.NEXT: "proposal"}
_COUNTS = ("changed", "untracked", "files", "added", "removed", "commits")
_MOST = 10**12


@dataclass(frozen=True, slots=True)
class Reports:
    """The newest report of each kind; None where there is none.

    Attributes:
        state: Of the agent's state.
        progress: Of its progress.
        proposal: Of what it would do next.
    """

    state: Report | None = None
    progress: Report | None = None
    proposal: Report | None = None

    def after(self, newer: "Reports") -> "Reports":
        """The newest of both, where the other holds what was told since."""
        return Reports(
            newer.state or self.state,
            newer.progress or self.progress,
            newer.proposal or self.proposal,
        )


NO_REPORTS = Reports()


@dataclass(frozen=True, slots=True)
class Record:
    """A run's folder as it was last read.

    Attributes:
        id: The run's id.
        meta: The controller's own notes.
        started_at: When the agent had exec'ed.
        pid: The agent's process; 0 before it started.
        adopted: The process was there before, and one shim alone watches over it.
        stop: The request to end it.
        reports: The agent's newest reports.
        exit: The end.
        facts: What the agent's own events tell.
        work: What git saw in the folder at the end.
    """

    id: str
    meta: Meta
    started_at: datetime | None = None
    pid: int = 0
    adopted: bool = False
    stop: StopRequest | None = None
    reports: Reports = NO_REPORTS
    exit: Exit | None = None
    facts: Facts = NO_FACTS
    work: Work | None = None


def has_ended(folder: Path) -> bool:
    """Whether the run's end was told."""
    return os.path.lexists(folder / "exit.json")


def read_stop(folder: Path) -> StopRequest | None:
    """The request to end the run; a malformed one is one all the same.

    What cannot be read now is not known yet.
    """
    try:
        written = moment(state_of(folder / "stop").st_mtime)
        data = read_known(folder / "stop")
    except OSError:
        return None
    return replace(_stop(data or {}), at=written)


def read_exit(folder: Path) -> Exit | None:
    """How the run ended, or None while it lasts; what cannot be read now is not known yet."""
    path = folder / "exit.json"
    try:
        written = state_of(path)
        data = read_known(path)
    except OSError:
        return None
    if not stat.S_ISREG(written.st_mode):
        return None  # whoever put it there, no shim did
    ended = moment(written.st_mtime) or moment(EARLIEST)
    assert ended is not None
    if data is None:
        return Exit(Cause.LOST, ended, reason="RecordBroken", message=f"{path} is broken")
    stop = data.get("stop")
    tail = data.get("tail")
    return Exit(
        cause=one_of(data.get("cause"), Cause) or Cause.LOST,
        ended_at=moment(data.get("ended_at")) or ended,
        status=as_count(data.get("status"), 255),
        signal=as_count(data.get("signal"), 64),
        reason=as_reason(data.get("reason")),
        message=as_text(data.get("message")),
        stop=_stop(stop) if isinstance(stop, dict) else None,
        started_at=moment(data.get("started_at")),
        leftovers=as_count(data.get("leftovers"), 4_194_304) or 0,
        tail=tuple(as_text(line) for line in tail[-20:]) if isinstance(tail, list) else (),
    )


def read_work(folder: Path) -> Work | None:
    """What git saw in the agent's folder, or None where nobody looked."""
    data = read_object(folder / "work.json")
    if data is None:
        return None
    lines = data.get("status")
    counts = {name: as_count(data.get(name), _MOST) or 0 for name in _COUNTS}
    return Work(
        branch=as_line(data.get("branch")),
        head=as_line(data.get("head")),
        status=tuple(as_line(line) for line in lines[:20]) if isinstance(lines, list) else (),
        base=as_line(data.get("base")),
        **counts,
    )


def read_reports(folder: Path) -> Reports:
    """The newest well-formed reports among the last lines of events.jsonl."""
    try:
        with open_plain(folder / "events.jsonl") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL_BYTES))
            lines = read_some(file, TAIL_BYTES).splitlines()
    except OSError:
        return NO_REPORTS
    found: dict[str, Report] = {}
    for line in reversed(lines):
        if report := _report(line):
            found.setdefault(_KINDS.get(report.state, "state"), report)
            if len(found) == len(fields(Reports)):
                break
    return Reports(**found)


def _report(line: bytes) -> Report | None:
    data = parse(line)
    if data is None or data.get("type") != "report":
        return None
    state, at = one_of(data.get("state"), ReportState), moment(data.get("at"))
    if state is None or at is None:
        return None
    return Report(state, as_text(data.get("message")), at)


def _stop(data: dict[str, Any]) -> StopRequest:
    by, reason = as_text(data.get("by")) or "user", as_reason(data.get("reason")) or "Stopped"
    return StopRequest(by, reason, as_text(data.get("message")))


def stop_object(stop: StopRequest, grace: float) -> dict[str, Any]:
    """The request as it stands in the file `stop`."""
    return {"by": stop.by, "reason": stop.reason, "message": stop.message, "grace": grace}
