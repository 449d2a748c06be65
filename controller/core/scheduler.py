"""The scheduler: who of those that want to run may, within slots, GPUs and folders."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from controller.core.limits import Limits


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
    """

    name: str
    agent: str
    folder: str
    gpu: bool = False
    gpus: tuple[int, ...] = ()
    takes_slot: bool = True


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to start, with the GPUs that are given."""

    gpus: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """No leave to start: the reason in CamelCase, and for a person."""

    reason: str
    message: str


@dataclass(slots=True)
class _Ledger:
    """What is taken so far."""

    limits: Limits
    slots: int = 0
    by_agent: Counter[str] = field(default_factory=Counter)
    gpus: set[int] = field(default_factory=set)
    reserved_gpus: int = 0
    folders: dict[str, str] = field(default_factory=dict)

    def take(self, claim: Claim) -> None:
        if claim.takes_slot:
            self.slots += 1
            self.by_agent[claim.agent] += 1
        self.gpus.update(claim.gpus)
        if claim.gpu and not claim.gpus:
            self.reserved_gpus += 1
        self.folders.setdefault(claim.folder, claim.name)

    def free_gpu(self) -> int | None:
        free = [index for index in range(self.limits.gpus) if index not in self.gpus]
        return free[0] if len(free) > self.reserved_gpus else None

    def admit(self, claim: Claim) -> Grant | Refusal:
        limits = self.limits
        user = self.folders.get(claim.folder)
        if user is not None and user != claim.name:
            return Refusal("FolderInUse", f"{user} works in the same folder, {claim.folder}")
        agent_slots = limits.agents[claim.agent].slots
        if self.by_agent[claim.agent] >= agent_slots:
            return Refusal("AgentCapacity", f"all {agent_slots} slots of {claim.agent} are taken")
        if self.slots >= limits.slots:
            return Refusal("Capacity", f"all {limits.slots} slots are taken")
        if not claim.gpu:
            return Grant()
        index = self.free_gpu()
        if index is None:
            return Refusal("NoGPU", _no_gpu(limits.gpus))
        return Grant((index,))


def _no_gpu(gpus: int) -> str:
    match gpus:
        case 0:
            return "it needs a GPU and the settings give none (gpus: 0)"
        case 1:
            return "the GPU is taken"
        case _:
            return f"all {gpus} GPUs are taken"


def schedule(
    holders: Iterable[Claim],
    keepers: Iterable[Claim],
    candidates: Iterable[Claim],
    limits: Limits,
) -> Mapping[str, Grant | Refusal]:
    """Give leave to start in the order of the candidates.

    Args:
        holders: Sessions that exist; what they hold is taken whatever the limits say.
        keepers: Projects between two runs that keep their slot; each may start in it.
        candidates: Projects that want a slot, the most important first. One that must wait does
            not hold up those behind it that lack nothing.
        limits: What there is.

    Returns:
        Name → leave or refusal, for every keeper and candidate.
    """
    ledger = _Ledger(limits)
    for claim in holders:
        ledger.take(claim)
    answers: dict[str, Grant | Refusal] = {}
    for claim in (*keepers, *candidates):
        answer = ledger.admit(claim)
        answers[claim.name] = answer
        if isinstance(answer, Grant):
            ledger.take(Claim(claim.name, claim.agent, claim.folder, claim.gpu, answer.gpus))
    return answers
