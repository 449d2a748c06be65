"""Guests: who looks at the page, and who may change things from it."""

from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from controller.server.access import OWN, Access
from controller.server.bodies import read_raw
from controller.server.page.rendering import HEADERS, render
from controller.server.problems import Problem
from controller.visits import VISIT_LASTS, Visits

FIELDS = 10
"""A form of ours has three."""


class Guests:
    """Knows visitors by their cookies.

    Args:
        access: Whether reading is open, and who shows the token itself.
        visits: Takes links and knows cookies.
        port: The server's; a cookie is of all ports of a host, so its name tells ours apart.
    """

    def __init__(self, access: Access, visits: Visits, port: int) -> None:
        self._access = access
        self._visits = visits
        self._cookie = f"sidekick-{port}"

    def may_change(self, request: Request) -> bool:
        """Whether the request is a visitor's."""
        return self._visits.knows(request.cookies.get(self._cookie, ""))

    def check_look(self, request: Request) -> None:
        """Whether the request may see anything.

        Raises:
            Problem: Reading needs the token here, and it has none.
        """
        if not self.may_change(request):
            self._access.check(request, changes=False)

    async def read_form(self, request: Request) -> dict[str, str]:
        """The fields of a form that a visitor sent from our own page.

        Raises:
            Problem: Nobody known sent it, another page did, or it is too long or no form.
        """
        if not self.may_change(request):
            text = "this browser may not change anything; run `sidekick open` and follow its link"
            raise Problem(401, "VisitorUnknown", text)
        # Every browser of today sends one of them with a form; a cookie alone proves no will.
        if not any(name in request.headers for name in ("origin", "sec-fetch-site")):
            raise Problem(403, "WrongOrigin", "a change must come from the page itself")
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded":
            raise Problem(415, "BodyOfAnotherType", "send a form, as the page does")
        raw = await read_raw(request)
        try:
            pairs = parse_qsl(
                raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS
            )
        except ValueError as error:
            raise Problem(400, "BodyInvalid", f"the form cannot be taken: {error}") from error
        return dict(pairs)

    def begin(self, request: Request) -> Response:
        """Take a link: the answer leads to the board and has the visitor's cookie.

        Raises:
            Problem: The link is none of ours, is too old, or was taken.
        """
        cookie = self._visits.begin(request.query_params.get("link", ""))
        if not cookie:
            text = "this link was used before, or is too old; run `sidekick open` for a new one"
            raise Problem(403, "LinkInvalid", text)
        answer: Response = RedirectResponse("/", 303)
        if request.headers.get("sec-fetch-site", "none") not in OWN:
            # Who follows the link from another site's page (a chat, a mailbox) is led on by a page
            # of ours: behind a redirect it would still be that site that asks, without the cookie.
            answer = HTMLResponse(render("opened.html"), headers=HEADERS)
        answer.set_cookie(
            self._cookie, cookie, max_age=int(VISIT_LASTS.total_seconds()), path="/",
            httponly=True, samesite="strict",
        )  # fmt: skip
        return answer
