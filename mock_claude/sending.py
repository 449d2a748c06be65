"""Sending an answer: whole or bit by bit, slowly, cut off, or not at all."""

import asyncio
import json
from collections.abc import Sequence

from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from mock_claude.answers import Answer, Failure, Silence
from mock_claude.apis.base import Api
from mock_claude.conversation import Request
from mock_claude.director import Decision


class Parts(Response):
    """A body in parts.

    Args:
        parts: The parts.
        pause: Seconds between two of them.
        whole: Whether the body ends as it should; else the connection is cut after the last part.
        media_type: What it is.
    """

    def __init__(
        self, parts: Sequence[bytes], *, pause: float, whole: bool, media_type: str
    ) -> None:
        super().__init__(media_type=media_type, headers={"cache-control": "no-cache"})
        del self.headers["content-length"]
        self._parts = parts
        self._pause = pause
        self._whole = whole

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send the parts until the client is gone."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        gone = asyncio.create_task(_disconnected(receive))
        try:
            for part in self._parts:
                await send(_body(part, more=True))
                await asyncio.wait({gone}, timeout=self._pause)
                if gone.done():
                    return
            if self._whole:
                await send(_body(b"", more=False))
        finally:
            gone.cancel()


class Nothing(Response):
    """No answer at all, then the end of the connection.

    Args:
        seconds: For how long.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Wait until the time is over or the client is gone."""
        gone = asyncio.create_task(_disconnected(receive))
        await asyncio.wait({gone}, timeout=self._seconds)
        if not gone.done():
            gone.cancel()
            # A response that begins and does not go on makes the server cut the connection.
            await send({"type": "http.response.start", "status": 200, "headers": []})


def send(api: Api, decision: Decision, request: Request) -> Response:
    """The response for what was decided."""
    match decision:
        case Failure():
            refusal = api.refuse(decision)
            return JSONResponse(refusal.body, refusal.status, dict(refusal.headers))
        case Silence():
            return Nothing(decision.seconds)
        case _ if request.stream:
            return _streamed(api, decision, request)
        case _:
            return _whole(api, decision, request)


def _streamed(api: Api, answer: Answer, request: Request) -> Response:
    events = list(api.stream(answer, request))
    if answer.cut or answer.garbled:
        half = len(events) // 2
        events = [*events[:half], *([_garbled(events[half])] if answer.garbled else [])]
    pause = answer.over / len(events)
    return Parts(events, pause=pause, whole=not answer.cut, media_type="text/event-stream")


def _whole(api: Api, answer: Answer, request: Request) -> Response:
    data = json.dumps(api.whole(answer, request), ensure_ascii=False).encode()
    if answer.cut or answer.garbled:
        data = data[: len(data) // 2]
    parts = [b"", data] if answer.over else [data]
    media = "application/json"
    return Parts(parts, pause=answer.over, whole=not answer.cut, media_type=media)


def _garbled(event: bytes) -> bytes:
    """An event whose JSON is cut in the middle."""
    head, data, text = event.partition(b"data: ")
    return head + data + text[: len(text) // 2] + b"\n\n"


def _body(data: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        """What is left of the request's body says nothing."""
