"""Problems: every answer that is no success, in the form of RFC 9457."""

import re
from collections.abc import Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Scope

from controller.core.documents import document
from controller.core.errors import NotFound, SidekickError, TransientError
from controller.server.answers import Answer

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5
"""When to ask again where the surroundings fail."""
CONFLICTS = frozenset(
    {"Ambiguous", "Completed", "DuplicateProject", "NothingBlocked", "NotWaiting", "PlanChanged"}
)
"""Reasons of `NotFound` that speak of the state of things, and not of a name: 409."""
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Problem(Exception):
    """An answer that is no success.

    Args:
        status: The HTTP status.
        reason: CamelCase, for machines.
        detail: What happened and what to do, for a person.
        headers: Further headers.
        more: Further members of the document.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        detail: str,
        headers: Mapping[str, str] | None = None,
        **more: str,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.reason = reason
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = more

    def answer(self, instance: str) -> Response:
        """The answer to the request whose path is `instance`."""
        return Answer(
            document(
                type=f"urn:sidekick:problem:{self.reason}",
                title=_HUMP.sub(" ", self.reason).capitalize(),
                status=self.status,
                detail=self.detail,
                instance=instance,
                reason=self.reason,
                **self.more,
            ),
            self.status,
            self.headers,
            MEDIA_TYPE,
        )


def problem_of(error: SidekickError) -> Problem:
    """What an error of the controller is over HTTP."""
    retry = {"Retry-After": str(RETRY_SECONDS)}
    reason, message = error.reason, error.message
    if isinstance(error, NotFound):
        return Problem(409 if reason in CONFLICTS else 404, reason, message)
    if not isinstance(error, TransientError):
        return Problem(422, reason, message)
    if reason == "Defect":
        return Problem(500, reason, message)
    return Problem(504 if reason == "LoopBusy" else 503, reason, message, retry)


def defect() -> Problem:
    """What nobody foresaw; the log has the traceback, the client never."""
    text = "it failed by a defect of the controller; its log tells more, please report it"
    return Problem(500, "Defect", text)


def instance_of(scope: Scope) -> str:
    """The path that was asked for, as it was sent."""
    raw: bytes = scope["raw_path"]
    return raw.decode("ascii", "replace")


async def on_problem(request: Request, error: Exception) -> Response:
    """Answer with the problem itself."""
    assert isinstance(error, Problem)
    return error.answer(instance_of(request.scope))


async def on_error(request: Request, error: Exception) -> Response:
    """Answer an error of the controller."""
    assert isinstance(error, SidekickError)
    return problem_of(error).answer(instance_of(request.scope))


async def on_http(request: Request, error: Exception) -> Response:
    """Answer what the router refuses."""
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    path = instance_of(request.scope)
    if error.status_code == 404:
        text = "there is no such path; /api/v1/openapi.json tells what there is"
        return Problem(404, "NoSuchPath", text).answer(path)
    if error.status_code == 405:
        text = f"it takes {headers.get('Allow', 'another method')}, not {request.method}"
        return Problem(405, "MethodNotAllowed", text, headers).answer(path)
    reason = HTTPStatus(error.status_code).phrase.title().replace(" ", "")
    return Problem(error.status_code, reason, error.detail, headers).answer(path)


async def on_defect(request: Request, _error: Exception) -> Response:
    """Answer what nobody foresaw."""
    return defect().answer(instance_of(request.scope))


async def on_disconnect(_request: Request, error: Exception) -> Response:
    """Nobody is there to be answered; the server drops what is sent."""
    assert isinstance(error, ClientDisconnect)
    return Response(status_code=400)
