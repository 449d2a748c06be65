"""Probes: /metrics, /healthz and /readyz, for what watches over the controller."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from controller.server.access import Access
from controller.server.backend import Backend
from controller.server.problems import Problem

Exposition = Callable[[str], tuple[bytes, str]]
"""Given the Accept header: the metrics, and the content type that was chosen."""


class Probes:
    """Answers the probes.

    Args:
        backend: Who knows.
        exposition: What /metrics shows.
        access: Who may ask; health and metrics are for everybody who reaches the server.
    """

    def __init__(self, backend: Backend, exposition: Exposition, access: Access) -> None:
        self._backend = backend
        self._exposition = exposition
        self._access = access

    def routes(self) -> list[Route]:
        """Their routes."""
        return [
            Route("/metrics", self._metrics),
            Route("/healthz", self._health),
            Route("/readyz", self._readiness),
        ]

    def _metrics(self, request: Request) -> Response:
        body, kind = self._exposition(request.headers.get("accept", ""))
        return Response(body, media_type=kind)

    async def _health(self, request: Request) -> Response:
        # No thread: this is answered however many of them are busy.
        healthy = self._backend.healthy()
        word = "ok" if healthy else "the loop makes no progress"
        document = {"status": word, "faults": self._faults(request)}
        return JSONResponse(document, status_code=200 if healthy else 503)

    def _faults(self, request: Request) -> dict[str, str]:
        """What fails, for who may read: the texts tell of paths."""
        try:
            self._access.check(request, changes=False)
        except Problem:
            return {}
        return dict(self._backend.faults())

    async def _readiness(self, request: Request) -> Response:
        self._access.check(request, changes=False)
        ready = self._backend.ready()
        word = "ready" if ready else "the list was not read, or the sessions not seen, yet"
        return JSONResponse({"status": word}, status_code=200 if ready else 503)
