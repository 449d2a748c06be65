"""An entry: one run in memory, kept in step with its folder."""

import json
import time
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from controller.core.exits import Cause, Exit
from controller.core.observed import Result
from controller.runs import records, sweep
from controller.runs.documents import moment, read_object
from controller.runs.files import is_folder, spend, write_record
from controller.runs.marks import Mark
from controller.runs.meta import Meta
from controller.runs.processes import lives
from controller.runs.records import Record
from controller.runs.stream import FoldOf, Stream
from controller.runs.verdicts import keep_verdict, verdict_of

RESERVE = ".reserve"
"""The file that keeps room on the disk for the last record."""
_LOST = "its session ended without a word; what it left behind was ended"
_COPIED = "this is a copy of a run whose agent works on from {}; that one was left alone"


class _Started(NamedTuple):
    """How a run began: when, as which process, and whether it was taken over."""

    at: datetime | None
    pid: int
    adopted: bool


class Entry:
    """A run, and what tells whether its folder says more.

    Args:
        folder: The run's folder; its name is the run's id.
        meta: The controller's own notes.
        fold_of: What its agent's events mean, as far as that is known.

    Attributes:
        record: The folder as it was last read.
    """

    def __init__(self, folder: Path, meta: Meta, fold_of: FoldOf) -> None:
        self._folder = folder
        self._stream = Stream(folder, fold_of) if meta.tells else None
        self._mark = Mark(str(folder))
        self._agent: tuple[object, object] = (None, None)
        self.record = Record(folder.name, meta)

    def stirred(self) -> bool:
        """Whether the folder may say more than when it was read."""
        return self._mark.stirred() or (self._stream is not None and self._stream.stirred())

    def read(self) -> None:
        """Take in what the folder says now; what is final is not read again."""
        known = self.record
        grown = self._mark.take()
        started = self._start()
        stop = known.stop or records.read_stop(self._folder)
        reports = known.reports
        if grown:
            reports = reports.after(records.read_reports(self._folder))
        end = records.read_exit(self._folder)
        if end is not None and started.at is None:
            started = self._start()  # it may have begun since
        if end is not None and lives(*self._agent) and not sweep.original_of(self._folder):
            end = None  # the agent's own work: the shim writes it when nothing is left
        if end is not None and end.started_at is None and started.at is not None:
            end = replace(end, started_at=started.at)
        facts = known.facts
        if self._stream is not None:
            facts = self._stream.conclude() if end else self._stream.read()
        work = records.read_work(self._folder) if end else None
        record = Record(
            known.id, known.meta, started.at, started.pid, started.adopted, stop, reports, end,
            facts, work,
        )  # fmt: skip
        if record != known:
            self.record = record

    def conclude(self) -> None:
        """Take in the events of a run that is over, where its agent was not known at its end."""
        if self._stream is not None and self._stream.owes():
            facts = self._stream.conclude()
            if facts != self.record.facts:
                self.record = replace(self.record, facts=facts)

    def keep(self, result: Result) -> None:
        """Note in the folder of a run that is over what was made of it.

        What cannot be written is made anew by the next controller.

        Args:
            result: The end, as its agent judges it, without secrets.
        """
        with suppress(OSError, ValueError):
            if self._stream is not None:
                self._stream.keep()
            keep_verdict(self._folder, verdict_of(result))

    def _start(self) -> _Started:
        """How the run began, from what is known already or from its folder."""
        known = self.record
        if known.started_at is None and (data := read_object(self._folder / "started.json")):
            self._agent = (data.get("pid"), data.get("start_ticks"))
            pid = data["pid"] if isinstance(data.get("pid"), int) else 0
            adopted = isinstance(data.get("shim"), list) and len(data["shim"]) == 1
            return _Started(moment(data.get("at")), pid, adopted)
        return _Started(known.started_at, known.pid, known.adopted)

    def record_loss(self, leftovers: int, elsewhere: Path | None = None) -> None:
        """Record that the run ended without a word, unless its folder tells of its end.

        Where the folder is gone, that its run is over is kept in memory alone.

        Args:
            leftovers: How many processes it left behind, which were ended.
            elsewhere: The folder whose agent it is, where this one is a copy of that.

        Raises:
            OSError: It could not be written.
        """
        text = _COPIED.format(elsewhere) if elsewhere else _LOST
        at = time.time()
        started = self.record.started_at
        document: dict[str, Any] = {
            "version": 1, "cause": "lost", "status": None, "signal": None, "reason": "ShimLost",
            "message": text, "stop": None, "started_at": started.timestamp() if started else None,
            "ended_at": at, "leftovers": leftovers, "tail": [],
        }  # fmt: skip
        if records.read_exit(self._folder) is not None:
            return
        if is_folder(self._folder):
            self._write_end(json.dumps(document).encode())
            return
        ended = moment(at)
        assert ended is not None
        end = Exit(Cause.LOST, ended, reason="ShimLost", message=text, leftovers=leftovers)
        self.record = replace(self.record, exit=replace(end, started_at=started))

    def _write_end(self, content: bytes) -> None:
        """Write the last record, on a full disk into the room that was kept for it."""
        reserved = self._folder / RESERVE
        try:
            write_record(self._folder / "exit.json", content)
            with suppress(OSError):
                reserved.unlink(missing_ok=True)
        except OSError as error:
            try:
                spend(reserved, self._folder / "exit.json", content)
            except OSError:
                raise error from None


def is_unwatched(folder: Path) -> bool:
    """Whether a run's agent lives and every process that watched over it is gone."""
    started = read_object(folder / "started.json") or {}
    agent = (started.get("pid"), started.get("start_ticks"))
    shims = started.get("shim")
    return isinstance(shims, list) and lives(*agent) and not _any_shim(shims, folder)


def is_guarded(folder: Path) -> bool:
    """Whether a process that watches over a run lives."""
    shims = (read_object(folder / "started.json") or {}).get("shim")
    return isinstance(shims, list) and _any_shim(shims, folder)


def _any_shim(pids: list[object], folder: Path) -> bool:
    return any(sweep.is_shim(pid, folder) for pid in pids if isinstance(pid, int))
