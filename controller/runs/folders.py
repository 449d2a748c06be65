"""The runs' folders: made for a start, read each tick, asked to end, swept."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from controller.core.errors import TransientError
from controller.core.observed import Result, StopRequest
from controller.files import make, make_folder, not_permitted
from controller.runs import records, sweep
from controller.runs.asked import ask_for_sweeps, is_told
from controller.runs.entry import RESERVE, Entry, is_guarded, is_unwatched
from controller.runs.files import clear_away, is_folder, reserve, write_record
from controller.runs.meta import Meta, dump_meta
from controller.runs.records import Record
from controller.runs.roll import Roll, forget_secrets, know_none
from controller.runs.spec import Spec
from controller.runs.stream import Fold

RESERVE_BYTES = 16_384
"""Room that is taken before a run starts, so that its end can be told on a full disk: a record's
last lines hold 10 kB of plain text."""


class RunsUnavailable(TransientError):
    """The runs' folder cannot be read or written just now."""


@dataclass(slots=True)
class RunFolders:
    """All runs under one folder.

    Only unfinished runs and each project's newest one are kept in memory and looked at.

    Args:
        root: The folder; made at need, 0700.
        fold_of: Name of an agent → what its events mean just now; None where it is not known.
        external: Whether the runs' processes are in another container: who is there is asked to
            end them, see `controller.host`.
    """

    root: Path
    fold_of: Callable[[str], Fold | None] = know_none
    external: bool = False
    _roll: Roll = field(init=False)
    _seen: Mapping[str, Record] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Nothing is known before `load`."""
        self._roll = Roll(self.root, self.fold_of)

    def load(self) -> None:
        """Read every run that is kept, and of all others no more than whose they are.

        Raises:
            RunsUnavailable: The folder cannot be read or made.
        """
        try:
            make_folder(self.root)
            self._roll.load()
        except OSError as error:
            raise _unavailable(self.root, error) from error

    def look(self) -> Mapping[str, Record]:
        """The runs as they are now: two quick calls for each that is not finished.

        The same object as before where nothing changed.
        """
        self._roll.look()
        found = {name: entry.record for name, entry in self._roll.entries.items()}
        if found != self._seen:
            self._seen = found
        return self._seen

    def learn(self, run: str) -> bool:
        """Take in a run whose folder another process made.

        Returns:
            Whether it is known now; False where it has no folder, or is over and not its
            project's newest.
        """
        return self._roll.learn(run)

    def unwatched(self, run: str) -> bool:
        """Whether a run's agent lives and every process that watched over it is gone.

        Where the agent itself cannot be seen, as from another container, nothing is said of them.
        """
        return is_unwatched(self.root / run)

    def guarded(self, run: str) -> bool:
        """Whether a process that watches over a run lives."""
        return is_guarded(self.root / run)

    def unfinished(self) -> tuple[str, ...]:
        """Ids of the runs whose end nobody told yet."""
        return tuple(
            name for name, entry in self._roll.entries.items() if entry.record.exit is None
        )

    def new_id(self, now: datetime) -> str:
        """An id that sorts behind every id given before, even where the clock jumped back."""
        return self._roll.new_id(now)

    def create(
        self,
        run: str,
        spec: Spec,
        meta: Meta,
        prompt: str,
        environment: Mapping[str, str],
        files: Mapping[str, str] = MappingProxyType({}),
    ) -> Path:
        """Make a run's folder, whole, before its session starts.

        Raises:
            RunsUnavailable: It could not be written.
        """
        folder = self.root / run
        try:
            # Somebody may have cleared the folder of all runs away since it was loaded.
            make_folder(self.root)
            folder.mkdir(mode=0o700)
        except OSError as error:
            # The next try has another id: a message that names it would be a new one each time.
            raise _unavailable(self.root, error) from error
        try:
            # The folder is new and nobody looks into it yet; without meta.json, the last file, it
            # is no run's. So nothing needs to be written aside and renamed.
            make(f"{folder}/prompt", prompt.encode("utf-8", "surrogatepass"))
            make(f"{folder}/env", json.dumps(dict(environment)).encode())
            make(f"{folder}/spec.json", spec.dump(run, environment))
            for name, content in files.items():
                make(f"{folder}/{name}", content.encode("utf-8", "surrogatepass"))
            reserve(f"{folder}/{RESERVE}", RESERVE_BYTES)
            make(f"{folder}/meta.json", dump_meta(meta))
        except OSError as error:
            clear_away(folder)
            raise _unavailable(self.root, error) from error
        self._roll.add(run, meta)
        return folder

    def discard(self, run: str) -> None:
        """Take away the folder of a run that never had a session."""
        self._roll.entries.pop(run, None)
        clear_away(self.root / run)

    def request_stop(self, run: str, stop: StopRequest, grace: float) -> None:
        """Ask a run to end; the first request stands.

        Raises:
            RunsUnavailable: It could not be written.
        """
        entry = self._roll.entries[run]
        if entry.record.stop is not None:
            return
        try:
            document = records.stop_object(stop, grace)
            write_record(self.root / run / "stop", json.dumps(document).encode())
        except OSError as error:
            raise _unavailable(self.root / run, error) from error
        entry.record = replace(entry.record, stop=records.read_stop(self.root / run) or stop)

    def sweep_all(self, runs: Collection[str]) -> Mapping[str, RunsUnavailable]:
        """Sweep runs; where others are to do it, they are asked for all of them at once.

        Returns:
            Run → why it was not swept, for those that were not; they may be asked for again.
        """
        elsewhere = [self.root / run for run in runs if self.external]
        unasked = ask_for_sweeps([folder for folder in elsewhere if is_folder(folder)])
        faults = {}
        for run in runs:
            folder = self.root / run
            try:
                if folder in unasked:
                    raise _unavailable(folder, unasked[folder])
                self.sweep(run)
            except RunsUnavailable as fault:
                faults[run] = fault
        return faults

    def sweep(self, run: str) -> int:
        """End every process that a run left behind, and record the run as lost.

        Where the folder is a copy of one whose agent works, that agent is left alone.

        Returns:
            How many processes were ended, as far as they could be seen.

        Raises:
            RunsUnavailable: A process would not end, or the record could not be written;
                `NotSwept`, whoever is to do it elsewhere has not done it yet.
        """
        folder = self.root / run
        if self.external and is_folder(folder) and not is_told(folder):
            raise RunsUnavailable(
                "NotSwept",
                "its session is gone, and nobody tells yet that its processes are: who runs "
                "the tmux server must be there (in compose: docker compose up -d agents)",
            )
        leftovers = sweep.end_all(run, folder)
        if leftovers.alive:
            raise RunsUnavailable(
                "ProcessesLeft",
                f"processes {sorted(leftovers.alive)} of run {run} do not end; end them by hand",
            )
        forget_secrets(folder)  # whoever was to read them is gone, or reads them elsewhere
        if run in self._roll.entries:
            try:
                self._roll.entries[run].record_loss(len(leftovers.ended), leftovers.elsewhere)
            except OSError as error:
                raise _unavailable(folder, error) from error
        return len(leftovers.ended)

    def keep(self, run: str, result: Result) -> None:
        """Note beside a run that is over what was made of it: for its history, and the next start.

        What cannot be written is made anew by the next controller.

        Args:
            run: The run's id.
            result: Its end, as its agent judges it, without secrets.
        """
        if entry := self._roll.entries.get(run):
            entry.keep(result)

    def rename(self, old: str, new: str) -> None:
        """Note on a project's runs that its row bears another name now.

        Raises:
            RunsUnavailable: It could not be written.
        """
        for entry in self._roll.entries.values():
            if entry.record.meta.project == old:
                self._note(entry, replace(entry.record.meta, project=new))

    def note_answer(self, run: str, answer: str) -> None:
        """Note on a run that it was given a person's answer.

        Raises:
            RunsUnavailable: It could not be written.
        """
        if entry := self._roll.entries.get(run):
            self._note(entry, replace(entry.record.meta, answered=answer))

    def _note(self, entry: Entry, meta: Meta) -> None:
        """Write the notes of a run anew."""
        folder = self.root / entry.record.id
        try:
            write_record(folder / "meta.json", dump_meta(meta))
        except OSError as error:
            raise _unavailable(folder, error) from error
        entry.record = replace(entry.record, meta=meta)


def _unavailable(path: Path, error: OSError) -> RunsUnavailable:
    if isinstance(error, PermissionError):
        return RunsUnavailable("RunsUnavailable", not_permitted(path))
    text = f"{path}: {error.strerror or error}; check the disk and the folder's owner"
    return RunsUnavailable("RunsUnavailable", text)
