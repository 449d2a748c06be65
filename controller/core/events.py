"""Events: what happened, for a person to read later."""

from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=10)
"""An event that comes again within this time is counted, not told anew (client-go: 600 s)."""
SIMILAR = 10
"""More than so many of one project and reason within the window, whatever their messages, become
one (client-go's aggregation: 10)."""
SIMILAR_PREFIX = "(one of many alike) "


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        at: When.
        project: Whose; empty where the whole fleet is meant.
        reason: CamelCase.
        message: For a person.
        warning: Whether a person should care.
    """

    at: datetime
    project: str
    reason: str
    message: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as the journal keeps it: what comes again is counted.

    Attributes:
        seq: Its place in the journal; a repeated event moves to the end.
        first_at: When it came first.
        at: When it came last.
        count: How often.
        project: Whose; empty where the whole fleet is meant.
        reason: CamelCase.
        message: For a person.
        warning: Whether a person should care.
    """

    seq: int
    first_at: datetime
    at: datetime
    count: int
    project: str
    reason: str
    message: str
    warning: bool = False
