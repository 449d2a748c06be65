"""Operations: what the API can do; its routes and its description are made of these."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from controller.core.documents import Document
from controller.server.access import Access
from controller.server.backend import Backend
from controller.server.bodies import Field, read_body
from controller.server.lanes import Lane
from controller.server.problems import Problem
from controller.server.pulse import Pulse
from controller.server.queries import Query, read_queries

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Site:
    """What the operations work with.

    Attributes:
        backend: The controller.
        looks: Where calls are made that answer soon.
        plans: Where calls are made that wait for the loop and change nothing; whoever may read
            can fill this lane, and so it is not the orders'.
        orders: Where calls are made that wait for the loop.
        pulse: Tells when something changed.
        description: Makes the API's own description.
    """

    backend: Backend
    looks: Lane
    plans: Lane
    orders: Lane
    pulse: Pulse
    description: Callable[[], Document]


@dataclass(frozen=True, slots=True)
class Call:
    """One request, checked.

    Attributes:
        request: As it came.
        name: The name in its path, empty where there is none.
        query: Every parameter of the operation.
        body: Every field of the operation's body.
    """

    request: Request
    name: str
    query: Mapping[str, Any]
    body: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that the API can do.

    Attributes:
        id: Its name in the description.
        method: What changes anything is a POST.
        path: With `{name}` for a project's.
        summary: What it does, for the description.
        do: Does it.
        answer: The answer's schema.
        problems: The statuses that it may answer besides those that all share.
        queries: Its parameters.
        header: A header that it heeds.
        fields: Its body's fields.
        media: The answer's type.
    """

    id: str
    method: Literal["GET", "POST"]
    path: str
    summary: str
    do: Callable[[Site, Call], Awaitable[Response]]
    answer: str
    problems: tuple[int, ...] = ()
    queries: tuple[Query, ...] = ()
    header: Query | None = None
    fields: tuple[Field, ...] = ()
    media: str = JSON

    @property
    def changes(self) -> bool:
        """Whether it changes anything."""
        return self.method == "POST"


class Endpoint:
    """Serves one operation.

    Args:
        operation: Which.
        site: What it works with.
        access: Who may ask for it.
    """

    def __init__(self, operation: Operation, site: Site, access: Access) -> None:
        self._operation = operation
        self._site = site
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = await self._answer(Request(scope, receive, send))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        operation = self._operation
        self._access.check(request, changes=operation.changes)
        name = _name(request.path_params.get("name", ""))
        query = read_queries(operation.queries, request.query_params)
        body = await read_body(request, operation.fields) if operation.changes else {}
        return await operation.do(self._site, Call(request, name, query, body))


def _name(encoded: str) -> str:
    try:
        return unquote(encoded, errors="strict")
    except UnicodeDecodeError:
        text = "the name in the path is no UTF-8; encode it as %C3%A4 for ä"
        raise Problem(400, "NameInvalid", text) from None
