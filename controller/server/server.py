"""The HTTP server, in a thread of its own."""

import asyncio
import errno
import logging
import socket
import threading
import time
from collections.abc import Iterable
from functools import cache, partial
from typing import Any

import uvicorn

from controller.core.errors import TerminalError
from controller.server.access import Access, Hosts
from controller.server.application import application
from controller.server.backend import Backend
from controller.server.connection import Connection
from controller.server.lanes import Lane
from controller.server.openapi import openapi
from controller.server.operations import Site
from controller.server.page import Page
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


TELL_SECONDS = 60.0
"""Between two words about connections that cannot be taken."""
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
log = logging.getLogger(__name__)


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
        ValueError: The token is one that could be guessed.
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
        shown = _reachable(host)
        self.url = f"http://{shown}:{self._socket.getsockname()[1]}"
        access = Access(token, open_reading)
        site = Site(
            backend, Lane(*LOOKS), Lane(*PLANS), Lane(*ORDERS), Pulse(backend.revision),
            cache(partial(openapi, open_reading=open_reading)),
        )  # fmt: skip
        probes = Probes(backend, exposition, access)
        page = Page(site, access, self._socket.getsockname()[1])
        app = application(site, probes, page, access, Hosts.of(host, names))
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
    """uvicorn, which waits for no request when it ends, and bears a lack of descriptors."""

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until told to end."""
        asyncio.get_running_loop().set_exception_handler(_Exhaustion())
        await super().serve(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End every request under way, then listen no more."""
        for task in self.server_state.tasks:
            task.cancel()
        await super().shutdown(sockets)


def _reachable(host: str) -> str:
    """The address under which this machine reaches what listens on `host`, as part of a URL."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - taken away
    return f"[{host}]" if ":" in host else host


class _Exhaustion:
    """Tells that no connection can be taken, which asyncio would tell sixty times a second."""

    def __init__(self) -> None:
        self._told = float("-inf")

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not isinstance(error, OSError) or error.errno not in _EXHAUSTED:
            loop.default_exception_handler(context)
        elif time.monotonic() > self._told + TELL_SECONDS:
            self._told = time.monotonic()
            log.warning("the server takes no connection just now: %s", error.strerror)


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
