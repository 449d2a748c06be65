"""The application: routes, and what is the same for every request."""

import asyncio
from contextlib import suppress

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from controller.core.errors import SidekickError
from controller.server import problems
from controller.server.access import Access, Hosts, check_page
from controller.server.answers import with_headers
from controller.server.operations import Endpoint, Operation, Site
from controller.server.page import Page
from controller.server.probes import Probes
from controller.server.problems import Problem, instance_of
from controller.server.routes import OPERATIONS

FAREWELL_SECONDS = 0.1


def application(site: Site, probes: Probes, page: Page, access: Access, hosts: Hosts) -> ASGIApp:
    """The whole application."""
    routes: list[BaseRoute] = [
        *probes.routes(),
        *page.routes(),
        *(_route(o, site, access) for o in OPERATIONS),
    ]
    made = Starlette(
        routes=routes,
        exception_handlers={
            Problem: problems.on_problem,
            SidekickError: problems.on_error,
            HTTPException: problems.on_http,
            ClientDisconnect: problems.on_disconnect,
            Exception: problems.on_defect,
        },
    )
    made.router.redirect_slashes = False
    return _Edge(made, hosts)


def _route(operation: Operation, site: Site, access: Access) -> Route:
    endpoint = Endpoint(operation, site, access)
    route = Route(operation.path, endpoint, methods=[operation.method], name=operation.id)
    route.methods = {operation.method}  # starlette adds HEAD, for which nobody asks here
    return route


class _Edge:
    """The outermost layer: checks each request, adds headers, says goodbye when the server ends."""

    def __init__(self, app: ASGIApp, hosts: Hosts) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        exchange = _Exchange(send)
        # A project's name may have a slash in it: routes match the path as it was sent.
        scope = {**scope, "path": instance_of(scope)}
        try:
            self._check(scope)
            await self._app(scope, receive, exchange.send)
        except Problem as problem:
            await problem.answer(instance_of(scope))(scope, receive, exchange.send)
        except asyncio.CancelledError:
            # The server ends; whoever reads slowly is not waited for.
            with suppress(TimeoutError):
                async with asyncio.timeout(FAREWELL_SECONDS):
                    await exchange.end(scope, receive)

    def _check(self, scope: Scope) -> None:
        """Whether the request is one that any part of us may see.

        Raises:
            Problem: It is not.
        """
        headers = Headers(scope=scope)
        self._hosts.check(headers.get("host"))
        check_page(scope["method"], headers)
        # Where such a body ends is a matter of opinion: a proxy may have another (RFC 9112, 6.1).
        doubtful = "content-length" in headers or scope["http_version"] == "1.0"
        if doubtful and "transfer-encoding" in headers:
            text = "a body has a Content-Length or, in HTTP/1.1, a Transfer-Encoding, never both"
            raise Problem(400, "RequestInvalid", text, {"Connection": "close"})


class _Exchange:
    """One request's answer, as far as it was sent."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._begun = False
        self._ended = False

    async def send(self, message: Message) -> None:
        """Send a part of the answer."""
        if message["type"] == "http.response.start":
            self._begun = True
            message = {**message, "headers": with_headers(message["headers"])}
        elif not message.get("more_body", False):
            self._ended = True
        await self._send(message)

    async def end(self, scope: Scope, receive: Receive) -> None:
        """End the answer properly, however far it is."""
        if not self._begun:
            text = "the controller ends; what was asked may be done yet"
            problem = Problem(503, "ShuttingDown", text, {"Retry-After": "5"})
            await problem.answer(instance_of(scope))(scope, receive, self.send)
        elif not self._ended:
            await self.send({"type": "http.response.body", "body": b"", "more_body": False})
