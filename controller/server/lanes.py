"""Lanes: threads for calls that may block, so many and no more."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import anyio.to_thread

from controller.core.errors import TransientError

_T = TypeVar("_T")


class Lane:
    """Threads for one kind of calls; a call of another lane never waits for them.

    Args:
        places: Calls at once.
        queue: Calls that may wait for a place.
        patience: Seconds that they wait.
    """

    def __init__(self, places: int, queue: int, patience: float) -> None:
        self._room = asyncio.Semaphore(places)
        self._threads = anyio.CapacityLimiter(places)
        self._queue = queue
        self._patience = patience
        self._waiting = 0

    async def run(self, call: Callable[[], _T]) -> _T:
        """Make the call in a thread.

        A cancelled call goes on in its thread; its result is dropped.

        Raises:
            TransientError: `Busy`: there is no place, and none became free in time.
        """
        await self._enter()
        try:
            return await anyio.to_thread.run_sync(
                call, abandon_on_cancel=True, limiter=self._threads
            )
        finally:
            self._room.release()

    async def _enter(self) -> None:
        if self._room.locked() and self._waiting >= self._queue:
            raise _busy()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._patience):
                await self._room.acquire()
        except TimeoutError:
            raise _busy() from None
        finally:
            self._waiting -= 1


def _busy() -> TransientError:
    return TransientError("Busy", "too many requests wait already; ask again in a moment")
