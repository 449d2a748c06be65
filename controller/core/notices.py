"""Notices: which changes of the fleet a person is told of, each once.

Level-triggered as all else: what stands now is held against what was told last. So nothing is
lost with a tick that failed, and nothing is told again by a controller that was started again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from controller.core import holds
from controller.core.digest import digest
from controller.core.memory import Hold, Memory, ProjectMemory
from controller.core.words import Status

GATHER = timedelta(seconds=10)
"""What comes so soon after a message of its kind waits, so that a fleet that stalls within a
moment is one message, or two, and not one for every row."""


class Kind(StrEnum):
    """What a person may be told of, the most urgent first."""

    PRUNE_BLOCKED = "PruneBlocked"
    HOLD = "Hold"
    BLOCKED = "Blocked"
    WAITING = "Waiting"
    COMPLETED = "Completed"

    @property
    def label(self) -> str:
        """The kind as the value of a metric's label."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Standing:
    """Something that holds now.

    Attributes:
        kind: What of.
        key: Whose, for life: a project's slug, an agent, empty for the fleet.
        subject: The same as a person knows it.
        version: Another one is news.
        reason: CamelCase.
        text: For a person; as the agent or the row has it, of any length and form.
        over: It stood, and would be no news any more: only what was told of it counts.
        stem: Of what only goes on: every version that begins so is the same. Empty elsewhere.
    """

    kind: Kind
    key: str
    subject: str
    version: str
    reason: str
    text: str = ""
    over: bool = False
    stem: str = ""

    @property
    def mark(self) -> str:
        """The name of its mark."""
        return f"{self.kind.value}:{self.key}"


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


def standing(memory: Memory, now: datetime) -> tuple[Standing, ...]:
    """Everything that holds now and could be told."""
    found = [
        item
        for name, member in memory.projects.items()
        if not (member.absence and member.absence.acted_at) and (item := _of_row(name, member))
    ]
    found += [_of_hold(agent, held, now) for agent, held in memory.holds.items()]
    if memory.prune:
        found.append(Standing(Kind.PRUNE_BLOCKED, "", "", memory.prune, Kind.PRUNE_BLOCKED.value))
    return tuple(found)


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


def _of_hold(agent: str, held: Hold, now: datetime) -> Standing:
    """An agent's hold; one that follows another without a good run between goes on with it."""
    stem = f"{held.reason} "
    return Standing(
        Kind.HOLD, agent, agent, f"{stem}{held.since.isoformat()}", held.reason,
        holds.message(agent, held), over=holds.over(held, now),
        stem=stem if held.attempt > 1 else "",
    )  # fmt: skip


def _of_row(name: str, member: ProjectMemory) -> Standing | None:
    state = member.state
    if state is None:
        return None
    since = state.since.isoformat()
    match state.status:
        case Status.WAITING:  # another question is news, although the row waits all the while
            version = f"{since} {digest(state.reason, state.message)}"
            kind = Kind.WAITING
        case Status.BLOCKED if member.block:  # and not by the user's own word
            version, kind = f"{since} {state.reason}", Kind.BLOCKED
        case Status.COMPLETED if member.done and not member.done.by_user:
            version, kind = since, Kind.COMPLETED
        case _:
            return None
    return Standing(kind, member.slug, name, version, state.reason, state.message)
