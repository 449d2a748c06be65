"""Answers: documents as the network carries them."""

import json

from starlette.responses import Response

from controller.core.documents import Document


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
