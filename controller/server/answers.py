"""Answers: documents as the network carries them."""

import json
from collections.abc import Iterable

from starlette.responses import Response

from controller.core.documents import Document

HEADERS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
)
"""On every answer that has none of its own: what is told is of this moment, is what its type says,
runs and loads nothing, and is shown in no other page."""


def with_headers(own: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """An answer's own headers, and those that are on every answer."""
    own = list(own)
    there = {name.lower() for name, _ in own}
    return [*own, *(header for header in HEADERS if header[0] not in there)]


def encode(document: Document) -> bytes:
    """A document as UTF-8 without needless blanks and on one line.

    A character that UTF-8 cannot carry (half of a pair, from a damaged name) becomes `?`.
    """
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


class Answer(Response):
    """A document that answers a request."""

    media_type = "application/json"

    def render(self, content: Document) -> bytes:
        """The document's bytes."""
        return encode(content)
