"""Our calls to the server, each told to whoever counts them, each answer held against its form."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from controller.runtimes.base import RuntimeFault
from controller.runtimes.tmux_calls import OnCall, told
from controller.runtimes.tmux_listing import IDENTITY, LISTING, WHO, Listing, Parser
from controller.runtimes.tmux_process import recall_server
from controller.runtimes.tmux_server import PrivateServer, Reply, ServerGone

_Answer = TypeVar("_Answer")

_EMPTY = {"no current target", "no current session", "no sessions"}
"""What versions of tmux say when a server without sessions is asked to list panes."""


class Client:
    """Asks one server.

    Args:
        socket: The server's socket, absolute, at most 107 bytes.
        environment: All that the server and so the sessions have in their environment.
        deadline: Seconds that any one call may take; each line of a script adds 0.03.
        on_call: Told of every call.
        external: Whether the server may be in another pid namespace, where its number means
            nothing here, and is run by somebody else.

    Attributes:
        server_pid: The server's process as the newest answer told it; None for none, and where
            it is external.
    """

    def __init__(
        self,
        socket: Path,
        environment: Mapping[str, str],
        deadline: float,
        on_call: OnCall,
        *,
        external: bool = False,
    ) -> None:
        self._socket = socket
        self._server = PrivateServer(socket, deadline=deadline, environment=environment)
        self._parser = Parser()
        self._on_call = on_call
        self.external = external
        self.server_pid: int | None = None

    def panes(self) -> Listing:
        """Every marked pane.

        Raises:
            RuntimeFault: The call failed; `ServerGone` where there is definitely no server.
        """
        with told(self._on_call, "list-panes"):
            reply = self._server.cmd(*LISTING)
            if reply.returncode and not _EMPTY.intersection(reply.stderr):
                raise _nonsense(reply)
            return self.read(reply)

    def check_socket(self) -> None:
        """See that the socket, where there is one, is our own.

        Raises:
            RuntimeFault: It is somebody else's.
        """
        self._server.check_socket()

    def ask(self, *command: str) -> list[str]:
        """Who the server is, then what it answers.

        Raises:
            RuntimeFault: The call failed.
        """
        with told(self._on_call, "list-panes"):
            reply = self._server.cmd(*WHO, ";", *command)
            if not reply.stdout or (reply.returncode and not _EMPTY.intersection(reply.stderr)):
                raise _nonsense(reply)
            return reply.stdout

    def capture(self, pane: str, lines: int, *, colours: bool = False) -> list[str]:
        """Who the server is, then the pane's last lines; empty where the pane is gone.

        With colours each line has the escapes that tmux itself makes for them.

        Raises:
            RuntimeFault: The call failed.
        """
        looks = ("-e",) if colours else ()
        capture = ("capture-pane", "-p", "-J", *looks, "-t", pane, "-S", f"-{lines}")
        with told(self._on_call, "capture-pane"):
            reply = self._server.cmd("display-message", "-p", IDENTITY, ";", *capture)
        return [] if reply.returncode else reply.stdout

    def glance(self, *command: str) -> list[str]:
        """What a pane shows; empty where it is gone.

        Raises:
            RuntimeFault: The call failed.
        """
        with told(self._on_call, "capture-pane"):
            reply = self._server.cmd(*command)
        return [] if reply.returncode else reply.stdout

    def paste(self, buffer: str, text: str, pane: str, same: str) -> None:
        """Paste a text, bracketed where the program asked for that; only while it is the same pane.

        Args:
            buffer: A name that nobody else uses.
            text: The text.
            pane: Where.
            same: The tmux format that is true while it is the one that is meant.

        Raises:
            RuntimeFault: The call failed.
        """
        do = f"paste-buffer -p -r -d -b {buffer} -t {pane}"
        with told(self._on_call, "paste-buffer"):
            reply = self._server.feed(
                text,
                *("load-buffer", "-b", buffer, "-", ";"),
                *("if-shell", "-F", "-t", pane, same, do, f"delete-buffer -b {buffer}"),
            )
            if reply.returncode:
                raise _nonsense(reply)

    def press(self, pane: str, condition: str, *key: str) -> bool:
        """Press a key, if a tmux format is true of the pane at that moment; whether it was.

        Raises:
            RuntimeFault: The call failed.
        """
        do = " ".join(("send-keys", "-t", pane, *key, ";", "display-message", "-p", "pressed"))
        with told(self._on_call, "send-keys"):
            reply = self._server.cmd("if-shell", "-F", "-t", pane, condition, do)
        return not reply.returncode and reply.stdout == ["pressed"]

    def source(self, command: str, script: str) -> Reply:
        """Let it read a script.

        Args:
            command: What the script is for, by the tmux command that does it.
            script: Its lines.

        Raises:
            RuntimeFault: The call failed.
        """
        with told(self._on_call, command):
            reply = self._server.source(script)
            if reply.returncode < 0:
                raise _nonsense(reply)
            return reply

    def boot(self, configuration: Path) -> None:
        """Start the server.

        Raises:
            RuntimeFault: It was not started.
        """
        with told(self._on_call, "start-server"):
            self._server.boot(configuration)

    def read(self, reply: Reply) -> Listing:
        """The listing at the end of an answer.

        Raises:
            RuntimeFault: There is none.
        """
        listing = self._parser.read(reply.stdout)
        if listing is None:
            raise _nonsense(reply)
        self.server_pid = None if self.external else listing.server_pid
        return listing

    def recalling(self, call: Callable[[], _Answer]) -> _Answer:
        """Make a call; a server that lost its socket is brought back to it, and called again.

        An external one is left to those who run it.

        Raises:
            RuntimeFault: As the call raises it, and `SocketLost`.
        """
        try:
            return call()
        except ServerGone:
            self.server_pid = None
            if self.external or not recall_server(self._socket):
                raise
            return call()


def _nonsense(reply: Reply) -> RuntimeFault:
    said = "; ".join(reply.stderr or reply.stdout[:1]) or "it said nothing"
    return RuntimeFault(
        "TmuxFailed", f"tmux gave no usable answer (exit code {reply.returncode}): {said[:300]}."
    )
