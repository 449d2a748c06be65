"""The scheduler: who of those that want to run may, and who gives way to whom."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from controller.core.ledger import Claim, Grant, Ledger, Refusal, helps
from controller.core.limits import Limits


@dataclass(frozen=True, slots=True)
class Schedule:
    """Who may start, and who gives way.

    Attributes:
        answers: Name → leave or refusal, for every keeper and candidate.
        victims: Name of a session that is to end → name of the project that takes its place.
    """

    answers: Mapping[str, Grant | Refusal]
    victims: Mapping[str, str]


def schedule(
    holders: Iterable[Claim],
    keepers: Iterable[Claim],
    candidates: Iterable[Claim],
    limits: Limits,
    now: datetime,
) -> Schedule:
    """Give leave to start in the order of the candidates.

    One that must wait does not hold up those behind it that lack nothing; but room that others
    are leaving, or are made to leave, is kept for it. Of those that go one by one the first that
    lacks nothing starts.

    Args:
        holders: Sessions that exist; what they hold is taken whatever the limits say.
        keepers: Projects between two runs that keep their slot; each may start in it.
        candidates: Projects that want a slot, the most important first.
        limits: What there is.
        now: The time.
    """
    return _Scheduler(list(holders), limits, now).run(keepers, candidates)


@dataclass(slots=True)
class _Scheduler:
    """One round.

    `_present` is what is taken now, `_coming` what will be once those that leave are gone. Who
    starts needs room in both; who finds room in `_coming` alone waits, and keeps it.
    """

    holders: list[Claim]
    limits: Limits
    now: datetime
    _present: Ledger = field(init=False)
    _coming: Ledger = field(init=False)
    _staying: list[Claim] = field(init=False)
    _victims: dict[str, str] = field(default_factory=dict)
    _begun: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._staying = [claim for claim in self.holders if not claim.leaving]
        self._present = Ledger(self.limits, self.holders)
        self._coming = Ledger(self.limits, self._staying)

    def run(self, keepers: Iterable[Claim], candidates: Iterable[Claim]) -> Schedule:
        answers = {claim.name: self._answer(claim) for claim in (*keepers, *candidates)}
        return Schedule(answers, self._victims)

    def _answer(self, claim: Claim) -> Grant | Refusal:
        if claim.later and claim.agent in self._begun:
            return claim.later
        here, then = self._present.admit(claim), self._coming.admit(claim)
        until = None
        if isinstance(then, Refusal) and claim.may_preempt:
            victims, until = self._find_victims(claim)
            for victim in victims:
                self._coming.release(victim)
                self._staying.remove(victim)
                self._victims[victim.name] = claim.name
            if victims:
                then = self._coming.admit(claim)
        if isinstance(then, Refusal):
            return replace(then, until=until)
        if claim.later:
            self._begun.add(claim.agent)
        if claim.gpu and isinstance(here, Grant):
            # One that is free now may be promised to another, who waits for something else.
            free = self._present.free_gpus() & self._coming.free_gpus()
            here = Grant((min(free),)) if free else self._present.no_gpu()
        if isinstance(here, Refusal):
            self._coming.take(replace(claim, gpus=then.gpus))
            return replace(here, message=f"{here.message}; room is being made")
        held = replace(claim, gpus=here.gpus)
        self._present.take(held)
        self._coming.take(held)
        return here

    def _find_victims(self, claim: Claim) -> tuple[list[Claim], datetime | None]:
        """Less important sessions that hold exactly what lacks.

        Returns:
            The fewest whose end makes room, the least important first and of these the newest;
            none where no such set exists. And when there may be one, if the time alone forbids it.
        """
        lower = [
            holder
            for holder in self._staying
            if holder.rank > claim.rank and holder.yields_from is not None
        ]
        ripe = [holder for holder in lower if holder.yields_from and holder.yields_from <= self.now]
        found = self._fewest(claim, ripe)
        if found or len(ripe) == len(lower):
            return found, None
        if not self._fewest(claim, lower):
            return [], None
        times = [holder.yields_from for holder in lower if holder not in ripe]
        return [], min(at for at in times if at)

    def _fewest(self, claim: Claim, pool: list[Claim]) -> list[Claim]:
        ordered = sorted(pool, key=lambda holder: (-holder.rank, _newest(holder)))
        trial = self._coming.copy()
        chosen: list[Claim] = []
        lacked: set[str] = set()
        while isinstance(refusal := trial.admit(claim), Refusal):
            # One session a resource: where more would have to go, the settings were lowered
            # below what runs, and that alone ends nobody.
            if refusal.reason in lacked:
                return []
            lacked.add(refusal.reason)
            fitting = (h for h in ordered if h not in chosen and helps(h, claim, refusal))
            victim = next(fitting, None)
            if victim is None:
                return []
            trial.release(victim)
            chosen.append(victim)
        return self._without_needless(claim, chosen)

    def _without_needless(self, claim: Claim, chosen: list[Claim]) -> list[Claim]:
        """One that holds two of the resources may make another's end needless."""
        for holder in list(chosen):
            trial = self._coming.copy()
            for other in chosen:
                if other is not holder:
                    trial.release(other)
            if isinstance(trial.admit(claim), Grant):
                chosen.remove(holder)
        return chosen


def _newest(claim: Claim) -> float:
    return -claim.since.timestamp() if claim.since else 0.0
