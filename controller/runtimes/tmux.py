"""Sessions in a tmux server of our own, on a private socket.

A person attaches to them with plain tmux; the controller sees them all with one call, and knows
its own by a mark on the pane, never by the session's name.
"""

import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from controller.core.errors import NotFound
from controller.core.observed import NoServer, Observation, Session, Sessions, Unknown
from controller.runtimes.base import (
    RuntimeFault,
    StartRequest,
    UnmarkedSession,
    check_batch,
    check_name,
)
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
from controller.runtimes.tmux_calls import OnCall, told
from controller.runtimes.tmux_listing import IDENTITY, LISTING, WHO, Listing, Parser, split_id
from controller.runtimes.tmux_mark import check_owner
from controller.runtimes.tmux_process import recall_server, room_for_sessions
from controller.runtimes.tmux_script import quote, remove_script, start_script
from controller.runtimes.tmux_server import PrivateServer, Reply, ServerExited, ServerGone

_Answer = TypeVar("_Answer")

_EMPTY = {"no current target", "no current session", "no sessions"}
"""What versions of tmux say when a server without sessions is asked to list panes."""


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
    ) -> None:
        self._socket = check_socket_path(socket)
        self._owner = check_owner(owner)
        if not shim:
            raise ValueError("a shim is needed: tmux hands a lone argument to a shell")
        for word in shim:
            quote(word)
        self._shim = tuple(shim)
        self._configuration = configuration.absolute()
        self._server = PrivateServer(self._socket, deadline=deadline, environment=environment)
        self._parser = Parser()
        self._server_pid: int | None = None
        self._on_call = on_call

    def observe(self) -> Observation:
        """See every session that carries our mark, in one call whatever their number."""
        try:
            listing = self._recalling(self._list)
        except ServerGone:
            return NoServer()
        except RuntimeFault as fault:
            return Unknown(fault.reason, fault.message)
        return Sessions(listing.sessions(self._owner), listing.server)

    def start(self, requests: Sequence[StartRequest]) -> Mapping[str, RuntimeFault]:
        """Start sessions, all in one call; a server is started where there is none."""
        if not requests:
            return {}
        check_batch(requests)
        room, limit = room_for_sessions(self._server_pid)
        fitting, excess = requests[:room], requests[room:]
        faults = {request.run: _no_room(limit) for request in excess}
        if not fitting:
            return faults
        script = start_script(self._owner, self._shim, fitting)
        try:
            reply = self._source("new-session", script)
        except ServerExited:
            # Some may have begun, and be ending: not a second time without a look.
            raise
        except ServerGone:
            if not recall_server(self._socket):
                with told(self._on_call, "start-server"):
                    self._server.boot(self._configuration)
            reply = self._source("new-session", script)
        listing = self._read(reply)
        started = {session.run for session in listing.sessions(self._owner)}
        missing = [request for request in fitting if request.run not in started]
        return faults | {request.run: self._why(request, reply, listing) for request in missing}

    def remove(self, sessions: Sequence[Session]) -> None:
        """Remove the sessions' own panes; a pane that the user opened beside one stays."""
        if not sessions:
            return
        script = remove_script(self._owner, sessions)
        try:
            reply = self._recalling(lambda: self._source("kill-pane", script))
        except ServerGone:
            return
        if reply.returncode:
            raise RuntimeFault(
                "RemoveFailed", f"tmux did not remove the sessions: {'; '.join(reply.stderr)}"
            )

    def unmarked(self, name: str) -> UnmarkedSession:
        """The session of just that name, which nobody has marked."""
        make = shlex.join(("tmux", "-S", str(self._socket), "new-session", "-s", "NAME"))
        try:
            server, *rows = self._recalling(lambda: self._ask(*ALL_PANES))
        except ServerGone:
            server, rows = "", []
        pane = find_pane(name, parse_panes(rows), self._owner, make)
        # By itself: a folder's name may hold line ends, and whatever else breaks a row.
        _, *path = self._ask("display-message", "-p", "-t", pane.id, "#{pane_current_path}")
        folder = "\n".join(path)
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
        reply = self._recalling(lambda: self._source("new-session", script))
        listing = self._read(reply)
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
        try:
            self._recalling(lambda: self._source("new-session", script))
        except ServerGone:
            return

    def screen(self, session: Session, lines: int) -> str:
        """The last lines of the session's screen, as text without escapes."""
        pane, server = split_id(session.id)
        capture = ("capture-pane", "-p", "-J", "-t", pane, "-S", f"-{lines}")
        with told(self._on_call, "capture-pane"):
            reply = self._server.cmd("display-message", "-p", IDENTITY, ";", *capture)
        if reply.stdout[:1] != [server] or reply.returncode:
            raise RuntimeFault("SessionGone", f"The session {session.name} is gone.")
        text = "\n".join(reply.stdout[1:]).rstrip().split("\n")
        return "\n".join(line.rstrip() for line in text[-lines:])

    def attach_argv(self, name: str) -> tuple[str, ...]:
        """The command with which a person attaches to the session of that name."""
        check_name(name)
        # -N: attaching where there is no server would start one with the user's configuration.
        return (*self._client, "attach-session", "-t", f"={name}")

    @property
    def _client(self) -> tuple[str, ...]:
        return ("tmux", "-u", "-N", "-S", str(self._socket))

    def _list(self) -> Listing:
        with told(self._on_call, "list-panes"):
            reply = self._server.cmd(*LISTING)
            if reply.returncode and not _EMPTY.intersection(reply.stderr):
                raise _nonsense(reply)
            return self._read(reply)

    def _ask(self, *command: str) -> list[str]:
        """Who the server is, then what it answers."""
        with told(self._on_call, "list-panes"):
            reply = self._server.cmd(*WHO, ";", *command)
            if not reply.stdout or (reply.returncode and not _EMPTY.intersection(reply.stderr)):
                raise _nonsense(reply)
            return reply.stdout

    def _source(self, command: str, script: str) -> Reply:
        with told(self._on_call, command):
            reply = self._server.source(script)
            if reply.returncode < 0:
                raise _nonsense(reply)
            return reply

    def _read(self, reply: Reply) -> Listing:
        listing = self._parser.read(reply.stdout)
        if listing is None:
            raise _nonsense(reply)
        self._server_pid = listing.server_pid
        return listing

    def _recalling(self, call: Callable[[], _Answer]) -> _Answer:
        try:
            return call()
        except ServerGone:
            self._server_pid = None
            if not recall_server(self._socket):
                raise
            return call()

    def _why(self, request: StartRequest, reply: Reply, listing: Listing) -> RuntimeFault:
        if f"duplicate session: {request.name}" not in reply.stderr:
            said = [line for line in reply.stderr if not line.startswith("duplicate session: ")]
            return RuntimeFault(
                "StartFailed",
                f"tmux did not start the session {request.name}: "
                f"{'; '.join(said) or 'it gave no reason'}.",
            )
        return RuntimeFault("SessionNameTaken", self._taken(request.name, listing))

    def _taken(self, name: str, listing: Listing) -> str:
        """Whose session has a name that another was to have, and what to do."""
        panes = [pane for pane in listing.panes if pane.session.name == name]
        if not panes:
            holder = "was not started by CTO Sidekick, or holds a pane that somebody opened in it"
        elif panes[0].owner == self._owner:
            holder = f"still holds the run {panes[0].session.run}"
        else:
            holder = f"belongs to another controller ({panes[0].owner})"
        end = shlex.join((*self._client, "kill-session", "-t", f"={name}"))
        return (
            f"There is a session {name} already, and it {holder}. Look into it, then "
            f"end it with: {end}"
        )


def _nonsense(reply: Reply) -> RuntimeFault:
    said = "; ".join(reply.stderr or reply.stdout[:1]) or "it said nothing"
    return RuntimeFault(
        "TmuxFailed", f"tmux gave no usable answer (exit code {reply.returncode}): {said[:300]}."
    )


def _no_room(limit: int) -> RuntimeFault:
    return RuntimeFault(
        "TooManyOpenFiles",
        f"The tmux server may open {limit} files, too few for one session more: end some sessions, "
        "or raise the limit (ulimit -n) and start the server anew.",
    )
