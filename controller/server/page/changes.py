"""Changes: what a visitor may do from a project's page."""

from collections.abc import Callable
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from controller.core.errors import SidekickError
from controller.server.bodies import Field, check_text
from controller.server.operations import Site
from controller.server.page.guests import Guests
from controller.server.page.rendering import POLICY, render
from controller.server.problems import Problem
from controller.server.routes import LONGEST_ANSWER, LONGEST_MESSAGE

Order = Callable[[], str]
"""What the loop is to do; returns the project's full name."""
_NAME = Field("name", "The project's full name.", 1000, required=True)
_MESSAGE = Field("message", "Why.", LONGEST_MESSAGE)
_TEXT = Field("text", "The answer.", LONGEST_ANSWER, required=True)


class Changes:
    """Takes the page's forms.

    Args:
        site: Who does it.
        guests: Who may.
    """

    def __init__(self, site: Site, guests: Guests) -> None:
        self._site = site
        self._guests = guests

    async def order(self, request: Request) -> Response:
        """Pause, resume or restart a project."""
        form = await self._guests.read_form(request)
        name, message = check_text(_NAME, form), check_text(_MESSAGE, form)
        backend = self._site.backend
        known = {
            "pause": (backend.pause, "it pauses"),
            "resume": (backend.resume, "it goes on"),
            "restart": (backend.restart, "it is started again"),
        }
        wanted = form.get("order", "")
        if wanted not in known:
            raise Problem(400, "BodyInvalid", f"order must be one of {', '.join(known)}")
        do, done = known[wanted]
        return await self._do(request, name, lambda: do(name, message), done)

    async def answer(self, request: Request) -> Response:
        """Answer a waiting agent."""
        form = await self._guests.read_form(request)
        name = check_text(_NAME, form)
        # What a person typed on several lines is one answer; an agent is given one line.
        text = check_text(_TEXT, {**form, "text": " ".join(form.get("text", "").split())})
        if not text:
            raise Problem(400, "BodyInvalid", "the answer is empty")
        return await self._do(
            request, name, lambda: self._site.backend.answer(name, text), "the agent was answered"
        )

    async def _do(self, request: Request, name: str, do: Order, done: str) -> Response:
        """Let the loop do it, and tell how it went: on the page, or as a page of its own."""
        status = 200
        try:
            await self._site.orders.run(do)
        except SidekickError as error:
            status, done = 409, error.message
        if "hx-request" in request.headers:
            return HTMLResponse(render("told.html", text=done), status)
        if status != 200:
            page = render("refused.html", title="It was not done", text=done, visitor=True)
            return HTMLResponse(page, status, {"Content-Security-Policy": POLICY})
        return RedirectResponse(f"/?project={quote(name, safe='')}", 303)
