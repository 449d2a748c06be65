"""Routes of the page."""

import time

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from controller.core.errors import NotFound
from controller.core.events import Entry
from controller.core.report import Report
from controller.server.access import Access
from controller.server.operations import Site
from controller.server.page.assets import assets
from controller.server.page.board import EVENTS, Drawer, draw_banners
from controller.server.page.changes import Changes
from controller.server.page.feeds import BoardFeed, ProjectFeed
from controller.server.page.follow import BOARD_SECONDS, LOOK_SECONDS, Follower
from controller.server.page.guests import Guests
from controller.server.page.plans import Plans
from controller.server.page.project import attach_command, draw_project, draw_screen
from controller.server.page.rendering import HEADERS, render
from controller.server.problems import Problem, problem_of
from controller.visits import Visits


class Page:
    """The live page.

    Args:
        site: What it shows, and who does what is asked.
        access: Who may.
        port: The server's.
    """

    def __init__(self, site: Site, access: Access, port: int) -> None:
        self._site = site
        self._guests = Guests(access, Visits(access.token, time.time), port)
        self._changes = Changes(site, self._guests)
        self._drawer = Drawer(self._look)
        self._plans = Plans(site)

    def routes(self) -> list[Route]:
        """Their routes."""
        return [
            Route("/", self._page),
            Route("/open", self._open),
            Route("/static/{name}", self._asset),
            Route("/page/board", self._follow_board),
            Route("/page/project", self._follow_project),
            Route("/page/order", self._changes.order, methods=["POST"]),
            Route("/page/answer", self._changes.answer, methods=["POST"]),
            Route("/page/prune", self._changes.prune, methods=["POST"]),
        ]

    async def _page(self, request: Request) -> Response:
        """The board, or a project's page: what can be seen without a script."""
        visitor = self._guests.may_change(request)
        try:
            self._guests.check_look(request)
        except Problem:
            text = "To look, run `sidekick open` on the controller's machine and follow its link."
            return _refused(401, "Not yet", text)
        name = request.query_params.get("project")
        if name is None:
            board = await self._site.looks.run(self._drawer.board)
            return _html("board.html", board=board, visitor=visitor)
        try:
            full, parts = await self._site.looks.run(lambda: self._project(name))
        except NotFound as error:
            problem = problem_of(error)
            return _refused(problem.status, "No such project", problem.detail, visitor=visitor)
        return _html(
            "project.html", name=full, attach=attach_command(full), visitor=visitor, parts=parts
        )

    async def _open(self, request: Request) -> Response:
        try:
            return self._guests.begin(request)
        except Problem as problem:
            # A person who follows a link twice reads no JSON.
            if "text/html" not in request.headers.get("accept", ""):
                raise
            return _html("unopened.html", problem.status, text=problem.detail)

    async def _asset(self, request: Request) -> Response:
        # They are the same for everybody, and of the package, not of the projects.
        found = assets().get(request.path_params["name"])
        if found is None:
            raise Problem(404, "NoSuchPath", "there is no such file")
        return found.answer()

    async def _follow_board(self, request: Request) -> Response:
        self._guests.check_look(request)
        feed = BoardFeed(
            self._site, self._drawer, self._plans, request.query_params.get("seen", "")
        )
        return Follower(self._site.pulse, feed.elements, BOARD_SECONDS)

    async def _follow_project(self, request: Request) -> Response:
        self._guests.check_look(request)
        feed = ProjectFeed(self._site, request.query_params.get("name", ""))
        return Follower(self._site.pulse, feed.elements, LOOK_SECONDS)

    def _project(self, name: str) -> tuple[str, dict[str, str]]:
        """A project's full name, and the parts of its page; its screen without colours yet."""
        backend = self._site.backend
        found = backend.describe(name)
        return found.project.name, {
            "banners": draw_banners(backend.report(), backend.healthy()),
            "screen": draw_screen(found.tail, live=found.project.alive),
            **draw_project(found),
        }

    def _look(self) -> tuple[Report | None, list[Entry], bool]:
        backend = self._site.backend
        return backend.report(), backend.events(last=EVENTS), backend.healthy()


def _html(template: str, status: int = 200, **values: object) -> Response:
    return HTMLResponse(render(template, **values), status, headers=HEADERS)


def _refused(status: int, title: str, text: str, *, visitor: bool = False) -> Response:
    return _html("refused.html", status, title=title, text=text, visitor=visitor)
