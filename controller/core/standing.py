"""What stands: everything that holds now, and that a person may want to be told of."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.core import holds
from controller.core.digest import digest
from controller.core.memory import Hold, Memory, ProjectMemory
from controller.core.words import Status


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
