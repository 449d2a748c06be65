"""The ledger: slots, GPUs and folders, and who has them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from controller.core.limits import Limits


@dataclass(frozen=True, slots=True)
class Refusal:
    """No leave to start.

    Attributes:
        reason: CamelCase: the resource that lacks.
        message: For a person.
        until: When the answer may be another by itself; None where only a change helps.
    """

    reason: str
    message: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """What a project holds, or wants.

    Attributes:
        name: Whose.
        agent: The agent that runs, or is to.
        folder: Where it works.
        gpu: Whether it needs a GPU.
        gpus: Indices of those that it holds.
        takes_slot: False for a waiting session that gave up its slot.
        rank: Its priority; 1 comes first.
        since: When its agent began to run; None where that does not count.
        leaving: Its session was asked to end, and does not start again at once.
        yields_from: When it may be pre-empted; None for never.
        may_preempt: Whether it may take the place of others; not while its own start fails.
        later: The answer where another of its agent may start before it; None where these need
            not go one by one.
    """

    name: str
    agent: str
    folder: str
    gpu: bool = False
    gpus: tuple[int, ...] = ()
    takes_slot: bool = True
    rank: int = 0
    since: datetime | None = None
    leaving: bool = False
    yields_from: datetime | None = None
    may_preempt: bool = True
    later: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to start, with the GPUs that are given."""

    gpus: tuple[int, ...] = ()


class Ledger:
    """What is taken.

    Args:
        limits: What there is.
        claims: Who has something already; it is taken whatever the limits say.
    """

    def __init__(self, limits: Limits, claims: Iterable[Claim] = ()) -> None:
        self._limits = limits
        self._slots = 0
        self._by_agent: Counter[str] = Counter()
        self._gpus: Counter[int] = Counter()
        self._folders: dict[str, list[str]] = {}
        for claim in claims:
            self.take(claim)

    def take(self, claim: Claim) -> None:
        """Note what a claim takes."""
        if claim.takes_slot:
            self._slots += 1
            self._by_agent[claim.agent] += 1
        self._gpus.update(claim.gpus)
        self._folders.setdefault(claim.folder, []).append(claim.name)

    def release(self, claim: Claim) -> None:
        """Give back what a claim took."""
        if claim.takes_slot:
            self._slots -= 1
            self._by_agent[claim.agent] -= 1
        self._gpus.subtract(claim.gpus)
        users = self._folders[claim.folder]
        users.remove(claim.name)
        if not users:
            del self._folders[claim.folder]

    def admit(self, claim: Claim) -> Grant | Refusal:
        """Whether there is room; nothing is taken by the question."""
        limits = self._limits
        users = [name for name in self._folders.get(claim.folder, ()) if name != claim.name]
        if users:
            text = f"{users[0]} works in the same folder, {claim.folder}"
            return Refusal("FolderInUse", text)
        agent_slots = limits.agents[claim.agent].slots
        if self._by_agent[claim.agent] >= agent_slots:
            return Refusal("AgentCapacity", f"all {agent_slots} slots of {claim.agent} are taken")
        if self._slots >= limits.slots:
            return Refusal("Capacity", f"all {limits.slots} slots are taken")
        if not claim.gpu:
            return Grant()
        free = self.free_gpus()
        return Grant((min(free),)) if free else self.no_gpu()

    def free_gpus(self) -> set[int]:
        """Indices of the GPUs that nobody has."""
        return {index for index in range(self._limits.gpus) if self._gpus[index] <= 0}

    def no_gpu(self) -> Refusal:
        """The refusal where no GPU is free."""
        match self._limits.gpus:
            case 0:
                text = "it needs a GPU and the settings give none (gpus: 0)"
            case 1:
                text = "the GPU is taken"
            case many:
                text = f"all {many} GPUs are taken"
        return Refusal("NoGPU", text)

    def copy(self) -> "Ledger":
        """Another ledger that says the same."""
        other = Ledger(self._limits)
        other._slots = self._slots
        other._by_agent = self._by_agent.copy()
        other._gpus = self._gpus.copy()
        other._folders = {folder: list(users) for folder, users in self._folders.items()}
        return other


def helps(holder: Claim, refused: Claim, refusal: Refusal) -> bool:
    """Whether a holder has exactly what a refused claim lacks."""
    match refusal.reason:
        case "Capacity":
            return holder.takes_slot
        case "AgentCapacity":
            return holder.takes_slot and holder.agent == refused.agent
        case "NoGPU":
            return bool(holder.gpus)
        case "FolderInUse":
            return holder.folder == refused.folder
        case _:
            return False
