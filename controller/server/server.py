"""The HTTP server, in a thread of its own."""

import socket
import threading
import time
from collections.abc import Iterable
from functools import cache, partial

import uvicorn

from controller.core.errors import TerminalError
from controller.server.access import Access, Hosts
from controller.server.application import application
from controller.server.backend import Backend
from controller.server.connection import Connection
from controller.server.lanes import Lane
from controller.server.openapi import openapi
from controller.server.operations import Site
from controller.server.probes import Exposition, Probes
from controller.server.pulse import Pulse

START_SECONDS = 5.0
BACKLOG = 64
"""Connections that are taken at once; each is a descriptor before anybody can refuse it."""
SEND_BYTES = 128 * 1024
"""What the system keeps of an answer; with megabytes nobody sees whether a client takes any."""
LOOKS = (8, 32, 5.0)
"""Calls that answer soon: at once, waiting, and the seconds that they wait."""
PLANS = (2, 8, 20.0)
ORDERS = (8, 32, 20.0)
"""Calls that wait for the loop, which does one after the other."""


class ServerUnavailable(TerminalError):
    """The address cannot be listened on."""


class Server:
    """Serves until closed.

    Args:
        host: The address to listen on.
        port: 0 for any free one.
        exposition: What /metrics shows, given the Accept header.
        backend: The controller.
        token: What requests that change anything must show.
        open_reading: Whether all others go without; right where only this machine reaches it.
        names: Names of this server besides loopback's, in Host headers.

    Raises:
        ServerUnavailable: Another program listens there, or the address is not ours.
    """

    def __init__(
        self,
        host: str,
        port: int,
        exposition: Exposition,
        backend: Backend,
        *,
        token: str,
        open_reading: bool,
        names: Iterable[str] = (),
    ) -> None:
        self._socket = _bind(host, port)
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._socket.getsockname()[1]}"
        access = Access(token, open_reading)
        site = Site(
            backend, Lane(*LOOKS), Lane(*PLANS), Lane(*ORDERS), Pulse(backend.revision),
            cache(partial(openapi, open_reading=open_reading)),
        )  # fmt: skip
        app = application(site, Probes(backend, exposition, access), access, Hosts.of(host, names))
        # The log hears of our own defects (errors), not of what clients do wrong (warnings).
        config = uvicorn.Config(
            app, http=Connection, ws="none", lifespan="off", loop="asyncio", interface="asgi3",
            log_config=None, log_level="error", access_log=False, server_header=False,
            proxy_headers=False, backlog=BACKLOG, timeout_keep_alive=5, timeout_graceful_shutdown=1,
        )  # fmt: skip
        self._server = _Uvicorn(config)
        self._thread = threading.Thread(target=self._run, name="server", daemon=True)

    def start(self) -> None:
        """Listen, and return once requests are answered.

        Raises:
            ServerUnavailable: It did not come up in time.
        """
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise ServerUnavailable("ServerUnavailable", f"{self.url} does not answer")
            time.sleep(0.005)

    def close(self) -> None:
        """End within a moment: streams end, orders under way are told that they may be done yet."""
        self._server.should_exit = True
        self._server.force_exit = True
        if self._thread.is_alive():
            self._thread.join(timeout=3)
        self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])


class _Uvicorn(uvicorn.Server):
    """uvicorn, which waits for no request when it ends."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End every request under way, then listen no more."""
        for task in self.server_state.tasks:
            task.cancel()
        await super().shutdown(sockets)


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, for only so asyncio switches Nagle's delay off: 40 ms an answer otherwise.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)  # connections inherit it
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise ServerUnavailable(
            "PortUnavailable",
            f"cannot listen on {host}:{port}: {error.strerror}; "
            "set server.port in config.yaml, or SIDEKICK_SERVER_PORT",
        ) from error
    return bound
