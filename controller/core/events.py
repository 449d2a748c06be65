"""Events: what happened, for a person to read later."""

from dataclasses import dataclass
from datetime import datetime


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
