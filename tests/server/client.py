"""A client that holds every answer of the API against the API's own description."""

import http.client
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

from controller.server import Server
from controller.server.openapi import openapi
from tests.server.world import TOKEN

API = json.loads(json.dumps(openapi(open_reading=True)))
CLOSED_API = json.loads(json.dumps(openapi(open_reading=False)))


@dataclass(frozen=True)
class Reply:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """What it says, where that is JSON."""
        return json.loads(self.body)

    @property
    def reason(self) -> str:
        """The reason of a problem."""
        return str(self.document["reason"])


@dataclass(frozen=True)
class Client:
    """Asks a server."""

    port: int
    api: Any = None

    @staticmethod
    def of(server: Server, api: Any = API) -> "Client":
        """A client of a running server."""
        return Client(int(server.url.rpartition(":")[2]), api)

    def get(self, path: str, **headers: str) -> Reply:
        """Look at something."""
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Reply:
        """Order something, as who has the token."""
        content = {} if body is None else {"Content-Type": "application/json"}
        raw = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        known = {"Authorization": f"Bearer {TOKEN}", **content}
        return self.ask("POST", path, raw, {**known, **headers})

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        address: str = "127.0.0.1",
    ) -> Reply:
        """Any request; an answer that the description does not know fails the test."""
        connection = http.client.HTTPConnection(address, self.port, timeout=10)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            reply = Reply(answer.status, found, answer.read())
        finally:
            connection.close()
        if self.api:
            check(self.api, method, path, reply)
        return reply


def check(api: Any, method: str, path: str, reply: Reply) -> None:
    """Hold an answer against the description: status, type, headers, schema."""
    assert "access-control-allow-origin" not in reply.headers
    kind = reply.headers.get("content-type", "").partition(";")[0]
    operation = _operation(api, method, path.partition("?")[0])
    if operation is None:
        assert reply.status in {400, 403, 404, 405}
        response = api["components"]["responses"][str(reply.status)]
    else:
        assert str(reply.status) in operation["responses"], f"{method} {path}: {reply.status}"
        response = _resolved(api, operation["responses"][str(reply.status)])
    assert kind in response["content"], f"{method} {path}: {kind}"
    for name in response.get("headers", {}):
        assert name.lower() in reply.headers
    if kind == "text/event-stream" or method == "HEAD":
        return
    schema = {**response["content"][kind]["schema"], "components": api["components"]}
    Draft202012Validator(schema).validate(reply.document)
    if reply.status >= 400:
        assert reply.document["status"] == reply.status
        assert reply.document["instance"] == path.partition("?")[0]


def _operation(api: Any, method: str, path: str) -> Any:
    for template, methods in api["paths"].items():
        pattern = re.escape(template).replace(r"\{name\}", "[^/]+")
        if re.fullmatch(pattern, path) and method.lower() in methods:
            return methods[method.lower()]
    return None


def _resolved(api: Any, response: Any) -> Any:
    if "$ref" in response:
        return api["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return response
