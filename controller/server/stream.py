"""The stream: events as they come, as server-sent events.

A follower keeps only its place in the journal. Whenever something changed it reads what stands
behind its place; so a slow one misses nothing, and nobody queues anything for it.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from controller.core.documents import Document, document, event_document
from controller.core.errors import SidekickError, TransientError
from controller.core.events import Entry
from controller.server.answers import encode
from controller.server.operations import Call, Site
from controller.server.queries import Number

MEDIA_TYPE = "text/event-stream"
STREAMS = 16
"""Streams at once: each keeps a connection busy for as long as its client likes."""
HEARTBEAT_SECONDS = 15.0
"""Proxies take what is silent for longer for dead (the HTML standard advises 15 s or so)."""
RETRY_SECONDS = 2.0
"""When to look again at a journal that cannot be read; a client whose stream broke, too."""
ALL = 10_000
"""As many events as a journal ever keeps."""
LAST_EVENT_ID = Number(
    "Last-Event-ID", "The last event's id that a client has that comes back.", 0, 2**63 - 1
)


async def stream(site: Site, call: Call) -> Response:
    """Follow the events, and hear of every change of the board."""
    newest = await site.looks.run(lambda: site.backend.events(last=1))
    end = newest[-1].seq if newest else 0
    wanted = _place(call)
    # A place behind the end is of a journal that was lost: it begins with what comes now.
    place = end if wanted is None else min(wanted, end)
    if site.pulse.listeners >= STREAMS:
        raise TransientError("TooManyStreams", f"{STREAMS} streams are open; close one of them")
    return EventStream(site, place, call.query["project"])


class EventStream(StreamingResponse):
    """An answer that lasts until the client leaves, or the server ends.

    Args:
        site: Where the events are read.
        place: The event behind which it begins.
        project: Whose events; None for all.
    """

    def __init__(self, site: Site, place: int, project: str | None) -> None:
        headers = {"X-Accel-Buffering": "no"}  # nginx would hold events back
        super().__init__(_parts(site, place, project), headers=headers, media_type=MEDIA_TYPE)
        self._pulse = site.pulse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the parts as they come."""
        with self._pulse.listening():
            await super().__call__(scope, receive, send)


async def _parts(site: Site, place: int, project: str | None) -> AsyncIterator[bytes]:
    yield f"retry: {RETRY_SECONDS * 1000:.0f}\n\n".encode()
    seen: int | None = None
    while True:
        revision = site.pulse.now()
        if revision == seen:
            if not await site.pulse.wait(revision, HEARTBEAT_SECONDS):
                yield b": still here\n\n"
            continue

        def read(behind: int = place) -> tuple[int, bytes]:
            entries = site.backend.events(after=behind, project=project, last=ALL)
            return (entries[-1].seq if entries else behind), _told(entries)

        try:
            place, told = await site.looks.run(read)
        except SidekickError:
            yield b": the journal cannot be read just now\n\n"
            await asyncio.sleep(RETRY_SECONDS)
            continue
        seen = revision
        yield told + _part("report", document(revision=revision))


def _told(entries: Iterable[Entry]) -> bytes:
    return b"".join(_part("event", event_document(entry), entry.seq) for entry in entries)


def _part(kind: str, content: Document, seq: int | None = None) -> bytes:
    """One event in the stream's form; only those of the journal have an id to come back to."""
    place = b"" if seq is None else b"id: %d\n" % seq
    return place + b"event: %s\ndata: %s\n\n" % (kind.encode(), encode(content))


def _place(call: Call) -> int | None:
    """Behind which event to begin; a client that comes back says it in a header."""
    text = call.request.headers.get(LAST_EVENT_ID.name)
    after: int | None = LAST_EVENT_ID.read([text]) if text else call.query["after"]
    return after
