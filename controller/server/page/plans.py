"""Plans: what the next tick would do, asked for once for all boards that are open."""

import asyncio

from controller.server.operations import Site
from controller.server.page.rendering import render


class Plans:
    """Draws the plan once a revision, however many look; the loop has to make it anew.

    Args:
        site: Where it is asked for.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._revision = -1
        self._plan = ""
        self._flight: asyncio.Task[None] | None = None

    async def plan(self, revision: int) -> str:
        """The plan's element.

        Whoever asks while it is being made waits for that one, and hears of its failure.

        Args:
            revision: It is not older than this.

        Raises:
            SidekickError: The loop has no time for it.
        """
        while self._revision < revision:
            if self._flight is None:
                self._flight = asyncio.create_task(self._draw())
                self._flight.add_done_callback(_hear)
            await asyncio.shield(self._flight)  # a page that is closed takes it from no other
        return self._plan

    async def _draw(self) -> None:
        revision = self._site.pulse.now()
        try:
            plan = await self._site.plans.run(self._site.backend.plan)
            self._revision, self._plan = revision, render("plan.html", plan=plan)
        finally:
            self._flight = None


def _hear(flight: asyncio.Task[None]) -> None:
    """A failure that nobody waits for any more is none to be logged."""
    if not flight.cancelled():
        flight.exception()
