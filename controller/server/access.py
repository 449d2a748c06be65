"""Access: who may ask, and under which name of ours."""

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from starlette.requests import Request

from controller.server.problems import Problem

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
    """

    token: str
    open_reading: bool

    def check(self, request: Request, *, changes: bool) -> None:
        """Whether the request may go on.

        Raises:
            Problem: It may not.
        """
        if changes:
            _check_origin(request)
        if changes or not self.open_reading:
            self._check_token(request)

    def _check_token(self, request: Request) -> None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        challenge = 'Bearer realm="sidekick"'
        where = "it is in the file `token` of the controller's state folder"
        if scheme.lower() != "bearer":
            raise Problem(
                401, "TokenMissing", f"send the header Authorization: Bearer TOKEN; {where}",
                {"WWW-Authenticate": challenge},
            )  # fmt: skip
        if not hmac.compare_digest(given.strip().encode("latin-1"), self.token.encode("latin-1")):
            raise Problem(
                401, "TokenWrong", f"the token is not this controller's; {where}",
                {"WWW-Authenticate": f'{challenge}, error="invalid_token"'},
            )  # fmt: skip


def _check_origin(request: Request) -> None:
    """A browser tells which page sends a request: none but our own may change anything."""
    origin = request.headers.get("origin")
    host = request.headers.get("host", "").lower()
    if origin is not None and origin.lower() not in {f"http://{host}", f"https://{host}"}:
        text = "a page of another origin may change nothing here; send it from a program"
        raise Problem(403, "WrongOrigin", text)


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
