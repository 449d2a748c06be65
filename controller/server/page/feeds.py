"""Feeds: what each kind of page must be sent to show the present."""

from controller.core.errors import NotFound, SidekickError
from controller.server.operations import Site
from controller.server.page.board import Board, Drawer, draw_banners
from controller.server.page.plans import Plans
from controller.server.page.project import draw_project, draw_screen
from controller.server.page.rendering import render


class BoardFeed:
    """The board, its events, and the plan.

    Args:
        site: Where to look.
        drawer: Draws the board.
        plans: Draws the plan.
        seen: The digest of the board that the page shows already.
    """

    def __init__(self, site: Site, drawer: Drawer, plans: Plans, seen: str) -> None:
        self._site = site
        self._drawer = drawer
        self._plans = plans
        self._seen = seen
        self._board: Board | None = None
        self._planned = -1
        self._plan = ""

    async def elements(self) -> list[str]:
        """What changed since the last call."""
        board = await self._site.looks.run(self._drawer.board)
        shown, self._board = self._board, board
        found = [] if shown is None and board.digest == self._seen else board.since(shown)
        return [*found, *await self._planned_anew()]

    async def _planned_anew(self) -> list[str]:
        """The plan, where something happened since it was told and it is another one."""
        revision = self._site.pulse.now()
        if revision == self._planned:
            return []
        try:
            plan = await self._plans.plan(revision)
        except SidekickError:
            return []  # the loop is busy; it is asked again with the next look
        self._planned = revision
        told, self._plan = self._plan, plan
        return [plan] if plan != told else []


class ProjectFeed:
    """One project, and its screen.

    Args:
        site: Where to look.
        name: The project's full name.
    """

    def __init__(self, site: Site, name: str) -> None:
        self._site = site
        self._name = name
        self._shown: dict[str, str] = {}

    async def elements(self) -> list[str]:
        """What changed since the last call."""
        found = await self._site.looks.run(self._detail)
        found |= await self._site.plans.run(self._screen)
        changed = [html for part, html in found.items() if self._shown.get(part) != html]
        self._shown |= found
        return changed

    def _detail(self) -> dict[str, str]:
        backend = self._site.backend
        found = {"banners": draw_banners(backend.report(), backend.healthy())}
        try:
            return found | draw_project(backend.describe(self._name))
        except NotFound as error:
            return found | {"state": render("gone.html", message=error.message)}

    def _screen(self) -> dict[str, str]:
        try:
            found = self._site.backend.screen(self._name)
        except SidekickError:
            return {}  # the project is gone, or the loop is busy: what was shown stays
        return {"screen": draw_screen(found.lines, live=found.live)}
