"""How we ask tmux for every marked pane, and what it answers.

A row has its fields between unit separators, and none of them but the mark is a text that a
program in the pane could choose.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from controller.core.observed import Session
from controller.runtimes.tmux_mark import MARK, parse_mark
from controller.runtimes.tmux_row import SEPARATOR, unescape_row

IDENTITY = "#{pid}.#{start_time}"
"""Who the server is: the numbers of panes begin anew with every server."""

_COLUMNS = (
    "#{session_id}",
    "#{session_name}",
    "#{pane_id}",
    "#{pane_pid}",
    "#{pane_dead}",
    f"#{{{MARK}}}",
    "#{window_activity}",
)

WHO = ("display-message", "-p", IDENTITY)
PANES = ("list-panes", "-a", "-f", f"#{{{MARK}}}", "-F", SEPARATOR.join(_COLUMNS))
LISTING = (*WHO, ";", *PANES)
"""Who the server is, which also proves that it answered, then every marked pane."""

_SERVER = re.compile(r"\d+\.\d+")
_PANE = re.compile(r"%\d+")


@dataclass(frozen=True, slots=True)
class MarkedPane:
    """A pane with a mark, whoever's.

    Attributes:
        owner: Whose mark it is.
        session_number: The number in tmux's id of the pane's session.
        session: The session as the controller sees it.
    """

    owner: str
    session_number: int
    session: Session


@dataclass(frozen=True, slots=True)
class Listing:
    """One answer of a server.

    Attributes:
        server: The server's identity.
        panes: Every marked pane, once, in the order of their sessions' age.
    """

    server: str
    panes: tuple[MarkedPane, ...]

    @property
    def server_pid(self) -> int:
        """The server's process."""
        return int(self.server.partition(".")[0])

    def sessions(self, owner: str) -> tuple[Session, ...]:
        """The sessions of one owner."""
        return tuple(pane.session for pane in self.panes if pane.owner == owner)


def split_id(session_id: str) -> tuple[str, str]:
    """The pane and the server that a session's id names.

    Raises:
        ValueError: It is no id of this runtime's.
    """
    pane, _, server = session_id.partition("@")
    if not _PANE.fullmatch(pane) or not _SERVER.fullmatch(server):
        raise ValueError(f"not an id of a tmux session: {session_id!r}")
    return pane, server


class Parser:
    """Reads listings, and knows again what it read before: most rows differ in their activity."""

    def __init__(self) -> None:
        self._server = ""
        self._rows: dict[str, MarkedPane | None] = {}

    def read(self, lines: Sequence[str]) -> Listing | None:
        """Read a listing; None where it is no answer of a tmux server.

        A malformed row, or a mark that we would not write, costs only itself.
        """
        if not lines or not _SERVER.fullmatch(lines[0]):
            return None
        before = self._rows if self._server == lines[0] else {}
        self._server, self._rows = lines[0], {}
        for line in lines[1:]:
            row, _, activity = unescape_row(line).rpartition(SEPARATOR)
            known = before[row] if row in before else _parse_row(row, lines[0])
            self._rows[row] = known and _with_activity(known, activity)
        return _listing(lines[0], self._rows.values())


def _listing(server: str, rows: Iterable[MarkedPane | None]) -> Listing:
    panes: dict[str, MarkedPane] = {}
    for pane in rows:
        if pane is None:
            continue
        # A window linked into a second session is listed twice; the older session is ours.
        known = panes.get(pane.session.id)
        if known is None or pane.session_number < known.session_number:
            panes[pane.session.id] = pane
    ordered = sorted(panes.values(), key=lambda pane: pane.session_number)
    return Listing(server, tuple(ordered))


def _with_activity(pane: MarkedPane, text: str) -> MarkedPane:
    """The pane with its newest activity; the same object where that is the same."""
    activity = int(text) if text.isascii() and text.isdigit() else 0
    if activity == pane.session.activity:
        return pane
    return replace(pane, session=replace(pane.session, activity=activity))


def _parse_row(line: str, server: str) -> MarkedPane | None:
    try:
        number, name, pane, pid, dead, mark = line.split(SEPARATOR)
        owner, run = parse_mark(mark)
        session_id = f"{pane}@{server}"
        split_id(session_id)
        alive = dead != "1"
        session = Session(
            id=session_id,
            name=name,
            run=run,
            alive=alive,
            pid=int(pid or 0) if alive else 0,
        )
        return MarkedPane(owner, int(number.removeprefix("$")), session)
    except ValueError:
        return None
