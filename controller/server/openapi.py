"""The API's description: an OpenAPI 3.1 document, made of the operations themselves."""

import re
from typing import Any

from controller import __version__
from controller.core.documents import Document
from controller.server.operations import JSON, Operation
from controller.server.problems import MEDIA_TYPE
from controller.server.queries import Query
from controller.server.routes import OPERATIONS
from controller.server.schemas import PREFIX, schemas

PROBLEMS = {
    400: "The request cannot be understood: its Host header, a parameter, its body.",
    401: "The token is missing or wrong.",
    403: "A web page of another origin asks.",
    404: "There is no such project.",
    405: "The path takes another method.",
    409: "It cannot be done as things stand: several projects fit, or they changed.",
    413: "The body is too long.",
    415: "The body is no JSON.",
    422: "The list, or a setting, must be edited first.",
    500: "A defect of the controller.",
    503: "The surroundings fail, or too much is asked at once; ask again later.",
    504: "The loop had no time for it; it may be done yet.",
}
_ALWAYS = (400, 403, 500)
_CHANGING = (401, 413, 415)
_HEADERS = {
    401: ("WWW-Authenticate", "How to show the token.", {"type": "string"}),
    405: ("Allow", "The methods that it takes.", {"type": "string"}),
    503: ("Retry-After", "Seconds.", {"type": "integer"}),
    504: ("Retry-After", "Seconds.", {"type": "integer"}),
}
_NAME = re.compile(r"\{name\}")
_ABOUT = (
    "What a program may ask of the controller. Every document has the version of its form at its "
    "top. Whatever changes anything needs the token, which is in the file `token` of the "
    "controller's state folder. Other methods than those described are answered with 405, other "
    "paths with 404, both as Problem."
)


def openapi(*, open_reading: bool) -> Document:
    """The description.

    Args:
        open_reading: Whether reading goes without the token.
    """
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        described = _operation(operation, open_reading=open_reading)
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {"title": "CTO Sidekick", "version": __version__, "description": _ABOUT},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "responses": {str(status): _problem(status) for status in PROBLEMS},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(operation: Operation, *, open_reading: bool) -> Document:
    guarded = operation.changes or not open_reading
    statuses = {*_ALWAYS, *operation.problems, *(_CHANGING if operation.changes else ())}
    if guarded:
        statuses.add(401)
    good = {
        "description": operation.summary,
        "content": {operation.media: {"schema": {"$ref": PREFIX + operation.answer}}},
    }
    problems = {str(s): {"$ref": f"#/components/responses/{s}"} for s in sorted(statuses)}
    described: Document = {
        "operationId": operation.id,
        "summary": operation.summary,
        "security": [{"token": []}] if guarded else [],
        "parameters": _parameters(operation),
        "responses": {"200": good, **problems},
    }
    if operation.changes:
        described["requestBody"] = _body(operation)
    return described


def _parameters(operation: Operation) -> list[Document]:
    named = [_NAMED] if _NAME.search(operation.path) else []
    queries = [_parameter(query, "query") for query in operation.queries]
    headers = [_parameter(operation.header, "header")] if operation.header else []
    return [*named, *queries, *headers]


_NAMED = {
    "name": "name",
    "in": "path",
    "required": True,
    "description": "The project's name, URL-encoded; it may be shortened where it is clear.",
    "schema": {"type": "string", "minLength": 1},
}


def _parameter(query: Query, place: str) -> Document:
    return {
        "name": query.name, "in": place, "description": query.about, "schema": query.schema(),
    }  # fmt: skip


def _body(operation: Operation) -> Document:
    required = [field.name for field in operation.fields if field.required]
    schema = {
        "type": "object",
        "properties": {field.name: field.schema() for field in operation.fields},
        "required": required,
        "additionalProperties": False,
    }
    return {"required": bool(required), "content": {JSON: {"schema": schema}}}


def _problem(status: int) -> Document:
    answer: Document = {
        "description": PROBLEMS[status],
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"{PREFIX}Problem"}}},
    }
    if status in _HEADERS:
        name, about, schema = _HEADERS[status]
        answer["headers"] = {name: {"description": about, "schema": schema}}
    return answer
