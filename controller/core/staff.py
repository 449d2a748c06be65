"""Staff: which agents may begin work now, and who of a route's takes it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from controller.core import holds
from controller.core.ledger import Refusal
from controller.core.limits import Limits, Route
from controller.core.memory import Hold, ProjectMemory
from controller.core.observed import Run
from controller.core.spending import REASON as BUDGET
from controller.core.spending import Purse, midnight


class Staff:
    """The agents in one tick.

    Args:
        limits: What is allowed.
        known: Agent → its hold, also where that is just over.
        runs: All runs that are known.
        purse: What is left to spend.
        now: The time.
    """

    def __init__(
        self,
        limits: Limits,
        known: Mapping[str, Hold],
        runs: Iterable[Run],
        purse: Purse,
        now: datetime,
    ) -> None:
        self._refusals: dict[str, Refusal] = {}
        self._purse = purse
        self._now = now
        self._coming_back: set[str] = set()
        every = tuple(runs)
        for agent in limits.agents:
            if why := purse.refusal(agent):
                self._refusals[agent] = Refusal(BUDGET, why, midnight(now))
        for agent, item in known.items():
            if agent not in limits.agents:
                continue
            if not holds.over(item, now):
                self._refusals[agent] = Refusal(item.reason, holds.message(agent, item), item.until)
            elif item.reason not in holds.MISSING:
                self._coming_back.add(agent)
                if at := holds.next_start(agent, item, every, now):
                    self._refusals[agent] = self._soon(agent, at)

    def choose(
        self, routes: Sequence[Route], member: ProjectMemory
    ) -> tuple[Route, Refusal | None]:
        """Who takes a project's work.

        One that holds the conversation before one that does not; else the first of the route that
        may work; where none may, the one that is free again first.

        Args:
            routes: Who may, the preferred one first.
            member: The project's memory.

        Returns:
            The route, and why it has to wait; None where it has not.
        """
        ours = [route for route in routes if route.agent == member.conversation_agent]
        ordered = [*ours, *(route for route in routes if route not in ours)]
        for route in ordered:
            if route.agent not in self._refusals:
                return route, None
        soonest = min(
            ordered,
            key=lambda route: (
                (until := self._refusals[route.agent].until) is None,
                until.timestamp() if until else 0.0,
            ),
        )
        refusal = self._refusals[soonest.agent]
        # Where nobody else can take it, a missing program is the row's own fault, tried as such.
        return soonest, None if refusal.reason in holds.MISSING else refusal

    def spent(self, agent: str) -> str:
        """Why an agent must stop what it does, for its day's budget is spent; empty for no."""
        return self._purse.refusal(agent)

    def room(self, agent: str) -> float:
        """The dollars that an agent may spend yet today; 0 for no bound."""
        return self._purse.room(agent)

    def comes_back(self, agent: str) -> bool:
        """Whether its hold is just over, so that its projects start one by one."""
        return agent in self._coming_back

    def later(self, agent: str) -> Refusal:
        """Why another project of an agent that comes back does not start in the same tick."""
        return self._soon(agent, self._now + holds.STAGGER)

    @staticmethod
    def _soon(agent: str, at: datetime) -> Refusal:
        text = f"{agent} may work again; its projects go on one by one"
        return Refusal("ComingBack", text, at)
