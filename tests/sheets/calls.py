"""Requests and answers, as Google's APIs have them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_WORDS = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE",
}  # fmt: skip


class Refused(Exception):
    """An error in Google's own form."""

    def __init__(self, status: int, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.answer = refusal(status, message, reason)


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a body, further headers."""

    status: int
    body: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Attributes:
        deed: "token", "find", "file", "metadata", "get", "batchGet", "filter", "put", "write",
            "append" or "arrange".
        book: The spreadsheet's key; a file's in Drive is the same.
        query: The query's values.
        body: The body's object.
        who: The e-mail address behind the token; "key" for an API key.
        range: The range in the path.
    """

    deed: str
    book: str = ""
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    who: str = ""
    range: str = ""


def refusal(status: int, message: str, reason: str = "") -> Answer:
    """An error in Google's own form."""
    error: dict[str, Any] = {
        "code": status, "message": message, "status": _WORDS.get(status, "UNKNOWN"),
    }  # fmt: skip
    if reason:
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        error["details"] = [{"@type": kind, "reason": reason}]
    return Answer(status, json.dumps({"error": error}))


def answer_of(document: object) -> Answer:
    """An answer that is well."""
    return Answer(200, json.dumps(document))
