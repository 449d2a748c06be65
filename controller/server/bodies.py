"""Bodies: what a request may bring along, bounded and checked."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from starlette.requests import Request

from controller.server.problems import Problem

LONGEST = 64 * 1024
"""Bytes of a body."""
PLAIN = "^[^\\u0000-\\u001f\\u007f]*$"
"""Texts without control characters: they end up in the list, in logs and on screens."""


@dataclass(frozen=True, slots=True)
class Field:
    """One member of a body; all are texts.

    Attributes:
        name: Its name.
        about: What it is for, for the API's description.
        longest: Characters.
        required: Whether it must be there; an optional one is empty where it is not.
    """

    name: str
    about: str
    longest: int
    required: bool = False

    def schema(self) -> dict[str, Any]:
        """Its JSON Schema."""
        text = {"type": "string", "maxLength": self.longest, "pattern": PLAIN}
        return {**text, "description": self.about}


async def read_body(request: Request, fields: Sequence[Field]) -> Mapping[str, str]:
    """Every field's text.

    Raises:
        Problem: The body is too long, no JSON, or not of this form.
    """
    raw = await read_raw(request)
    given: object = {}
    if raw:
        _check_type(request)
        given = _parse(raw)
    if not isinstance(given, dict):
        _refuse("it must be an object, as {}")
    known = {field.name: field for field in fields}
    for name in given:
        if name not in known:
            _refuse(f"no such field {name!r}; there are: {', '.join(known) or 'none'}")
    return {field.name: check_text(field, given) for field in fields}


async def read_raw(request: Request) -> bytes:
    """The body's bytes.

    Raises:
        Problem: There are more than `LONGEST`.
    """
    declared = request.headers.get("content-length", "0")
    if int(declared) > LONGEST:
        raise _too_long()
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LONGEST:
            raise _too_long()
    return bytes(raw)


def _too_long() -> Problem:
    return Problem(413, "BodyTooLong", f"the body may have {LONGEST} bytes at most")


def _check_type(request: Request) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    packed = request.headers.get("content-encoding", "identity").lower()
    if kind != "application/json" or packed != "identity":
        text = "send the body as it is, with the header Content-Type: application/json"
        raise Problem(415, "BodyOfAnotherType", text)


def _parse(raw: bytes) -> object:
    try:
        return json.loads(raw.decode("utf-8"))
    except RecursionError:
        _refuse("it is nested too deeply")
    except ValueError as error:
        _refuse(f"it is no JSON: {error}")


def check_text(field: Field, given: Mapping[str, object]) -> str:
    """A field's text.

    Raises:
        Problem: It is missing, too long, no text, or has control characters.
    """
    if field.name not in given:
        if field.required:
            _refuse(f"{field.name} is missing: {field.about}")
        return ""
    value = given[field.name]
    if not isinstance(value, str) or len(value) > field.longest:
        _refuse(f"{field.name} must be a text of {field.longest} characters at most")
    if not re.fullmatch(PLAIN[1:-1], value) or not _is_text(value):
        _refuse(f"{field.name} must have no control characters")
    return value


def _is_text(value: str) -> bool:
    """JSON can write halves of a pair, which are no character."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse(what: str) -> NoReturn:
    raise Problem(400, "BodyInvalid", f"the body cannot be taken: {what}")
