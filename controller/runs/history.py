"""A project's history: its newest runs as their folders tell them, and what a run printed."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from controller.core.detail import RunView
from controller.core.exits import Exit
from controller.core.observed import Report, Result
from controller.files import read_some
from controller.runs import records
from controller.runs.documents import moment, read_object
from controller.runs.files import open_plain
from controller.runs.meta import Meta, read_meta
from controller.runs.printed import plain
from controller.runs.redacted import Redact, redacted
from controller.runs.verdicts import read_verdict, verdict_of

RUNS = 10
"""So many runs are told."""
SCANNED = 1000
"""At most so many folders are opened in the search for a project's runs."""
TAIL_LINES = 20
TAIL_BYTES = 65_536
"""How much of the end of output.log is read for its last lines."""


def history(
    root: Path,
    project: str,
    judge: Callable[[Exit, Report | None], Result],
    redact: Redact = str,
) -> tuple[RunView, ...]:
    """The newest runs of a project, at most `RUNS`, the newest first.

    Nothing is written, nothing judged anew. A slug is for life, and the newest run under it bears
    the name that its project has now.

    Args:
        root: The runs' folder.
        project: The project's name.
        judge: What the end of a run means whose verdict was not kept, by its records alone: where
            the loop has not come to it yet, or it is of an earlier version.
        redact: Takes secrets out of what an agent said.
    """
    try:
        names = sorted((entry.name for entry in os.scandir(root)), reverse=True)[:SCANNED]
    except OSError:
        return ()
    owners: dict[str, str] = {}
    found: list[RunView] = []
    for name in names:
        meta = read_meta(root / name)
        if meta is None:
            continue
        if owners.setdefault(meta.slug, meta.project) == project:
            found.append(_view(root / name, meta, judge, redact))
            if len(found) == RUNS:
                break
    return tuple(found)


def tail(
    folder: Path, lines: int = TAIL_LINES, clean: Callable[[str], str] = plain
) -> tuple[str, ...]:
    """The last lines that a run printed; without a log, those of its record.

    Args:
        folder: The run's.
        lines: At most so many.
        clean: Takes the escapes out, all or some.
    """
    text = ""
    for name in ("output.log", "output.log.1"):
        text = clean(_end_of(folder / name)) + text
        if text.count("\n") > lines:
            break
    if not text:
        end = records.read_exit(folder)
        text = clean("\n".join(end.tail)) if end else ""
    return tuple(line.rstrip() for line in text.splitlines()[-lines:])


def _view(
    folder: Path, meta: Meta, judge: Callable[[Exit, Report | None], Result], redact: Redact
) -> RunView:
    end = records.read_exit(folder)
    started_at = end.started_at if end else None
    if started_at is None and (data := read_object(folder / "started.json")):
        started_at = moment(data.get("at"))
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
    found = read_verdict(folder) or verdict_of(judge(end, records.read_reports(folder).state))
    verdict = redacted(found, redact)
    return replace(
        run,
        ended_at=end.ended_at,
        ending=verdict.ending.value,
        reason=verdict.reason,
        message=verdict.message,
        status=verdict.status,
    )


def _end_of(path: Path) -> str:
    """The end of a log, from the start of a line where more came before.

    The agent can put anything there: what is no plain file is not read.
    """
    try:
        with open_plain(path) as file:
            before = max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES)
            file.seek(before)
            content = read_some(file, TAIL_BYTES)
    except OSError:
        return ""
    if before:
        content = content.partition(b"\n")[2] or content
    return content.decode("utf-8", "replace")
