"""Following: what changed on the page, as server-sent events with the elements that changed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from controller.core.errors import SidekickError, TransientError
from controller.server.pulse import Pulse
from controller.server.stream import HEARTBEAT_SECONDS, MEDIA_TYPE, RETRY_SECONDS, STREAMS

LOOK_SECONDS = 1.0
"""How often a screen is looked at; a person reads no faster."""
BOARD_SECONDS = 5.0
"""How often the board is looked at though nothing of note happened: costs and times move on."""
_BEAT = b"event: beat\ndata: still here\n\n"
"""Sent where there is nothing else to send: a page cannot see a comment, and would take a
connection that was cut without a word, or a server that hangs, for one that has no news."""
Elements = Callable[[], Awaitable[list[str]]]
"""What to send now: elements that replace their like, none where nothing changed.

Each is parsed by itself: a row of a table is none beside what can stand in no table.
"""


class Follower(StreamingResponse):
    """An answer that lasts until the client leaves, or the server ends.

    Args:
        pulse: Tells when something changed.
        elements: Called whenever something did, and at the latest after `seconds`.
        seconds: See there.

    Raises:
        TransientError: Too many streams are open.
    """

    def __init__(self, pulse: Pulse, elements: Elements, seconds: float) -> None:
        if pulse.listeners >= STREAMS:
            raise TransientError(
                "TooManyStreams", f"{STREAMS} pages or streams are open; close one of them"
            )
        headers = {"X-Accel-Buffering": "no"}  # nginx would hold events back
        super().__init__(_parts(pulse, elements, seconds), headers=headers, media_type=MEDIA_TYPE)
        self._pulse = pulse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the parts as they come."""
        with self._pulse.listening():
            await super().__call__(scope, receive, send)


async def _parts(pulse: Pulse, elements: Elements, seconds: float) -> AsyncIterator[bytes]:
    yield f"retry: {RETRY_SECONDS * 1000:.0f}\n\n".encode()
    clock = asyncio.get_running_loop().time
    sent = clock()
    while True:
        revision = pulse.now()
        try:
            found = await elements()
        except SidekickError:
            found = []
            await asyncio.sleep(RETRY_SECONDS)
        if found:
            sent = clock()
            yield b"".join(map(_message, found))
        elif clock() - sent > HEARTBEAT_SECONDS:
            sent = clock()
            yield _BEAT
        await pulse.wait(revision, seconds)


def _message(html: str) -> bytes:
    lines = "".join(f"data: {line}\n" for line in html.split("\n"))
    return f"{lines}\n".encode("utf-8", "replace")
