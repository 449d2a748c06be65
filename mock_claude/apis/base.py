"""What every API has: how it asks, how it answers whole, bit by bit, and how it says no."""

import json
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from mock_claude.answers import Answer, Failure
from mock_claude.conversation import Request

Json = Mapping[str, Any]
PIECE = re.compile(r"\S*\s*\S*\s*\S*\s*", re.DOTALL)
"""About three words: models send a few tokens at a time."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """How an API says no: HTTP status, headers, body."""

    status: int
    body: Json
    headers: Mapping[str, str]


class Api(Protocol):
    """An API of a model.

    Attributes:
        name: Its name in `Request.api`.
    """

    name: str

    def read(self, body: Json, key: str) -> Request:
        """What a body asks for.

        Raises:
            TypeError, AttributeError, KeyError, ValueError: It is no request of this API.
        """
        ...

    def whole(self, answer: Answer, request: Request) -> Json:
        """The answer in one body."""
        ...

    def stream(self, answer: Answer, request: Request) -> Iterator[bytes]:
        """The answer as server-sent events."""
        ...

    def refuse(self, failure: Failure) -> Refusal:
        """The answer that says no."""
        ...


def pieces(text: str) -> list[str]:
    """A text in a few words at a time; nothing is lost."""
    return [piece for piece in PIECE.findall(text) if piece]


def event(data: Json, name: str = "") -> bytes:
    """One server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def identity(prefix: str) -> str:
    """A new id in the APIs' manner."""
    return f"{prefix}{secrets.token_hex(12)}"


def seconds(value: float | None) -> dict[str, str]:
    """The header `retry-after`, where there is something to say."""
    return {} if value is None else {"retry-after": f"{value:.0f}" if value >= 1 else f"{value:g}"}
