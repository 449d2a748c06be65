"""Notices: which changes of the fleet a person is told of, each once.

Level-triggered as all else: what stands now is held against what was told last. So nothing is
lost with a tick that failed, and nothing is told again by a controller that was started again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from controller.core.digest import digest
from controller.core.standing import Kind, Standing

GATHER = timedelta(seconds=10)
"""What comes so soon after a message of its kind waits, so that a fleet that stalls within a
moment is one message, or two, and not one for every row."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What was told last of one thing.

    Attributes:
        version: Which version of it.
        at: When.
        seen: The newest version that was seen since.
        missed: So many versions were not told.
    """

    version: str
    at: datetime
    seen: str = ""
    missed: int = 0


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told in one message.

    Attributes:
        kind: The kind of all, or of the most urgent.
        items: What it is about.
        missed: So many changes of these were not told before.
        summary: It is what was found when nothing had been looked at yet, of whatever kind.
    """

    kind: Kind
    items: tuple[Standing, ...]
    missed: int = 0
    summary: bool = False

    @property
    def id(self) -> str:
        """What tells it from any other."""
        return digest(*(text for item in self.items for text in (item.mark, item.version)))


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be told now, and remembered.

    Attributes:
        marks: Name → mark.
        news: The messages, the most urgent first.
        again_at: When something that waits may be told although nothing else changes.
    """

    marks: Mapping[str, Mark]
    news: tuple[News, ...] = ()
    again_at: datetime | None = None


@dataclass(slots=True)
class _Round:
    """The marks of one decision as they come to be."""

    now: datetime
    marks: dict[str, Mark] = field(default_factory=dict)
    due: dict[Kind, list[tuple[Standing, int]]] = field(default_factory=dict)
    times: list[datetime] = field(default_factory=list)


def decide(
    stands: Sequence[Standing],
    known: Mapping[str, Mark] | None,
    chosen: Iterable[Kind],
    quiet: timedelta,
    now: datetime,
) -> Decision:
    """Decide what is told.

    Args:
        stands: Everything that holds now.
        known: Name → mark; None where nothing was ever looked at: what stands then is no change,
            and becomes one summary of what needs a person.
        chosen: The kinds that are told; the others are only remembered.
        quiet: For so long after it was told, another version of the same thing is not.
        now: The time.
    """
    kinds = frozenset(chosen)
    if known is None:
        return _first(stands, kinds, now)
    this = _Round(now)
    newest = _newest(known, now)
    for item in stands:
        _look(this, item, known.get(item.mark), kinds, quiet, newest.get(item.kind))
    kept = max(quiet, GATHER)
    for name, mark in known.items():
        if name not in this.marks and _within(mark.at, kept, now):
            this.marks[name] = mark  # what comes back at once is not told at once
    news = tuple(
        News(kind, tuple(item for item, _ in due), sum(missed for _, missed in due))
        for kind in Kind
        if (due := this.due.get(kind))
    )
    return Decision(
        known if this.marks == known else this.marks, news, min(this.times, default=None)
    )


def _look(
    this: _Round,
    item: Standing,
    mark: Mark | None,
    kinds: frozenset[Kind],
    quiet: timedelta,
    newest: datetime | None,
) -> None:
    """Tell one thing, or remember that it waits."""
    if mark is not None and _same(mark.version, item):
        this.marks[item.mark] = mark
        return
    if item.over or item.kind not in kinds:
        this.marks[item.mark] = Mark(item.version, this.now)
        return
    if mark is not None and _within(mark.at, quiet, this.now):
        fresh = item.version != mark.seen
        this.marks[item.mark] = (
            replace(mark, seen=item.version, missed=mark.missed + 1) if fresh else mark
        )
        this.times.append(mark.at + quiet)
        return
    if newest is not None and _within(newest, GATHER, this.now):
        if mark is not None:
            this.marks[item.mark] = mark
        this.times.append(newest + GATHER)
        return
    missed = mark.missed if mark else 0
    if mark is not None and mark.seen == item.version:
        missed -= 1  # the one that is told now
    this.marks[item.mark] = Mark(item.version, this.now)
    this.due.setdefault(item.kind, []).append((item, missed))


def _same(version: str, item: Standing) -> bool:
    return version == item.version or bool(item.stem and version.startswith(item.stem))


def _first(stands: Sequence[Standing], kinds: frozenset[Kind], now: datetime) -> Decision:
    marks = {item.mark: Mark(item.version, now) for item in stands}
    open_ones = [
        item
        for kind in Kind
        for item in stands
        if item.kind is kind and kind in kinds and kind is not Kind.COMPLETED and not item.over
    ]
    if not open_ones:
        return Decision(marks)
    return Decision(marks, (News(open_ones[0].kind, tuple(open_ones), summary=True),))


def _newest(known: Mapping[str, Mark], now: datetime) -> Mapping[str, datetime]:
    """When something of each kind was told last."""
    found: dict[str, datetime] = {}
    for name, mark in known.items():
        kind = name.partition(":")[0]
        if mark.at <= now and (kind not in found or found[kind] < mark.at):
            found[kind] = mark.at
    return found


def _within(at: datetime, span: timedelta, now: datetime) -> bool:
    """Whether that was less than a span ago; a clock that was put back ends every wait."""
    return timedelta() <= now - at < span
