"""Orders: the user's words about one project, given by command or over the network.

Each is written where the user's own hand would have written it: into the row's Status cell, or as
a request into the run's folder. So it holds with and without a running controller.
"""

from collections.abc import Callable
from datetime import datetime

from controller.core import row as columns
from controller.core.errors import NotFound, TransientError
from controller.core.names import pick
from controller.core.observed import RESTART, StopRequest
from controller.core.row import Row
from controller.core.versions import stamp
from controller.core.words import Status, status_of
from controller.fleet import Fleet
from controller.runs.folders import RunFolders
from controller.sources.base import Edit, Source

TRIES = 5
_RESUME_REFUSED = "to run it again: restart it, or type Pending into its Status"
_PAUSE_REFUSED = f"nothing of it runs, so there is nothing to pause; {_RESUME_REFUSED}"


class Orders:
    """Gives orders.

    Args:
        source: The list.
        runs: The runs' folders, loaded.
        fleet: Where the reasons for an order are kept.
        grace: Seconds from SIGTERM to SIGKILL of an agent that is to restart.
        clock: The time, with its zone.
    """

    def __init__(
        self,
        source: Source,
        runs: RunFolders,
        fleet: Fleet,
        grace: float,
        clock: Callable[[], datetime],
    ) -> None:
        self._source = source
        self._runs = runs
        self._fleet = fleet
        self._grace = grace
        self._clock = clock

    def pause(self, name: str, message: str = "") -> str:
        """Stop the project and keep its conversation; returns its full name.

        Completed work is refused: `Paused`, and `resume` after it, would have it done again.

        Raises:
            NotFound: No such project, several, or it is completed.
            SidekickError: The list cannot be read or written.
        """
        return self._type(name, Status.PAUSED, message, refuse=_PAUSE_REFUSED)

    def resume(self, name: str, message: str = "") -> str:
        """Let a paused or blocked project go on; returns its full name.

        Raises:
            NotFound: No such project, several, or it is completed.
            SidekickError: The list cannot be read or written.
        """
        return self._type(name, Status.PENDING, message, refuse=_RESUME_REFUSED)

    def restart(self, name: str, message: str = "") -> str:
        """End the project's run and start it again; one that does not run is asked to run.

        A completed project works again from the start. Returns the full name.

        Raises:
            NotFound: No such project, or several.
            SidekickError: The list cannot be read or written, or the run's folder cannot.
        """
        full = pick(name, self._names())
        living = [
            record
            for record in self._runs.look().values()
            if record.meta.project == full and record.exit is None and record.stop is None
        ]
        if not living:
            return self._type(full, Status.PENDING, message)
        stop = StopRequest("user", RESTART, message or "asked to restart")
        for record in living:
            self._runs.request_stop(record.id, stop, self._grace)
        return full

    def answer(self, name: str, text: str) -> str:
        """Give a waiting project's agent its answer; returns the full name.

        Raises:
            NotFound: No such project, several, or it waits for nobody.
            SidekickError: The list cannot be read, or the answer not be kept.
        """
        row = self._row(name)
        full, status = row.cell(columns.PROJECT), row.cell(columns.STATUS)
        if status_of(status) is not Status.WAITING:
            raise NotFound(
                "NotWaiting",
                f"{full} waits for no answer (its Status is {status or 'empty'}); to tell it "
                "something else, edit its Next Action",
            )
        self._fleet.answer(full, text, self._clock())
        return full

    def _names(self) -> list[str]:
        return [name for row in self._source.read().rows if (name := row.cell(columns.PROJECT))]

    def _type(self, name: str, status: Status, message: str, refuse: str = "") -> str:
        """Write the word into the row's Status cell, as an editor would.

        With `refuse`, a completed project raises NotFound with that text as what to do.
        """
        if refusal := self._source.refusal():
            raise TransientError("ListReadOnly", refusal)
        for _ in range(TRIES):
            row = self._row(name)
            full = row.cell(columns.PROJECT)
            written = status_of(row.cell(columns.STATUS))
            if refuse and written is Status.COMPLETED:
                raise NotFound(written.value, f"{full} is completed; {refuse}")
            cells = {columns.STATUS: status.value}
            if written is status:
                # The same word again is a word only with another Last Update: so pausing a row
                # that the controller itself has paused keeps it so.
                cells[columns.LAST_UPDATE] = stamp(self._clock())
            self._fleet.note(full, message)
            if not self._source.write([Edit(row, cells, order=True)]).conflicts:
                return full
        raise TransientError("ListBusy", "the list changes all the time; try again in a moment")

    def _row(self, name: str) -> Row:
        rows = self._source.read().rows
        full = pick(name, [text for row in rows if (text := row.cell(columns.PROJECT))])
        found = [row for row in rows if row.cell(columns.PROJECT) == full]
        if len(found) > 1:
            raise NotFound("DuplicateProject", f"{len(found)} rows bear the name {full}")
        return found[0]
