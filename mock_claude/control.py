"""What tests and people set and look at, under /mock."""

from typing import Annotated, Any

from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from mock_claude.accounts import Account, Accounts
from mock_claude.director import Director, Scenario
from mock_claude.journal import Journal, masked
from mock_claude.metrics import Metrics
from mock_claude.script import ScriptError, parse

INDEX = """CTO Sidekick's mock of language model APIs. Nothing here thinks, and nothing costs.

POST /v1/messages                           Anthropic (also /v1/messages/count_tokens)
POST /v1/responses, /v1/chat/completions    OpenAI
POST /v1beta/models/M:generateContent       Gemini (also :streamGenerateContent, :countTokens)
GET  /v1/models, /v1beta/models

GET  /mock/requests?after=N                 what was asked; DELETE forgets it
GET  /mock/scenarios                        scripts that were set; PUT, DELETE /mock/scenarios/NAME
GET  /mock/credits                          what each key has left; PUT sets it
POST /mock/reset                            forget everything
GET  /metrics, /healthz
"""


class ScenarioBody(BaseModel):
    """PUT /mock/scenarios/NAME."""

    model_config = ConfigDict(extra="forbid")
    script: str
    match: str = ""
    key: str = ""


class CreditsBody(BaseModel):
    """PUT /mock/credits."""

    model_config = ConfigDict(extra="forbid")
    key: str = Field(min_length=1)
    limit: Annotated[int, Field(ge=0)] | None = None
    window: Annotated[float, Field(gt=0)] | None = None
    used: Annotated[int, Field(ge=0)] | None = None
    revoked: bool | None = None


class Control:
    """Serves what is around the APIs."""

    def __init__(
        self, director: Director, accounts: Accounts, journal: Journal, metrics: Metrics
    ) -> None:
        self._director = director
        self._accounts = accounts
        self._journal = journal
        self._metrics = metrics

    def routes(self) -> list[Route]:
        """What is served."""
        return [
            Route("/", _index, methods=["GET"]),
            Route("/healthz", _healthy, methods=["GET"]),
            Route("/metrics", self._show_metrics, methods=["GET"]),
            Route("/mock/requests", self._show_requests, methods=["GET"]),
            Route("/mock/requests", self._forget_requests, methods=["DELETE"]),
            Route("/mock/scenarios", self._show_scenarios, methods=["GET"]),
            Route("/mock/scenarios/{name}", self._put_scenario, methods=["PUT"]),
            Route("/mock/scenarios/{name}", self._remove_scenario, methods=["DELETE"]),
            Route("/mock/credits", self._show_credits, methods=["GET"]),
            Route("/mock/credits", self._put_credits, methods=["PUT"]),
            Route("/mock/reset", self._reset, methods=["POST"]),
        ]

    async def _show_metrics(self, _http: Request) -> Response:
        return Response(self._metrics.text(), media_type=CONTENT_TYPE_LATEST)

    async def _show_requests(self, http: Request) -> Response:
        after = http.query_params.get("after", "0")
        if not after.isdecimal():
            return _refused("after is the number of a request")
        return JSONResponse({"requests": self._journal.entries(after=int(after))})

    async def _forget_requests(self, _http: Request) -> Response:
        self._journal.clear()
        return Response(status_code=204)

    async def _show_scenarios(self, _http: Request) -> Response:
        scenarios = [_scenario(each) for each in self._director.scenarios()]
        return JSONResponse({"scenarios": scenarios})

    async def _put_scenario(self, http: Request) -> Response:
        try:
            body = ScenarioBody.model_validate_json(await http.body())
            steps = parse(body.script)
        except (ValidationError, ScriptError) as error:
            return _refused(str(error))
        scenario = Scenario(http.path_params["name"], body.script, body.match, body.key, steps)
        self._director.put(scenario)
        return JSONResponse(_scenario(scenario))

    async def _remove_scenario(self, http: Request) -> Response:
        found = self._director.remove(http.path_params["name"])
        return Response(status_code=204) if found else _refused("there is no such scenario", 404)

    async def _show_credits(self, _http: Request) -> Response:
        accounts = [_account(key, account) for key, account in self._accounts.all().items()]
        return JSONResponse({"credits": accounts})

    async def _put_credits(self, http: Request) -> Response:
        try:
            body = CreditsBody.model_validate_json(await http.body())
        except ValidationError as error:
            return _refused(str(error))
        account = self._accounts.put(**body.model_dump())
        return JSONResponse(_account(body.key, account))

    async def _reset(self, _http: Request) -> Response:
        self._director.clear()
        self._accounts.clear()
        self._journal.clear()
        return Response(status_code=204)


def _scenario(scenario: Scenario) -> dict[str, Any]:
    key = masked(scenario.key)
    return {"name": scenario.name, "script": scenario.script, "match": scenario.match, "key": key}


def _account(key: str, account: Account) -> dict[str, Any]:
    return {
        "key": masked(key),
        "limit": account.limit,
        "used": account.used,
        "remaining": account.remaining,
        "window": account.window,
        "reset_at": account.reset_at,
        "revoked": account.revoked,
    }


def _refused(message: str, status: int = 400) -> Response:
    return JSONResponse({"error": message}, status_code=status)


async def _index(_http: Request) -> Response:
    return PlainTextResponse(INDEX)


async def _healthy(_http: Request) -> Response:
    return JSONResponse({"status": "ok"})
