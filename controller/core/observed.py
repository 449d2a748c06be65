"""What really runs: sessions as a runtime sees them, runs as their folders tell them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Session:
    """A session that carries our mark.

    Attributes:
        id: The runtime's own handle; valid within one observation only.
        name: The name a person attaches to.
        run: The id of the run that the mark names.
        alive: False once the session's process is gone and only its screen remains.
        pid: The process in the session (the shim), 0 where unknown.
        activity: Time of the last output, seconds since the epoch, 0 where unknown.
    """

    id: str
    name: str
    run: str
    alive: bool
    pid: int = 0
    activity: int = 0


@dataclass(frozen=True, slots=True)
class Sessions:
    """The runtime answered: these marked sessions exist, and no other.

    Attributes:
        sessions: Every session with our mark, in the runtime's order.
        server: Identity of the answering server; ids of another server mean nothing.
    """

    sessions: tuple[Session, ...]
    server: str = ""


@dataclass(frozen=True, slots=True)
class NoServer:
    """The runtime definitely has no server, so no session exists."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The runtime could not be observed; no action is permitted.

    Attributes:
        reason: CamelCase.
        message: What failed and what to do, for a person.
    """

    reason: str
    message: str


Observation = Sessions | NoServer | Unknown
