"""The pulse: one task that looks whether something changed, for all who wait for it."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

POLL_SECONDS = 0.25
"""How late a change may be noticed."""


class Pulse:
    """Tells of a number that grows; it looks at it only while somebody waits.

    Args:
        revision: The number now; called in the server's thread, must answer at once.
    """

    def __init__(self, revision: Callable[[], int]) -> None:
        self._revision = revision
        self.listeners = 0
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Keep looking as long as this lasts."""
        self.listeners += 1
        if self._task is None:
            self._task = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            self.listeners -= 1
            if not self.listeners:
                self._task.cancel()
                self._task = None

    def now(self) -> int:
        """The number now."""
        return self._revision()

    async def wait(self, seen: int, seconds: float) -> bool:
        """Wait until the number is another one; returns whether it is."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._revision() == seen:
                    await self._changed.wait()
        return self._revision() != seen

    async def _beat(self) -> None:
        seen = self._revision()
        while True:
            await asyncio.sleep(POLL_SECONDS)
            now = self._revision()
            if now != seen:
                seen = now
                self._changed.set()
                self._changed = asyncio.Event()
