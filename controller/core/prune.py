"""The guard against a mass stop: many rows that vanish at once wait for the user's word."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.core.attendance import deletion_due
from controller.core.digest import digest
from controller.core.intent import Intent
from controller.core.memory import ProjectMemory

WINDOW = timedelta(minutes=10)
SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Prune:
    """What is to become of the rows that are gone.

    Attributes:
        due: Names that count as deleted now.
        blocked: Names that wait for the user's word.
        digest: Of the blocked names; what `approve-prune` approves. Empty where none is blocked.
        next_due: When the next one will be due.
    """

    due: frozenset[str]
    blocked: frozenset[str]
    digest: str
    next_due: datetime | None


def prune(
    members: Mapping[str, ProjectMemory],
    live: Set[str],
    approved: str,
    blocked_before: str,
    now: datetime,
) -> Prune:
    """Decide which absent projects are due for their end.

    Args:
        members: Name → memory.
        live: Names that have a session.
        approved: The digest that the user approved, or empty; what is approved is due at once.
        blocked_before: The digest that was blocked already; only the user's word or the rows'
            return ends that, time does not.
        now: The time.
    """
    gone = [
        name
        for name, member in members.items()
        if (absence := member.absence) and not (absence.acted_at or absence.held)
    ]
    if not gone:
        return Prune(frozenset(), frozenset(), "", None)
    at_stake = frozenset(name for name in gone if matters(name, members[name], live))
    recent = sum(
        1
        for member in members.values()
        if member.absence
        and member.absence.mattered
        and member.absence.acted_at
        and now - member.absence.since < WINDOW
    )
    owned = recent + sum(
        1
        for name, member in members.items()
        if not (member.absence and member.absence.acted_at) and matters(name, member, live)
    )
    count = len(at_stake) + recent
    mark = digest(*sorted(at_stake))
    many = count > 1 and count > SHARE * owned
    guarded = bool(at_stake) and (many or blocked_before == mark) and approved != mark
    blocked = at_stake if guarded else frozenset()
    approval = bool(at_stake) and approved == mark
    times = {
        name: now if approval and name in at_stake else deletion_due(absence, now)
        for name in gone
        if name not in blocked and (absence := members[name].absence)
    }
    due = frozenset(name for name, at in times.items() if at and at <= now)
    later = [at for at in times.values() if at and at > now]
    return Prune(due, blocked, mark if guarded else "", min(later, default=None))


def matters(name: str, member: ProjectMemory, live: Set[str]) -> bool:
    """Whether its end would stop a session or forget a conversation that was to go on."""
    return name in live or bool(member.conversation and member.intent is not Intent.DONE)
