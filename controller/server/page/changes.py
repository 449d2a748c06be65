"""Changes: what a visitor may do from a project's page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from controller.core.errors import SidekickError
from controller.server.bodies import Field, check_text
from controller.server.operations import Site
from controller.server.page.guests import Guests
from controller.server.page.rendering import HEADERS, render
from controller.server.problems import Problem, problem_of
from controller.server.routes import LONGEST_ANSWER, LONGEST_MESSAGE

Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """What a form asks for.

    Attributes:
        do: Does it; called where calls wait for the loop.
        done: What a person is told then.
        back: The page to which a browser without scripts goes on.
    """

    do: Callable[[], object]
    done: str
    back: str


_NAME = Field("name", "The project's full name.", 1000, required=True)
_MESSAGE = Field("message", "Why.", LONGEST_MESSAGE)
_TEXT = Field("text", "The answer.", LONGEST_ANSWER, required=True)


_PLAN = Field("plan", "The digest of the mass stop that waits.", 100, required=True)


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
        return await self._take(request, self._order)

    async def answer(self, request: Request) -> Response:
        """Answer a waiting agent."""
        return await self._take(request, self._answer)

    async def prune(self, request: Request) -> Response:
        """Let the sessions of the rows that vanished at once end."""
        return await self._take(request, self._prune)

    def _order(self, form: Form) -> Change:
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
        return Change(lambda: do(name, message), done, _address(name))

    def _answer(self, form: Form) -> Change:
        name = check_text(_NAME, form)
        # What a person typed on several lines is one answer; an agent is given one line.
        text = check_text(_TEXT, {"text": " ".join(form.get("text", "").split())})
        if not text:
            raise Problem(400, "BodyInvalid", "the answer is empty")
        answer = self._site.backend.answer
        return Change(lambda: answer(name, text), "the agent was answered", _address(name))

    def _prune(self, form: Form) -> Change:
        plan = check_text(_PLAN, form)
        approve = self._site.backend.approve_prune
        return Change(lambda: approve(plan), "their sessions may end", "/")

    async def _take(self, request: Request, read: Callable[[Form], Change]) -> Response:
        """Let the loop do it, and tell how it went: on the page, or as a page of its own."""
        back, status = "/", 200
        try:
            change = read(await self._guests.read_form(request))
            await self._site.orders.run(change.do)
            told, back = change.done, change.back
        except Problem as problem:
            status, told = problem.status, problem.detail
        except SidekickError as error:
            status, told = problem_of(error).status, error.message
        if "hx-request" in request.headers:
            return HTMLResponse(render("told.html", text=told, done=status == 200), status)
        if status == 200:
            return RedirectResponse(back, 303)
        visitor = self._guests.may_change(request)
        page = render("refused.html", title="It was not done", text=told, visitor=visitor)
        return HTMLResponse(page, status, HEADERS)


def _address(name: str) -> str:
    return f"/?project={quote(name, safe='')}"
