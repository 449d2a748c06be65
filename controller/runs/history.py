"""A project's history: its newest runs as their folders tell them, and what a run printed."""

import os
import re
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from controller.core.detail import RunView
from controller.core.exits import Exit
from controller.core.observed import Report, Result
from controller.runs import records

RUNS = 10
"""So many runs are told."""
SCANNED = 1000
"""At most so many folders are opened in the search for a project's runs."""
TAIL_LINES = 20
TAIL_BYTES = 65_536
"""How much of the end of output.log is read for its last lines."""

Judge = Callable[[Exit, Report | None], Result]
"""What the end of a run means, given its agent's newest report."""

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC, DCS, SOS, PM, APC
    r"|\x1b[ -/]*[0-~]"  # other two-character sequences
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)


def plain(text: str) -> str:
    """The text without escapes and control characters, but for tabs and line ends."""
    return _ESCAPES.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def history(
    root: Path, project: str, run: str, judge_of: Callable[[str], Judge], last: int = RUNS
) -> tuple[RunView, ...]:
    """The newest runs of a project, the newest first.

    Args:
        root: The runs' folder.
        project: The project's name.
        run: Its newest run's id, by whose slug runs under an earlier name are known; may be empty.
        judge_of: Name of an agent → who judges the ends of its runs.
        last: At most so many.
    """
    try:
        names = sorted((entry.name for entry in os.scandir(root)), reverse=True)[:SCANNED]
    except OSError:
        return ()
    newest = records.read_meta(root / run) if run else None
    found: list[RunView] = []
    for name in names:
        meta = records.read_meta(root / name)
        if meta is None:
            continue
        if meta.project == project or (newest is not None and meta.slug == newest.slug):
            found.append(_view(root / name, meta, judge_of(meta.agent)))
            if len(found) == last:
                break
    return tuple(found)


def tail(folder: Path, lines: int = TAIL_LINES) -> tuple[str, ...]:
    """The last lines that a run printed, without escapes; without a log, those of its record."""
    text = ""
    for name in ("output.log", "output.log.1"):
        text = plain(_end_of(folder / name)) + text
        if text.count("\n") > lines:
            break
    if not text:
        end = records.read_exit(folder)
        text = plain("\n".join(end.tail)) if end else ""
    return tuple(line.rstrip() for line in text.splitlines()[-lines:])


def _view(folder: Path, meta: records.Meta, judge: Judge) -> RunView:
    end = records.read_exit(folder)
    started_at = end.started_at if end else None
    if started_at is None and (data := records.read_object(folder / "started.json")):
        started_at = records.moment(data.get("at"))
    run = RunView(
        id=folder.name,
        agent=meta.agent,
        demo=meta.demo,
        conversation=meta.conversation,
        created_at=meta.created_at,
        started_at=started_at,
    )
    if end is None:
        return run
    result = judge(end, records.read_reports(folder)[0])
    return replace(
        run,
        ended_at=result.at,
        ending=result.ending.value,
        reason=result.reason,
        message=result.message,
        status=result.status,
    )


def _end_of(path: Path) -> str:
    """The end of a log, from the start of a line where more came before.

    The agent can put anything there: what is no plain file is not read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return ""
        before = max(0, status.st_size - TAIL_BYTES)
        content = os.pread(descriptor, TAIL_BYTES, before)
    except OSError:
        return ""
    finally:
        os.close(descriptor)
    if before:
        content = content.partition(b"\n")[2] or content
    return content.decode("utf-8", "replace")
