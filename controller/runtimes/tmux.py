"""Sessions in a tmux server of our own, on a private socket.

A person attaches to them with plain tmux; the controller sees them all with one call, and knows
its own by a mark on the pane, never by the session's name.
"""

import shlex
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from controller.core.errors import NotFound
from controller.core.observed import NoServer, Observation, Session, Sessions, Unknown
from controller.runtimes.base import RuntimeFault, StartRequest, UnmarkedSession, check_batch
from controller.runtimes.socket_path import check_socket_path
from controller.runtimes.tmux_adopt import (
    ALL_PANES,
    adopt_script,
    find_pane,
    handle,
    pane_of,
    parse_panes,
    read_words,
    release_script,
)
from controller.runtimes.tmux_calls import OnCall
from controller.runtimes.tmux_client import Client
from controller.runtimes.tmux_listing import Listing, split_id
from controller.runtimes.tmux_lost import BEGUN_PANES, clear_script, watch_script
from controller.runtimes.tmux_mark import check_owner
from controller.runtimes.tmux_process import recall_server, room_for_sessions
from controller.runtimes.tmux_refusals import (
    name_taken,
    no_room,
    not_adoptable,
    not_started,
    server_missing,
)
from controller.runtimes.tmux_row import unescape_row
from controller.runtimes.tmux_script import quote, remove_script, session_target, start_script
from controller.runtimes.tmux_server import ServerExited, ServerGone
from controller.runtimes.tmux_tell import Typist


class TmuxRuntime:
    """A runtime whose sessions are tmux sessions.

    Args:
        socket: The server's socket, absolute, at most 107 bytes.
        owner: The word in our marks; another controller on the same server has another.
        shim: The argv, without the run's folder, that runs in every session.
        environment: All that the server and so the sessions have in their environment.
        configuration: Where the server's configuration file is written.
        deadline: Seconds that any one call to tmux may take; each session to start or to remove
            adds 0.03.
        on_call: Told of every call to tmux.
        external: Whether the server is run elsewhere: it is never started here, and neither its
            process nor those in its sessions can be seen.

    Raises:
        TerminalError: The socket's path is relative or too long.
        ValueError: The owner or the shim is no word for tmux.
    """

    kind = "tmux"

    def __init__(
        self,
        socket: Path,
        *,
        owner: str,
        shim: Sequence[str],
        environment: Mapping[str, str],
        configuration: Path,
        deadline: float = 5.0,
        on_call: OnCall = lambda *_: None,
        external: bool = False,
    ) -> None:
        self._socket = check_socket_path(socket)
        self._owner = check_owner(owner)
        if not shim:
            raise ValueError("a shim is needed: tmux hands a lone argument to a shell")
        for word in shim:
            quote(word)
        self._shim = tuple(shim)
        self._configuration = configuration.absolute()
        self._client = Client(self._socket, environment, deadline, on_call, external=external)
        self._typist = Typist(self._client, owner)

    def observe(self) -> Observation:
        """See every session that carries our mark, in one call whatever their number."""
        try:
            listing = self._client.recalling(self._client.panes)
        except ServerGone:
            return NoServer()
        except RuntimeFault as fault:
            return Unknown(fault.reason, fault.message)
        return Sessions(listing.sessions(self._owner), listing.server)

    def start(self, requests: Sequence[StartRequest]) -> Mapping[str, RuntimeFault]:
        """Start sessions, all in one call; a server of our own is started where there is none."""
        if not requests:
            return {}
        check_batch(requests)
        room, limit = room_for_sessions(self._client.server_pid)
        fitting, excess = requests[:room], requests[room:]
        faults = {request.run: no_room(limit) for request in excess}
        if not fitting:
            return faults
        script = start_script(self._owner, self._shim, fitting)
        try:
            reply = self._client.source("new-session", script)
        except ServerExited:
            # Some may have begun, and be ending: not a second time without a look.
            raise
        except ServerGone:
            if self._client.external:
                missing = server_missing(self._socket)
                return {request.run: missing for request in requests}
            if not recall_server(self._socket):
                self._client.boot(self._configuration)
            reply = self._client.source("new-session", script)
        listing = self._client.read(reply)
        started = {session.run for session in listing.sessions(self._owner)}
        absent = [request for request in fitting if request.run not in started]
        for name, run in ((request.name, request.run) for request in absent):
            faults[run] = not_started(name, reply.stderr, self._taken(name, listing))
        return faults

    def remove(self, sessions: Sequence[Session]) -> None:
        """Remove the sessions' own panes; a pane that the user opened beside one stays."""
        if not sessions:
            return
        script = remove_script(self._owner, sessions)
        try:
            reply = self._client.recalling(lambda: self._client.source("kill-pane", script))
        except ServerGone:
            return
        if reply.returncode:
            raise RuntimeFault(
                "RemoveFailed", f"tmux did not remove the sessions: {'; '.join(reply.stderr)}"
            )

    def clear(self, runs: Collection[str]) -> None:
        """Remove the panes that were begun for the runs, and carry no mark any more."""
        try:
            server, *rows = self._client.recalling(lambda: self._client.ask(*BEGUN_PANES))
            script = clear_script(self._shim, runs, server, rows)
            if script:
                self._client.source("kill-pane", script)
        except ServerGone:
            return

    def tell(self, session: Session, text: str, keys: Sequence[str] = ()) -> None:
        """Type a text to what runs in the session, and send it."""
        self._typist.tell(session, text, keys)

    def watch(self, session: Session, folder: Path) -> None:
        """Start a shim that watches over the session's process."""
        script = watch_script(self._owner, self._shim, session, folder)
        with suppress(ServerGone):
            self._client.source("new-session", script)

    def unmarked(self, name: str) -> UnmarkedSession:
        """The session of just that name, which nobody has marked."""
        if self._client.external:
            raise not_adoptable()
        make = shlex.join(("tmux", "-S", str(self._socket), "new-session", "-s", "NAME"))
        try:
            server, *rows = self._client.recalling(lambda: self._client.ask(*ALL_PANES))
        except ServerGone:
            server, rows = "", []
        pane = find_pane(name, parse_panes(rows), self._owner, make)
        # By itself: a folder's name may hold line ends, and whatever else breaks a row.
        _, *path = self._client.ask("display-message", "-p", "-t", pane.id, "#{pane_current_path}")
        folder = unescape_row("\n".join(path))
        return UnmarkedSession(
            id=handle(pane, server),
            name=pane.name,
            pid=pane.pid,
            folder=folder if folder.startswith("/") else "/",
            argv=read_words(pane.pid),
        )

    def adopt(
        self, session: UnmarkedSession, request: StartRequest, *, watched: bool = False
    ) -> None:
        """Mark the session's pane, name the session, and start a shim that watches over it."""
        script = adopt_script(self._owner, self._shim, session, request, watched=watched)
        reply = self._client.recalling(lambda: self._client.source("new-session", script))
        listing = self._client.read(reply)
        ours = {(found.id, found.run) for found in listing.sessions(self._owner)}
        if (pane_of(session.id), request.run) in ours:
            return
        if f"duplicate session: {request.name}" in reply.stderr:
            raise NotFound("SessionNameTaken", self._taken(request.name, listing))
        raise NotFound(
            "SessionChanged", f"The session {session.name} has changed just now: look again."
        )

    def release(self, session: UnmarkedSession, run: str) -> None:
        """Take our mark off the pane, if it is of that run."""
        script = release_script(self._owner, session, run)
        with suppress(ServerGone):
            self._client.recalling(lambda: self._client.source("new-session", script))

    def screen(self, session: Session, lines: int, *, colours: bool = False) -> str:
        """The last lines of the session's screen, as text without escapes."""
        pane, server = split_id(session.id)
        captured = self._client.capture(pane, lines, colours=colours)
        if captured[:1] != [server]:
            raise RuntimeFault("SessionGone", f"The session {session.name} is gone.")
        text = "\n".join(captured[1:]).rstrip().split("\n")
        return "\n".join(line.rstrip() for line in text[-lines:])

    def attach_argv(self, name: str) -> tuple[str, ...]:
        """The command with which a person attaches to the session of that name."""
        self._client.check_socket()
        return (*self._tmux, "attach-session", "-t", session_target(name))

    @property
    def _tmux(self) -> tuple[str, ...]:
        # -N: attaching where there is no server would start one with the user's configuration.
        return ("tmux", "-u", "-N", "-S", str(self._socket))

    def _taken(self, name: str, listing: Listing) -> str:
        return name_taken(name, self._owner, listing, self._tmux)
