"""The APIs over HTTP: from a request to an answer, written down and counted."""

import json
import time
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mock_claude import models
from mock_claude.accounts import Accounts
from mock_claude.answers import Answer, Failure, Silence
from mock_claude.apis.anthropic import Anthropic
from mock_claude.apis.base import Api
from mock_claude.apis.chat import Chat
from mock_claude.apis.gemini import Gemini
from mock_claude.apis.responses import Responses
from mock_claude.conversation import Request
from mock_claude.director import Decision, Director
from mock_claude.journal import Journal, masked, shown
from mock_claude.metrics import Metrics
from mock_claude.script import turns_since_prompt
from mock_claude.sending import send

BODY_BYTES = 64 * 1024 * 1024
"""A long conversation with pictures fits; more is refused."""


class BadRequest(ValueError):
    """A request that no API would take; the text says why."""


class Service:
    """Serves the APIs."""

    def __init__(
        self, director: Director, accounts: Accounts, journal: Journal, metrics: Metrics
    ) -> None:
        self._director = director
        self._accounts = accounts
        self._journal = journal
        self._metrics = metrics
        self._anthropic: Api = Anthropic()
        self._chat: Api = Chat()
        self._responses: Api = Responses()
        self._gemini: Api = Gemini()

    def routes(self) -> list[Route]:
        """What is served."""
        return [
            Route("/v1/messages", self._messages, methods=["POST"]),
            Route("/v1/messages/count_tokens", self._count_messages, methods=["POST"]),
            Route("/v1/chat/completions", self._completions, methods=["POST"]),
            Route("/v1/responses", self._respond, methods=["POST"]),
            Route("/v1/responses", _upgrade, methods=["GET"]),
            Route("/v1/models", _list_models, methods=["GET"]),
            Route("/v1beta/models", _list_gemini, methods=["GET"]),
            Route("/v1beta/models/{call:path}", self._generate, methods=["POST"]),
            Route("/v1/models/{call:path}", self._generate, methods=["POST"]),
        ]

    async def _messages(self, http: HttpRequest) -> Response:
        return await self._answer(self._anthropic, http, {})

    async def _completions(self, http: HttpRequest) -> Response:
        return await self._answer(self._chat, http, {})

    async def _respond(self, http: HttpRequest) -> Response:
        return await self._answer(self._responses, http, {})

    async def _generate(self, http: HttpRequest) -> Response:
        model, _, method = http.path_params["call"].rpartition(":")
        if method == "countTokens":
            return await self._count(self._gemini, http)
        if method not in {"generateContent", "streamGenerateContent"}:
            return self._invalid(self._gemini, f"no method is called {method!r}")
        path = {"model": model, "stream": method.startswith("stream")}
        return await self._answer(self._gemini, http, path)

    async def _count_messages(self, http: HttpRequest) -> Response:
        return await self._count(self._anthropic, http)

    async def _count(self, api: Api, http: HttpRequest) -> Response:
        try:
            body = await _body(http)
            body.setdefault("model", "")
            tokens = api.read(body | {"stream": False}, "").input_tokens
        except (BadRequest, TypeError, KeyError, ValueError, AttributeError) as error:
            return self._invalid(api, repr(error))
        name = "totalTokens" if api is self._gemini else "input_tokens"
        return JSONResponse({name: tokens})

    async def _answer(self, api: Api, http: HttpRequest, path: Mapping[str, Any]) -> Response:
        key = _key(http)
        try:
            body = await _body(http)
            request = api.read({**body, **path}, key)
        except BadRequest as error:
            return self._invalid(api, str(error))
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            return self._invalid(api, f"this is no request of this API: {error!r}")
        decision = self._director.decide(request)
        response = send(api, decision, request)
        self._count_it(request, decision)
        self._write_down(http, body, request, decision, response.status_code)
        return response

    def _invalid(self, api: Api, message: str) -> Response:
        self._metrics.requests.labels(api.name, "invalid").inc()
        refusal = api.refuse(Failure("invalid", message))
        return JSONResponse(refusal.body, refusal.status, dict(refusal.headers))

    def _count_it(self, request: Request, decision: Decision) -> None:
        self._metrics.requests.labels(request.api, named(decision)).inc()
        if isinstance(decision, Answer):
            self._accounts.spend(request.key, request.input_tokens + decision.tokens)
            self._metrics.tokens.labels(request.api, "input").inc(request.input_tokens)
            self._metrics.tokens.labels(request.api, "output").inc(decision.tokens)

    def _write_down(
        self,
        http: HttpRequest,
        body: Mapping[str, Any],
        request: Request,
        decision: Decision,
        status: int,
    ) -> None:
        prompts = [message.text for message in request.messages if message.is_prompt]
        call = decision.call if isinstance(decision, Answer) else None
        self._journal.add(
            at=time.time(),
            api=request.api,
            path=http.url.path,
            key=masked(request.key),
            model=request.model,
            prompt=prompts[-1] if prompts else "",
            turns=turns_since_prompt(request.messages),
            answer=call.name if call else named(decision),
            status=0 if isinstance(decision, Silence) else status,
            body=shown(body),
        )


def named(decision: Decision) -> str:
    """What a decision is called in metrics and in the journal."""
    match decision:
        case Failure():
            return decision.kind
        case Silence():
            return "hang"
        case _ if decision.cut:
            return "broken"
        case _ if decision.garbled:
            return "malformed"
        case _:
            return "tool" if decision.call else "text"


def _key(http: HttpRequest) -> str:
    """The credential, wherever the API has it."""
    scheme, _, token = http.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    found = http.headers.get("x-api-key") or http.headers.get("x-goog-api-key")
    return (found or http.query_params.get("key") or "").strip()


async def _body(http: HttpRequest) -> dict[str, Any]:
    data = bytearray()
    async for chunk in http.stream():
        data += chunk
        if len(data) > BODY_BYTES:
            raise BadRequest(f"the body has more than {BODY_BYTES} bytes")
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise BadRequest("the body is no JSON object")
    return body


async def _list_models(http: HttpRequest) -> Response:
    anthropic = "anthropic-version" in http.headers or "x-api-key" in http.headers
    return JSONResponse(models.anthropic() if anthropic else models.openai())


async def _list_gemini(_http: HttpRequest) -> Response:
    return JSONResponse(models.gemini())


async def _upgrade(_http: HttpRequest) -> Response:
    """Codex asks for a web socket first, and goes on without one."""
    return JSONResponse({"error": {"message": "no web socket here"}}, status_code=426)
