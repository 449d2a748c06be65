"""Spending: what runs cost, and whether a budget has room for more."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from controller.core.case import Case
from controller.core.limits import NO_BUDGET, Budget, Limits, Price
from controller.core.memory import ProjectMemory
from controller.core.observed import Run
from controller.core.spent import NOTHING_SPENT, Day, Spent

REASON = "BudgetExceeded"
_MILLION = 1_000_000
_LEAST = 0.01
"""Dollars that a run may cost at least: none would be no bound."""


def spent_by(run: Run, member: ProjectMemory, prices: Mapping[str, Price]) -> Spent:
    """What a run spent so far.

    Args:
        run: The run.
        member: Its project's memory: an agent that counts over a whole conversation has counted
            what was paid before as well.
        prices: Model id → price, for agents that tell tokens alone.
    """
    usage = run.facts.usage
    dollars = _dollars(run, prices)
    if not (run.facts.whole and run.conversation == member.conversation):
        return Spent(dollars, usage.tokens)
    # One that tells dollars counts its tokens anew in each run.
    before = member.paid_tokens if usage.dollars is None else 0
    return Spent(max(0.0, dollars - member.paid), max(0, usage.tokens - before))


def bill(
    member: ProjectMemory, run: Run, prices: Mapping[str, Price]
) -> tuple[ProjectMemory, Spent]:
    """The memory with what an ended run spent in it, counted once; and what that is now."""
    spent = spent_by(run, member, prices)
    if member.billed == run.id or spent == NOTHING_SPENT:
        return member, NOTHING_SPENT
    usage = run.facts.usage
    # One that broke off before it told the whole is in the whole that the next one tells.
    paid = _dollars(run, prices) if run.facts.whole else member.paid + spent.dollars
    tokens = usage.tokens if run.facts.whole and usage.dollars is None else member.paid_tokens
    total = member.spent + spent
    return replace(member, spent=total, paid=paid, paid_tokens=tokens, billed=run.id), spent


def _dollars(run: Run, prices: Mapping[str, Price]) -> float:
    """As the agent says, else by the price of its model."""
    usage = run.facts.usage
    if usage.dollars is not None:
        return usage.dollars
    price = prices.get(run.facts.model) or prices.get(run.model) or Price()
    parts = (usage.fresh * price.fresh, usage.cached * price.cached, usage.output * price.output)
    return sum(parts) / _MILLION


def row_spent(member: ProjectMemory, run: Run | None, prices: Mapping[str, Price]) -> Spent:
    """What all runs of a row spent, the one that lasts included."""
    if run is None or run.result is not None or member.billed == run.id:
        return member.spent
    return member.spent + spent_by(run, member, prices)


def count_days(cases: Iterable[Case], days: Mapping[str, Day], now: datetime) -> Mapping[str, Day]:
    """Agent → its day, with the runs in it that are billed now."""
    counted = dict(days)
    for case in cases:
        if case.run is not None and case.billed != NOTHING_SPENT:
            agent = case.run.agent
            counted[agent] = Day(now.date(), _today(counted.get(agent), now) + case.billed)
    return counted if counted != days else days


def left(member: ProjectMemory, row: Budget, run: Budget, today: float) -> float:
    """The dollars that a row's next run may cost; 0 for no bound.

    Args:
        member: The row's memory.
        row: What all its runs may cost.
        run: What one run may cost.
        today: What its agent may spend yet today, 0 for no bound.
    """
    bounds = [dollars for dollars in (run.dollars, today) if dollars]
    if row.dollars:
        # A row without anything left is blocked, but for one that is asked for at this moment.
        bounds.append(max(_LEAST, row.dollars - member.spent.dollars))
    return round(min(bounds, default=0.0), 4)


class Purse:
    """What agents have left today.

    Args:
        cases: The projects; their living runs spend too.
        days: Agent → what runs that are over spent.
        limits: The budgets and prices.
        now: The time.
    """

    def __init__(
        self, cases: Iterable[Case], days: Mapping[str, Day], limits: Limits, now: datetime
    ) -> None:
        self._limits = limits
        self._spent = {agent: _today(day, now) for agent, day in days.items()}
        for case in cases:
            if case.run is not None and case.alive and case.member.billed != case.run.id:
                live = spent_by(case.run, case.member, limits.prices)
                agent = case.run.agent
                self._spent[agent] = self._spent.get(agent, NOTHING_SPENT) + live

    def refusal(self, agent: str) -> str:
        """Why an agent may spend nothing more today; empty where it may."""
        own, every = self._days(agent)
        if text := over(*own):
            return f"{agent} spent {text} today; it goes on tomorrow"
        if text := over(*every):
            return f"all agents together spent {text} today; they go on tomorrow"
        return ""

    def room(self, agent: str) -> float:
        """The dollars that an agent may spend yet today; 0 for no bound.

        Each of several runs at once may spend that much: what a run that lasts will have cost is
        not known.
        """
        days = self._days(agent)
        rooms = (max(_LEAST, day.dollars - spent.dollars) for spent, day in days if day.dollars)
        return min(rooms, default=0.0)

    def _days(self, agent: str) -> tuple[tuple[Spent, Budget], tuple[Spent, Budget]]:
        """What was spent of which budget today: the agent's own, and that of all together."""
        known = self._limits.agents.get(agent)
        own = self._spent.get(agent, NOTHING_SPENT), known.day if known else NO_BUDGET
        return own, (sum(self._spent.values(), NOTHING_SPENT), self._limits.day)


def midnight(now: datetime) -> datetime:
    """When the day's budgets are fresh again."""
    return (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def over(spent: Spent, budget: Budget) -> str:
    """What was spent of which budget, where that is used up; empty where it is not."""
    if budget.dollars and spent.dollars >= budget.dollars:
        return f"${spent.dollars:.2f} of ${budget.dollars:.2f}"
    if budget.tokens and spent.tokens >= budget.tokens:
        return f"{spent.tokens:,} of {budget.tokens:,} tokens"
    return ""


def shown(spent: Spent) -> str:
    """The text of the Credits Used cell; empty where nothing is known."""
    if spent.dollars:
        return f"${spent.dollars:.2f}"
    return f"{spent.tokens:,} tokens" if spent.tokens else ""


def _today(day: Day | None, now: datetime) -> Spent:
    return day.spent if day is not None and day.date == now.date() else NOTHING_SPENT
