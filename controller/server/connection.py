"""Connections: a client that is slow, or silent, is waited for so long and no longer.

uvicorn bounds only the time between two requests. Here a request must be whole in time, an answer
must be taken off us, and among too many connections the one that is silent longest gives way; so
no number of idle clients keeps /healthz from being answered.
"""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from controller.server.answers import with_headers
from controller.server.problems import Problem

REQUEST_SECONDS = 10.0
"""From the connection, or the last answer, to the end of the next request."""
TAKE_SECONDS = 10.0
"""For a client that does not take any of an answer."""
CONNECTIONS = 256
"""More than can be busy for long: the lanes' places and queues, and the streams, are 106."""


class Connection(H11Protocol):
    """One connection, as uvicorn serves it, with deadlines."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timer: asyncio.TimerHandle | None = None
        self._left = 0
        self.silent_since: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client came."""
        super().connection_made(transport)
        self._settle()
        if len(self.connections) > CONNECTIONS:
            _make_room(self.connections)

    def data_received(self, data: bytes) -> None:
        """A client said something."""
        super().data_received(data)
        self._settle()

    def on_response_complete(self) -> None:
        """An answer was handed over to the system."""
        super().on_response_complete()
        self._settle()

    def pause_writing(self) -> None:
        """The client takes less than it is sent."""
        super().pause_writing()
        self._settle()

    def resume_writing(self) -> None:
        """The client took what it was sent."""
        super().resume_writing()
        self._settle()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client left."""
        self._stop()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The server ends: who has not taken an answer yet is not waited for."""
        super().shutdown()
        if self.transport.get_write_buffer_size():
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, where there is still something to be answered."""
        if self.conn.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            self.transport.close()
            return
        problem = Problem(400, "RequestInvalid", f"{msg} Or its headers are too long.")
        answer = problem.answer("")
        headers = with_headers([*answer.raw_headers, (b"connection", b"close")])
        for event in (
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=bytes(answer.body)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def give_way(self) -> None:
        """Make room for another."""
        self._stop()
        self.connections.discard(self)
        self.transport.abort()

    def _is_answering(self) -> bool:
        """Whether it is our turn: the request is whole, the answer is not."""
        cycle: RequestResponseCycle | None = self.cycle
        whole = self.conn.their_state is not h11.SEND_BODY
        return cycle is not None and not cycle.response_complete and whole

    def _settle(self) -> None:
        """Watch the clock exactly while it is the client's turn."""
        answering = self._is_answering()
        if answering and not self.flow.write_paused:
            self._stop()
        elif self._timer is None:
            self._left = self.transport.get_write_buffer_size()
            seconds = TAKE_SECONDS if answering else REQUEST_SECONDS
            self._timer = self.loop.call_later(seconds, self._expire)
        self.silent_since = None if answering else (self.silent_since or self.loop.time())

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.silent_since = None

    def _expire(self) -> None:
        """The time is over; who has taken some of an answer since gets as much again."""
        self._timer = None
        left = self.transport.get_write_buffer_size()
        if 0 < left < self._left:
            self._left = left
            self._timer = self.loop.call_later(TAKE_SECONDS, self._expire)
        else:
            self.transport.abort()


def _make_room(connections: Any) -> None:
    silent = [item for item in connections if item.silent_since is not None]
    if silent:
        min(silent, key=lambda item: item.silent_since).give_way()
