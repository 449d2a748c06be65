"""Access: who may ask, and under which name of ours."""

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.requests import Request

from controller.server.problems import Problem
from controller.server.refusals import Refusals

SHORTEST_TOKEN = 32
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?", re.IGNORECASE)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Hosts:
    """The names under which the server may be asked.

    A web page may let its own name point here (DNS rebinding), and would then read us as itself.
    An address cannot be made to point elsewhere.

    Attributes:
        names: Names, and loopback's addresses.
        addresses: Whether any address will do, as it must where the server listens to a network.
    """

    names: frozenset[str]
    addresses: bool

    @staticmethod
    def of(listens: str, names: Iterable[str]) -> "Hosts":
        """Those of a server that listens on an address, and is known by further names."""
        known = LOOPBACK | {name.lower() for name in names}
        return Hosts(known, addresses=not is_loopback(listens))

    def check(self, header: str | None) -> None:
        """Whether the Host header names us.

        Raises:
            Problem: It does not.
        """
        match = _HOST.fullmatch(header or "")
        if match:
            name = match[1].lower()
            if name in self.names or (self.addresses and _is_address(name)):
                return
        text = "the Host header is no name of this server; ask it as http://localhost"
        raise Problem(400, "WrongHost", text)


@dataclass(frozen=True, slots=True)
class Access:
    """Who may do what.

    Attributes:
        token: What every request that changes anything has to show.
        open_reading: Whether reading goes without.
        refusals: Told of wrong tokens.

    Raises:
        ValueError: The token is one that could be guessed.
    """

    token: str
    open_reading: bool
    refusals: Refusals = field(default_factory=Refusals)

    def __post_init__(self) -> None:
        """An empty token would be anybody's."""
        if len(self.token) < SHORTEST_TOKEN:
            raise ValueError(f"a token has {SHORTEST_TOKEN} characters at least")

    def check(self, request: Request, *, changes: bool) -> None:
        """Whether the request may go on.

        Raises:
            Problem: It may not.
        """
        if changes or not self.open_reading:
            self._check_token(request)

    def _check_token(self, request: Request) -> None:
        shown = request.headers.getlist("authorization")
        scheme, _, given = (shown[0] if len(shown) == 1 else "").partition(" ")
        challenge = 'Bearer realm="sidekick"'
        where = "it is in the file `token` of the controller's state folder"
        if scheme.lower() != "bearer":
            raise Problem(
                401, "TokenMissing", f"send one header Authorization: Bearer TOKEN; {where}",
                {"WWW-Authenticate": challenge},
            )  # fmt: skip
        told = given.strip(" ").encode("latin-1")
        if not hmac.compare_digest(told, self.token.encode("latin-1")):
            self.refusals.add(request.client.host if request.client else "?")
            raise Problem(
                401, "TokenWrong", f"the token is not this controller's; {where}",
                {"WWW-Authenticate": f'{challenge}, error="invalid_token"'},
            )  # fmt: skip


def check_page(method: str, headers: Headers) -> None:
    """Whether no web page of another origin asks; a browser tells which page does.

    It could read nothing anyway, but take the streams' places, or keep the loop busy. A page of
    another port of this machine is another origin too. Following a link to us is no asking.

    Raises:
        Problem: One does.
    """
    origin, host = headers.get("origin"), headers.get("host", "").lower()
    ours = origin is None or origin.lower() in {f"http://{host}", f"https://{host}"}
    if not ours or not (headers.get("sec-fetch-site", "none") in OWN or _is_visit(method, headers)):
        text = "a page of another origin may ask nothing here; send it from a program"
        raise Problem(403, "WrongOrigin", text)


OWN = frozenset({"same-origin", "none"})
"""What Sec-Fetch-Site is where we, or a person's hand, ask (W3C Fetch Metadata)."""


def _is_visit(method: str, headers: Headers) -> bool:
    into = headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")
    return method == "GET" and into == ("navigate", "document")


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
