"""The runs' folders: made for a start, read each tick, asked to end, cleared away when old."""

import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from controller.core.errors import TransientError
from controller.core.observed import StopRequest
from controller.runs import records, sweep
from controller.runs.files import make, write_whole
from controller.runs.marks import Mark
from controller.runs.records import Meta, Record

SPEC_VERSION = 1
SWEEP_SECONDS = 30.0
"""Between two looks into every unfinished run's folder, whatever the times of change say."""
_ID = re.compile(r"[0-9]{17}-[0-9a-f]{6}")
"""What `new_id` gives."""


class RunsUnavailable(TransientError):
    """The runs' folder cannot be read or written just now."""


@dataclass(frozen=True, slots=True)
class Spec:
    """What the shim is told; docs/run-folder.md explains each field."""

    argv: tuple[str, ...]
    folder: str
    mode: str
    stdin: str | None
    grace: float
    log_bytes: int
    log_files: int


@dataclass(slots=True)
class _Entry:
    """A run in memory, and what tells whether its folder says more."""

    record: Record
    mark: Mark


@dataclass(slots=True)
class RunFolders:
    """All runs under one folder.

    Only unfinished runs and each project's newest one are kept in memory and looked at.

    Args:
        root: The folder; made at need, 0700.
    """

    root: Path
    _newest: int = 0
    _entries: dict[str, _Entry] = field(default_factory=dict)
    _seen: Mapping[str, Record] = field(default_factory=dict)
    _swept: float = 0.0

    def load(self) -> None:
        """Read every run that is kept.

        Raises:
            RunsUnavailable: The folder cannot be read or made.
        """
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            names = sorted(entry.name for entry in os.scandir(self.root) if entry.is_dir())
        except OSError as error:
            raise _unavailable(self.root, error) from error
        self._entries = {}
        self._newest = max((_number(name) for name in names), default=0)
        for name in names:
            folder = self.root / name
            meta = records.read_meta(folder)
            if meta is not None:
                self._entries[name] = self._entry(name, meta)
        self._forget_old()

    def look(self) -> Mapping[str, Record]:
        """The runs as they are now: two quick calls for each that is not finished.

        The same object as before where nothing changed.
        """
        due = time.monotonic() - self._swept >= SWEEP_SECONDS
        if due:
            self._swept = time.monotonic()
        for entry in self._entries.values():
            if entry.record.exit is None and (due or entry.mark.stirred()):
                self._read(entry)
        records = {name: entry.record for name, entry in self._entries.items()}
        if records != self._seen:
            self._seen = records
        return self._seen

    def learn(self, run: str) -> bool:
        """Take in a run whose folder another process made.

        Returns:
            Whether it is known now; False where it has no folder, or is over and not its
            project's newest.
        """
        if run in self._entries:
            return True
        if not _ID.fullmatch(run):
            return False
        meta = records.read_meta(self.root / run)
        if meta is None:
            return False
        self._entries[run] = self._entry(run, meta)
        self._newest = max(self._newest, _number(run))
        self._forget_old()
        return run in self._entries

    def unwatched(self, run: str) -> bool:
        """Whether a run's agent lives and every process that watched over it is gone.

        Where the agent itself cannot be seen, as from another container, nothing is said of them.
        """
        folder = self.root / run
        started = records.read_object(folder / "started.json") or {}
        watchers = started.get("shim")
        if not isinstance(watchers, list):
            return False
        if not sweep.lives(started.get("pid"), started.get("start_ticks")):
            return False
        return not any(sweep.is_shim(pid, folder) for pid in watchers if isinstance(pid, int))

    def unfinished(self) -> tuple[str, ...]:
        """Ids of the runs whose end nobody told yet."""
        return tuple(name for name, entry in self._entries.items() if entry.record.exit is None)

    def new_id(self, now: datetime) -> str:
        """An id that sorts behind every id given before, even where the clock jumped back."""
        self._newest = max(int(now.timestamp() * 1_000_000), self._newest + 1)
        return f"{self._newest:017d}-{secrets.token_hex(3)}"

    def create(
        self, run: str, spec: Spec, meta: Meta, prompt: str, environment: Mapping[str, str]
    ) -> Path:
        """Make a run's folder, whole, before its session starts.

        Raises:
            RunsUnavailable: It could not be written.
        """
        folder = self.root / run
        document: dict[str, Any] = {
            "version": SPEC_VERSION,
            "run": run,
            "argv": list(spec.argv),
            "folder": spec.folder,
            "environment": sorted(environment),
            "mode": spec.mode,
            "stdin": spec.stdin,
            "grace": spec.grace,
            "log_bytes": spec.log_bytes,
            "log_files": spec.log_files,
        }
        try:
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise _unavailable(folder, error) from error
        try:
            # The folder is new and nobody looks into it yet; without meta.json, the last file, it
            # is no run's. So nothing needs to be written aside and renamed.
            make(f"{folder}/prompt", prompt.encode("utf-8", "surrogatepass"))
            make(f"{folder}/env", json.dumps(dict(environment)).encode())
            make(f"{folder}/spec.json", json.dumps(document).encode())
            make(f"{folder}/meta.json", records.dump_meta(meta))
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise _unavailable(folder, error) from error
        self._entries[run] = _Entry(Record(run, meta), Mark(str(folder)))
        self._forget_old()
        return folder

    def discard(self, run: str) -> None:
        """Take away the folder of a run that never had a session."""
        self._entries.pop(run, None)
        shutil.rmtree(self.root / run, ignore_errors=True)

    def request_stop(self, run: str, stop: StopRequest, grace: float) -> None:
        """Ask a run to end; the first request stands.

        Raises:
            RunsUnavailable: It could not be written.
        """
        entry = self._entries[run]
        if entry.record.stop is not None:
            return
        try:
            document = records.stop_object(stop, grace)
            write_whole(self.root / run / "stop", json.dumps(document).encode())
        except OSError as error:
            raise _unavailable(self.root / run, error) from error
        entry.record = replace(entry.record, stop=records.read_stop(self.root / run) or stop)

    def sweep(self, run: str) -> int:
        """End every process that a run left behind, and record the run as lost.

        Returns:
            How many processes were ended.

        Raises:
            RunsUnavailable: A process would not end, or the record could not be written.
        """
        folder = self.root / run
        leftovers = sweep.end_all(run, folder)
        if leftovers.alive:
            raise RunsUnavailable(
                "ProcessesLeft",
                f"processes {sorted(leftovers.alive)} of run {run} do not end; end them by hand",
            )
        document = {
            "version": 1, "cause": "lost", "status": None, "signal": None, "reason": "ShimLost",
            "message": "its session ended without a word; what it left behind was ended",
            "stop": None, "started_at": None, "ended_at": time.time(),
            "leftovers": len(leftovers.ended), "tail": [],
        }  # fmt: skip
        if not folder.exists():
            self._entries.pop(run, None)
            return len(leftovers.ended)
        started = self._entries[run].record.started_at if run in self._entries else None
        if started:
            document["started_at"] = started.timestamp()
        try:
            if not (folder / "exit.json").exists():
                write_whole(folder / "exit.json", json.dumps(document).encode())
        except OSError as error:
            raise _unavailable(folder, error) from error
        return len(leftovers.ended)

    def rename(self, old: str, new: str) -> None:
        """Note on a project's runs that its row bears another name now.

        Raises:
            RunsUnavailable: It could not be written.
        """
        for name, entry in self._entries.items():
            if entry.record.meta.project == old:
                meta = replace(entry.record.meta, project=new)
                try:
                    write_whole(self.root / name / "meta.json", records.dump_meta(meta))
                except OSError as error:
                    raise _unavailable(self.root / name, error) from error
                entry.record = replace(entry.record, meta=meta)

    def _entry(self, name: str, meta: Meta) -> _Entry:
        entry = _Entry(Record(name, meta), Mark(str(self.root / name)))
        self._read(entry)
        return entry

    def _read(self, entry: _Entry) -> None:
        """Take in what the folder says now; what is final is not read again."""
        known, folder = entry.record, self.root / entry.record.id
        grown = entry.mark.take()
        started_at, pid = known.started_at, known.pid
        if started_at is None and (data := records.read_object(folder / "started.json")):
            started_at = records.moment(data.get("at"))
            pid = data["pid"] if isinstance(data.get("pid"), int) else 0
        stop = known.stop or records.read_stop(folder)
        report, progress = known.report, known.progress
        if grown:
            state, step = records.read_reports(folder)
            report, progress = state or report, step or progress
        end = records.read_exit(folder)
        if end is not None and end.started_at is None and started_at is not None:
            end = replace(end, started_at=started_at)
        record = Record(known.id, known.meta, started_at, pid, stop, report, progress, end)
        if record != known:
            entry.record = record

    def _forget_old(self) -> None:
        """Keep in memory what is unfinished, and each project's newest run."""
        newest: dict[str, str] = {}
        for name, entry in self._entries.items():
            project = entry.record.meta.project
            newest[project] = max(name, newest.get(project, ""))
        keep = set(newest.values())
        self._entries = {
            name: entry
            for name, entry in self._entries.items()
            if name in keep or entry.record.exit is None
        }


def _number(run: str) -> int:
    digits = run.partition("-")[0]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) == 17 else 0


def _unavailable(path: Path, error: OSError) -> RunsUnavailable:
    text = f"{path}: {error.strerror or error}; check the disk and the folder's owner"
    return RunsUnavailable("RunsUnavailable", text)
