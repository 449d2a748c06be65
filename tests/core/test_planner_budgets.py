"""Budgets: what a row, an agent, a day and a run may spend, and how that is counted."""

from dataclasses import replace

import pytest

from controller.core.actions import Start
from controller.core.facts import Facts, Usage
from controller.core.limits import Budget, Price
from controller.core.memory import ProjectMemory
from controller.core.observed import Ending, Run, Words
from controller.core.spending import spent_by
from controller.core.views import agent_views
from tests.core.fleet import Fleet
from tests.core.world import AGENTS, NOW, cells, limits

DAY = 86_400.0


def told_after(fleet: Fleet, dollars: float) -> float:
    """What the next run is told that it may cost, after one that spent this and crashed."""
    fleet.tell(usage=Usage(dollars=dollars))
    fleet.end(ending=Ending.CRASHED)
    fleet.tick()
    fleet.sleep(15)
    [start] = [act for act in fleet.tick().plan.actions if isinstance(act, Start)]
    return start.workload.dollars


def spend_all(fleet: Fleet, dollars: float) -> None:
    """The agent spends this, and ends by itself at the bound that it was told."""
    fleet.tell(usage=Usage(dollars=dollars))
    fleet.end(ending=Ending.BLOCKED, reason="BudgetExceeded", message="Reached maximum budget")


def test_a_row_is_blocked_when_its_budget_is_spent() -> None:
    """While it runs: the run is ended, the row says why; typing Pending alone is no help."""
    fleet = Fleet(cells(), limits=limits(row=Budget(dollars=1.0)))
    fleet.rest()
    fleet.tell(usage=Usage(dollars=0.9))
    assert fleet.tick().stopped == []
    fleet.tell(usage=Usage(dollars=1.0))
    assert fleet.tick().stopped == ["alpha"]
    fleet.rest()
    assert fleet.says() == ("Blocked", "BudgetExceeded")
    fleet.type(status="Pending")
    fleet.rest()
    assert fleet.says() == ("Blocked", "BudgetExceeded")
    fleet.limits = limits(row=Budget(dollars=5.0))
    fleet.type(status="Pending")
    fleet.rest()
    assert fleet.says()[0] == "In Progress"


def test_a_run_is_told_what_it_may_cost() -> None:
    """What its row has left, or what one run may cost, whichever is less."""

    def told(row: float, run: float) -> float:
        agents = {"claude": replace(AGENTS["claude"], run=Budget(dollars=run))}
        fleet = Fleet(cells(), limits=limits(agents=agents, row=Budget(dollars=row)))
        fleet.rest()
        return told_after(fleet, 3.0)

    assert (told(0, 0), told(0, 4), told(10, 4), told(5, 4)) == (0.0, 4.0, 4.0, 2.0)


@pytest.mark.parametrize("whole", [False, True], ids=["its own", "the fleet's"])
def test_a_run_is_told_what_its_day_has_left(whole: bool) -> None:
    """Its agent tells what it cost when it is too late, so it keeps to that by itself.

    Where it ended there, its row goes on tomorrow, in its conversation.
    """
    day = Budget(dollars=5.0)
    agents = {**AGENTS, "claude": replace(AGENTS["claude"], day=day)}
    known = limits(day=day) if whole else limits(agents=agents)
    fleet = Fleet(cells(), limits=known)
    fleet.rest()
    assert told_after(fleet, 3.0) == 2.0
    fleet.rest()
    talk = fleet.run().conversation
    spend_all(fleet, 2.1)
    fleet.rest()
    assert fleet.says() == ("Queued", "BudgetExceeded")
    fleet.sleep(DAY)
    fleet.rest()
    assert fleet.says()[0] == "In Progress"
    assert fleet.run().conversation == talk


def test_a_bound_of_ones_own_arguments_blocks_the_row() -> None:
    """Nothing here was spent whole: whoever set that bound knows where."""
    fleet = Fleet(cells(), limits=limits(day=Budget(dollars=5.0)))
    fleet.rest()
    spend_all(fleet, 1.0)
    fleet.rest()
    assert fleet.says() == ("Blocked", "BudgetExceeded")
    assert fleet.status().message == "Reached maximum budget"


def test_the_row_says_that_it_was_the_runs_bound() -> None:
    """The day may be spent by the same run; that comes second."""
    both = replace(AGENTS["claude"], run=Budget(dollars=1.0), day=Budget(dollars=1.0))
    fleet = Fleet(cells(), limits=limits(agents={"claude": both}))
    fleet.rest()
    spend_all(fleet, 1.0)
    fleet.rest()
    assert fleet.says() == ("Blocked", "BudgetExceeded")
    assert "agents.claude.run_budget" in fleet.status().message


def test_the_row_says_whose_bound_its_agent_kept_to() -> None:
    """The agent ended by itself, and does not know."""
    fleet = Fleet(cells(), limits=limits(row=Budget(dollars=1.0)))
    fleet.rest()
    spend_all(fleet, 1.1)
    fleet.rest()
    assert fleet.says() == ("Blocked", "BudgetExceeded")
    assert "budgets.row" in fleet.status().message


def test_runs_add_up_and_a_conversation_counts_once() -> None:
    """An agent whose cost is that of the whole conversation is charged the difference."""
    fleet = Fleet(cells())
    fleet.rest()
    fleet.tell(usage=Usage(10, 0, 5, 0.5), whole=True)
    fleet.end(ending=Ending.CRASHED)
    fleet.tick()
    fleet.sleep(15)
    fleet.rest()
    fleet.tell(usage=Usage(10, 0, 5, 0.8), whole=True)
    tick = fleet.tick()
    assert tick.plan.spent["alpha"].dollars == pytest.approx(0.8)
    assert tick.plan.spent["alpha"].tokens == 30
    fleet.end()
    fleet.rest()
    assert fleet.memory.projects["alpha"].spent.dollars == pytest.approx(0.8)
    assert fleet.memory.days["claude"].spent.dollars == pytest.approx(0.8)
    fleet.type(status="Pending")
    fleet.rest()
    assert fleet.memory.projects["alpha"].spent.dollars == 0


def test_a_day_counts_what_a_row_begins_anew_without() -> None:
    """The word that lets it begin from the start may come with the end of the run before."""
    fleet = Fleet(cells())
    fleet.rest()
    fleet.tell(usage=Usage(10, 0, 5, 0.5))
    fleet.type(status="Completed")
    fleet.tick()
    fleet.obey()
    fleet.type(status="Pending")
    fleet.tick()
    assert fleet.member().spent.dollars == 0
    assert fleet.memory.days["claude"].spent.dollars == pytest.approx(0.5)


def test_tokens_of_a_conversation_count_once() -> None:
    """An agent that tells tokens alone, of the whole conversation, is charged the difference."""
    fleet = Fleet(cells(), limits=limits(prices={"m-1": Price(fresh=1.0)}))
    fleet.rest()
    fleet.tell(model="m-1", usage=Usage(1_000_000), whole=True)
    fleet.end(ending=Ending.CRASHED)
    fleet.tick()
    fleet.sleep(15)
    fleet.rest()
    fleet.tell(model="m-1", usage=Usage(3_000_000), whole=True)
    spent = fleet.tick().plan.spent["alpha"]
    assert spent.tokens == 3_000_000
    assert spent.dollars == pytest.approx(3.0)
    fleet.end()
    fleet.rest()
    spent = fleet.memory.projects["alpha"].spent
    assert spent.tokens == 3_000_000
    assert spent.dollars == pytest.approx(3.0)


def test_a_run_that_broke_off_has_spent_too() -> None:
    """By what it told until then; the whole that the next one tells counts that only once."""
    fleet = Fleet(cells(), limits=limits(prices={"m-1": Price(fresh=1.0)}))
    fleet.rest()
    fleet.tell(model="m-1", usage=Usage(1_000_000))
    fleet.end(ending=Ending.CRASHED)
    fleet.tick()
    fleet.sleep(15)
    fleet.rest()
    assert fleet.memory.projects["alpha"].spent.dollars == pytest.approx(1.0)
    fleet.tell(model="m-1", usage=Usage(200_000, dollars=1.2), whole=True)
    spent = fleet.tick().plan.spent["alpha"]
    assert spent.tokens == 1_200_000
    assert spent.dollars == pytest.approx(1.2)


def test_tokens_have_a_price() -> None:
    """Where the agent does not say what it cost."""
    price = Price(fresh=2.0, cached=0.5, output=10.0)
    fleet = Fleet(cells(), limits=limits(prices={"m-1": price}))
    fleet.rest()
    fleet.tell(model="m-1", usage=Usage(1_000_000, 2_000_000, 100_000))
    assert fleet.tick().plan.spent["alpha"].dollars == pytest.approx(4.0)


def test_the_model_that_an_agent_was_told_has_a_price() -> None:
    """Where it does not say itself which one answers."""
    run = Run("r1", "alpha", "alpha", "codex", "/w", Words("d"), NOW, model="m-1",
              facts=Facts(usage=Usage(1_000_000)))  # fmt: skip
    assert spent_by(run, ProjectMemory("alpha"), {"m-1": Price(fresh=2.0)}).dollars == 2.0


@pytest.mark.parametrize("whole", [False, True], ids=["its own", "the fleet's"])
def test_a_day_has_a_budget(whole: bool) -> None:
    """What runs is ended, what waits says why; at midnight it goes on in its conversation."""
    budget = Budget(tokens=100)
    agents = {**AGENTS, "claude": replace(AGENTS["claude"], day=budget)}
    known = limits(day=budget) if whole else limits(agents=agents)
    fleet = Fleet(cells(), cells("beta", agent="codex"), limits=known)
    fleet.rest()
    fleet.tell("alpha", usage=Usage(100))
    tick = fleet.tick()
    assert tick.stopped == (["alpha", "beta"] if whole else ["alpha"])
    talk = fleet.run("alpha").conversation
    fleet.rest()
    assert fleet.says("alpha") == ("Queued", "BudgetExceeded")
    views = agent_views(known, (), fleet.memory, fleet.now)
    exhausted = {one.name for one in views if "100 of 100 tokens today" in one.exhausted}
    assert exhausted == (set(known.agents) if whole else {"claude"})
    assert fleet.last is not None
    assert fleet.last.plan.requeue_at is not None
    fleet.sleep(DAY)
    fleet.rest()
    assert fleet.says("alpha")[0] == "In Progress"
    assert fleet.run("alpha").conversation == talk


def test_a_run_has_a_budget() -> None:
    """An agent that does not keep to it itself is ended, and the row blocked."""
    agents = {**AGENTS, "claude": replace(AGENTS["claude"], run=Budget(tokens=10))}
    fleet = Fleet(cells(), limits=limits(agents=agents))
    fleet.rest()
    fleet.tell(usage=Usage(output=10))
    fleet.rest()
    assert fleet.says() == ("Blocked", "BudgetExceeded")


def test_credits_are_written_once_a_minute() -> None:
    """And nothing is where nothing was spent."""
    fleet = Fleet(cells())
    fleet.rest()
    assert "Credits Used" not in fleet.line()
    fleet.tell(usage=Usage(dollars=0.25))
    assert fleet.tick().wrote["alpha", "Credits Used"] == "$0.25"
    fleet.sleep(30)
    fleet.tell(usage=Usage(dollars=0.5))
    assert fleet.tick().wrote == {}
    fleet.sleep(31)
    assert fleet.tick().wrote["alpha", "Credits Used"] == "$0.50"


def test_credits_of_a_run_that_is_over_stand_beside_its_status() -> None:
    """Whenever they were last written: that costs no write of its own."""
    fleet = Fleet(cells())
    fleet.rest()
    fleet.tell(usage=Usage(output=900))
    fleet.tick()
    fleet.sleep(5)
    fleet.tell(usage=Usage(output=900, dollars=0.25), ended=True, ok=True)
    fleet.end()
    wrote = fleet.tick().wrote
    assert wrote["alpha", "Status"] == "Completed"
    assert wrote["alpha", "Credits Used"] == "$0.25"
