"""The outbox: messages that are not delivered yet, and whom they reached."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from controller.core.notices import Mark
from controller.core.standing import Kind

MOST = 100
"""Messages that wait; beyond it the oldest go."""
SENT, FAILED, DROPPED = "sent", "failed", "dropped"
RESULTS = (SENT, FAILED, DROPPED)
"""What becomes of a message: it arrived, it was tried in vain, or it never could be."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message on its way.

    Attributes:
        id: What tells it from others.
        kind: What it is about.
        title: Plain text.
        body: Plain text.
        at: When it was written.
        settled: Digests of the addresses that have it, or that it was given up for.
    """

    id: str
    kind: Kind
    title: str
    body: str
    at: datetime
    settled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a message.

    Attributes:
        parcel: Which.
        address: The digest of the address that it is settled for.
        last: Whether that was the last one: the message is done.
    """

    parcel: str
    address: str
    last: bool


@dataclass(frozen=True, slots=True)
class Noticed:
    """All that is remembered of notices.

    Attributes:
        marks: Name → what was told last; None where nothing was ever looked at.
        outbox: What is not delivered yet, the oldest first.
    """

    marks: Mapping[str, Mark] | None = None
    outbox: tuple[Parcel, ...] = field(default=())


def post(
    outbox: tuple[Parcel, ...], fresh: Iterable[Parcel]
) -> tuple[tuple[Parcel, ...], tuple[Parcel, ...]]:
    """The outbox with more messages, and those that had to go for want of room."""
    whole = (*outbox, *fresh)
    return whole[-MOST:], whole[:-MOST]


def settle(outbox: tuple[Parcel, ...], news: Iterable[Settled]) -> tuple[Parcel, ...]:
    """The outbox after some messages were settled; the same where none of it is in there."""
    known = {parcel.id: parcel for parcel in outbox}
    for item in news:
        parcel = known.get(item.parcel)
        if parcel is None:
            continue
        if item.last:
            del known[item.parcel]
        elif item.address not in parcel.settled:
            known[item.parcel] = replace(parcel, settled=(*parcel.settled, item.address))
    after = tuple(known.values())
    return outbox if after == outbox else after
