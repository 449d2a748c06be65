"""The HTTP server: /metrics, /healthz, /readyz, in a thread of its own."""

import socket
import threading
import time
from collections.abc import Callable, Mapping

import uvicorn
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from controller.core.errors import TerminalError

START_SECONDS = 5.0
HOSTS = ["127.0.0.1", "localhost", "[::1]"]


class ServerUnavailable(TerminalError):
    """The address cannot be listened on."""


class Server:
    """Serves until closed.

    Args:
        host: A loopback address.
        port: 0 for any free one.
        registry: What /metrics shows.
        healthy: Whether the loop makes progress.
        ready: Whether the list was read and the sessions were seen.
        faults: Stage → what failed in the newest tick.
    """

    def __init__(
        self,
        host: str,
        port: int,
        registry: CollectorRegistry,
        healthy: Callable[[], bool],
        ready: Callable[[], bool],
        faults: Callable[[], Mapping[str, str]],
    ) -> None:
        self._registry = registry
        self._healthy = healthy
        self._ready = ready
        self._faults = faults
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((host, port))
        except OSError as error:
            self._socket.close()
            raise ServerUnavailable(
                "PortUnavailable",
                f"cannot listen on {host}:{port}: {error.strerror}; "
                "set server.port in config.yaml, or SIDEKICK_SERVER_PORT",
            ) from error
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            self.app(), log_config=None, access_log=False, lifespan="off",
            timeout_keep_alive=5, limit_concurrency=64,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="server", daemon=True)

    def app(self) -> Starlette:
        """The application."""
        return Starlette(
            routes=[
                Route("/metrics", self._metrics),
                Route("/healthz", self._health),
                Route("/readyz", self._readiness),
            ],
            middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)],
        )

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
        """End within a moment."""
        self._server.should_exit = True
        self._server.force_exit = True
        if self._thread.is_alive():
            self._thread.join(timeout=3)
        self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])

    def _metrics(self, _request: Request) -> Response:
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)

    def _health(self, _request: Request) -> Response:
        healthy = self._healthy()
        word = "ok" if healthy else "the loop makes no progress"
        document = {"status": word, "faults": dict(self._faults())}
        return JSONResponse(document, status_code=200 if healthy else 503)

    def _readiness(self, _request: Request) -> Response:
        ready = self._ready()
        word = "ready" if ready else "the list was not read, or the sessions not seen, yet"
        return JSONResponse({"status": word}, status_code=200 if ready else 503)
