"""Visits: how a person's browser shows that it may look and change, without the token itself.

`sidekick open` signs a link with the token; the server takes it once and gives a cookie that it
signed likewise. Whoever makes a new token ends every visit.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from datetime import timedelta

LINK_LASTS = timedelta(minutes=2)
"""Long enough to change windows; a link in a shell's history is worth nothing later."""
VISIT_LASTS = timedelta(days=30)
MOST_LINKS = 1000
"""Links taken within `LINK_LASTS`; with more than so many the server takes no further one."""
_FORM = re.compile(r"([A-Za-z0-9_-]{22})\.([0-9]{1,12})\.([0-9a-f]{64})")


def sign_link(token: str, now: float) -> str:
    """A word for one visit, to be given to the server within `LINK_LASTS`.

    Args:
        token: The server's token.
        now: Seconds since 1970.
    """
    return _signed(token, "link", now + LINK_LASTS.total_seconds())


class Visits:
    """Takes links, and knows visitors by their cookies.

    Args:
        token: The server's token.
        now: The time in seconds since 1970; called in the server's thread.
    """

    def __init__(self, token: str, now: Callable[[], float]) -> None:
        self._token = token
        self._now = now
        self._taken: dict[str, float] = {}
        # Which links were taken is forgotten with the process: none that is older is taken again.
        self._oldest = int(now()) + LINK_LASTS.total_seconds()

    def begin(self, link: str) -> str:
        """Take a link; returns the visitor's cookie, empty where the link is none or was taken."""
        now = self._now()
        self._taken = {nonce: end for nonce, end in self._taken.items() if end >= now}
        nonce, end = self._read("link", link)
        if end < self._oldest or nonce in self._taken or len(self._taken) >= MOST_LINKS:
            return ""
        self._taken[nonce] = end
        return _signed(self._token, "visit", now + VISIT_LASTS.total_seconds())

    def knows(self, cookie: str) -> bool:
        """Whether the cookie is of a visit that lasts."""
        return bool(self._read("visit", cookie)[0])

    def _read(self, kind: str, word: str) -> tuple[str, float]:
        """The nonce and the end of what is signed by us and lasts; an empty nonce of all else."""
        match = _FORM.fullmatch(word)
        if not match:
            return "", 0.0
        nonce, end, signature = match.groups()
        genuine = hmac.compare_digest(signature, _signature(self._token, kind, nonce, end))
        return (nonce, float(end)) if genuine and float(end) >= self._now() else ("", 0.0)


def _signed(token: str, kind: str, end: float) -> str:
    nonce, until = secrets.token_urlsafe(16), str(int(end))
    return f"{nonce}.{until}.{_signature(token, kind, nonce, until)}"


def _signature(token: str, kind: str, nonce: str, end: str) -> str:
    text = f"sidekick {kind} {nonce} {end}"
    return hmac.new(token.encode(), text.encode(), hashlib.sha256).hexdigest()
