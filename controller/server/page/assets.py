"""Assets: the page's scripts and style, which come with the package and from nowhere else."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from starlette.responses import Response

_TYPES = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
_FOLDER = "static"
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file.

    Attributes:
        content: Its bytes.
        media: Its type.
        digest: Stands in its address, so that an upgrade is seen at once.
    """

    content: bytes
    media: str
    digest: str

    def answer(self) -> Response:
        """The answer to who asks for it."""
        return Response(self.content, headers=_FOREVER, media_type=self.media)


@cache
def assets() -> Mapping[str, Asset]:
    """Name → asset; all of them are read at once, and a request can name no other file."""
    found = {}
    for file in (files(__package__) / _FOLDER).iterdir():
        kind = file.name.rpartition(".")[2]
        if kind in _TYPES:
            content = file.read_bytes()
            digest = hashlib.sha256(content).hexdigest()[:12]
            found[file.name] = Asset(content, _TYPES[kind], digest)
    return found


def address(name: str) -> str:
    """The address of an asset, for a template.

    Raises:
        KeyError: There is none of this name.
    """
    return f"/static/{name}?{assets()[name].digest}"
