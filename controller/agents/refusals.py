"""What a service's refusal means, from its HTTP status and its words."""

import re
from datetime import datetime, timedelta

from controller.core.facts import Trouble

_WORDS = (
    (Trouble.CREDIT, r"insufficient[ _](?:quota|balance|credit|funds)|credit balance|arrearage"
     r"|out of credits?|payment required|billing (?:details|to be enabled|hard limit)"),
    (Trouble.LIMIT, r"usage limit|usage_limit|(?:hour|daily|weekly|monthly) (?:limit|quota)"
     r"|hit your [\w -]{0,60}limit|quota will reset|exhausted your \w*|free usage exceeded"
     r"|quota (?:\w+ ){0,9}(?:exceeded|reached)"),
    (Trouble.RATE, r"rate.?limit|too many requests|resource.(?:has been )?exhausted"),
    (Trouble.AUTH, r"api.?key|unauthori[sz]ed|authenticat|permission.?denied|access denied"
     r"|not logged in|/login|token (?:has )?expired|credentials|missing environment variable"
     r"|(?:log|sign) in again|refresh token"),
    (Trouble.OVERLOADED, r"overloaded|unavailable|internal ?(?:server ?)?error|bad ?gateway"
     r"|server had an error|at capacity|high demand"),
    (Trouble.OFFLINE, r"fetch failed|terminated|socket|network|cannot connect|timed? ?out"
     r"|connect(?:ion)? ?(?:error|refused|reset|was lost|closed|failed)|econn|enotfound|eai_again"
     r"|etimedout|premature close|other side closed|getaddrinfo"
     r"|error sending request|stream disconnected"
     # An answer that was cut off.
     r"|unterminated string|unexpected (?:end|token)|in json at|json pars|parse json"),
    (Trouble.REQUEST, r"model.{0,40}(?:not found|not exist|not supported|invalid)"
     r"|invalid.?request|unknown model|invalid.?argument|context.?window|bad.?request"
     r"|not.?found.?error|unprocessable"),
)  # fmt: skip
_PATTERNS = tuple((trouble, re.compile(words, re.IGNORECASE)) for trouble, words in _WORDS)
_STATUS = re.compile(
    r"(?:\b(?:status|error code)(?: code)?:? |^\[API Error: )(\d{3})\b", re.ASCII | re.IGNORECASE
)
"""`unexpected status 401`, `Error code: 429`; Qwen Code says `[API Error: 401 Incorrect …]`."""
_OF_STATUS = {
    401: Trouble.AUTH,
    402: Trouble.CREDIT,
    403: Trouble.AUTH,
    408: Trouble.OFFLINE,
    429: Trouble.RATE,
    499: Trouble.RATE,
}
_FIRST = {Trouble.CREDIT, Trouble.LIMIT}
"""What words tell more exactly than a status: 429 may mean all of these."""
_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = r"\d+(?:\.\d+)?\s*(?:ms|d|h|m|s)[a-z]*"
_WAIT = re.compile(
    rf"(?:reset|retry|again|available)s?\s+(?:after|in)\s+((?:{_PART}[\s,]*(?:and\s+)?)+)",
    re.IGNORECASE,
)
_PIECE = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|d|h|m|s)", re.IGNORECASE)
_LONGEST = 31 * 86400.0
"""Seconds; no subscription's window is longer, and a time beyond it is a fault."""


def trouble_of(status: int | None, text: str) -> Trouble:
    """The trouble that a refusal means.

    Args:
        status: The HTTP status; None where none is known.
        text: What the service or the agent says.
    """
    found = [trouble for trouble, pattern in _PATTERNS if pattern.search(text)]
    if found and found[0] in _FIRST and (status is None or status < 500):
        return found[0]
    if status == 400 and Trouble.AUTH in found:
        return Trouble.AUTH  # Google's way to refuse a key
    if status is not None and status >= 400:
        return _OF_STATUS.get(status) or (Trouble.OVERLOADED if status >= 500 else Trouble.REQUEST)
    return found[0] if found else Trouble.ERROR


def status_in(text: str) -> int | None:
    """The HTTP status that an agent's words name; None where they name none."""
    found = _STATUS.search(text)
    return int(found[1]) if found else None


def wait_of(text: str) -> timedelta | None:
    """How long a text says to wait: `Your quota will reset after 4h28m20s`; None where it does not.

    It reads Google's and OpenAI's short forms, and `2 hours 5 minutes`.
    """
    match = _WAIT.search(text)
    if match is None:
        return None
    return seconds(sum(float(n) * _UNITS[unit.lower()] for n, unit in _PIECE.findall(match[1])))


def seconds(number: object) -> timedelta | None:
    """So many seconds, as a header or a field says them; None where that is no sensible time."""
    try:
        value = float(number)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return timedelta(seconds=value) if 0 <= value <= _LONGEST else None


def until_of(text: str, now: datetime | None) -> datetime | None:
    """When it is over, by what a text says; None where it does not say, or now is not known."""
    wait = wait_of(text)
    return now + wait if wait is not None and now is not None else None
