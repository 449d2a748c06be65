"""Restarts: the user's words about the work, and nothing else."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from controller.core.actions import Start
from controller.core.limits import Limits, Route
from controller.core.memory import Suspension
from controller.core.observed import Ending, ReportState
from tests.core.fleet import Fleet, KilledError, Tick, fleet
from tests.core.world import AGENTS, MODELS, cells, limits


def start_of(tick: Tick) -> Start:
    """The only start of a tick."""
    (start,) = [action for action in tick.plan.actions if isinstance(action, Start)]
    return start


def restart(alpha: Fleet) -> Start:
    """Tick through a restart: it is asked to end, then it starts again."""
    alpha.sleep(60)
    asked = alpha.tick()
    assert asked.of("alpha") == ["Restart"]
    alpha.obey()
    return start_of(alpha.tick())


def test_next_action_restarts_in_the_same_conversation() -> None:
    """Next Action → the same conversation with the new prompt."""
    alpha = fleet()
    alpha.type(next_action="something else")
    work = restart(alpha).workload

    assert (
        work.conversation, work.begun, work.resume, work.prompt
    ) == ("talk-1", True, False, "something else")  # fmt: skip


def test_agent_restarts_in_a_new_conversation() -> None:
    """Agent → a new one."""
    alpha = fleet()
    alpha.type(agent="codex")
    work = restart(alpha).workload

    assert (work.agent, work.conversation, work.begun, work.resume) == ("codex", "", False, False)


def test_model_restarts() -> None:
    """A change of Model restarts; the same agent goes on with its conversation."""
    alpha = fleet()
    alpha.type(model="opus")
    work = restart(alpha).workload

    assert (
        work.agent, work.model, work.conversation, work.resume
    ) == ("claude", "claude-opus", "talk-1", True)  # fmt: skip


def test_a_restart_keeps_its_slot() -> None:
    """Between the two runs of a restart nobody takes the slot."""
    both = Fleet(cells("b", priority="2"), limits=limits(slots=1))
    both.rest()
    both.add(cells("a", priority="1"))
    both.type("b", next_action="something else")
    both.tick()
    both.obey()

    assert both.tick().started == ["b"]


def rests(both: Fleet) -> Callable[[], None]:
    """The user pauses the row b while its session ends, and wants it again later."""
    both.type("b", status="Paused")
    return lambda: both.type("b", status="Pending")


def suspended(both: Fleet) -> Callable[[], None]:
    """The whole fleet rests for a while, from when the session of b ends."""
    awake = both.limits
    both.limits = replace(awake, suspension=Suspension(both.now))
    return lambda: setattr(both, "limits", awake)


@pytest.mark.parametrize("given_up", [rests, suspended])
def test_a_row_that_rests_keeps_no_slot(given_up: Callable[[Fleet], Callable[[], None]]) -> None:
    """When it wants to run again, a more important one that waits comes first."""
    both = Fleet(cells("b", priority="2"), limits=limits(slots=1))
    both.rest()
    both.type("b", next_action="something else")
    both.tick()
    wanted = given_up(both)
    both.rest()
    assert both.running == set()

    both.sleep(60)
    wanted()
    both.add(cells("a", priority="1"))
    assert both.tick().started == ["a"]


def test_a_crashed_row_keeps_no_slot_while_the_fleet_rests() -> None:
    """After `resume --all` the most important row comes first, whoever crashed before."""
    both = fleet("b", limits=limits(slots=1))
    both.type("b", priority="2")
    both.end("b", Ending.CRASHED)
    wanted = suspended(both)
    both.rest()
    both.sleep(60)
    wanted()
    both.add(cells("a", priority="1"))

    assert both.tick().started == ["a"]


@pytest.mark.parametrize(
    "typed",
    [
        {"priority": "7"},
        pytest.param({"priority": ""}),
        {"deadline": "2026-01-01"},
        {"gpu": "yes"},
        {"project": " alpha "},
        {"next_action": " do alpha\n"},
        {"reason": "mine"},
    ],
    ids=str,
)
def test_what_never_restarts(typed: dict[str, str]) -> None:
    """Priority, deadline, GPU never restart; nor do blanks around a cell."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.type("alpha", **typed)

    assert list(alpha.tick().plan.changes) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"agents": {**AGENTS, "claude": replace(AGENTS["claude"], config="claude-2")}},
        {"default_agent": "codex"},
        {"demo_agent": "demo"},
        {"agents": {name: known for name, known in AGENTS.items() if name != "claude"},
         "default_agent": "codex", "models": {}},
        {"folders": {"alpha": "/src/alpha"}},
    ],
    ids=["agent's settings", "default agent", "demo", "agent removed", "folder"],
)  # fmt: skip
def test_configuration_never_restarts(changes: dict[str, Any]) -> None:
    """Configuration never restarts; what runs on old configuration shows `OutOfDate`."""
    alpha = fleet()
    alpha.limits = limits(**changes)
    tick = alpha.tick()

    assert (list(tick.plan.changes), alpha.says()) == ([], ("In Progress", "OutOfDate"))


def test_a_column_that_is_gone_restarts_nothing() -> None:
    """A header that was renamed by mistake is no word about each row; a cell that is empty is."""
    rows = Fleet(cells("alpha", model="opus"), cells("beta", model="gpt"))
    rows.rest()
    header = rows.header
    rows.header = tuple(name for name in header if name != "Model")
    assert rows.tick().stopped == []
    rows.rest()
    rows.header = header
    assert rows.tick().stopped == []
    rows.type("alpha", model="")
    assert rows.tick().stopped == ["alpha"]


def test_another_model_id_never_restarts() -> None:
    """What the settings mean by the row's Model is told to the agent at its next start."""
    alpha = Fleet(cells("alpha", model="opus"))
    alpha.rest()
    assert alpha.says() == ("In Progress", "Running")
    alpha.limits = limits(models={**MODELS, "opus": (Route("claude", "claude-opus-next"),)})
    tick = alpha.tick()
    assert (list(tick.plan.changes), alpha.says()) == ([], ("In Progress", "OutOfDate"))


def test_an_adopted_session_is_up_to_date_in_demo_mode() -> None:
    """Nothing changed since a person began it; its agent's settings count as those of any other."""
    alpha = fleet()
    alpha.runs = {key: replace(run, adopted=True) for key, run in alpha.runs.items()}
    alpha.limits = limits(demo_agent="demo")
    alpha.rest()
    assert alpha.says() == ("In Progress", "Running")

    other = {**AGENTS, "claude": replace(AGENTS["claude"], config="claude-2")}
    alpha.limits = limits(demo_agent="demo", agents=other)
    alpha.rest()
    assert alpha.says() == ("In Progress", "OutOfDate")


def test_a_change_back_before_the_restart_was_acted_on() -> None:
    """Only what the run works on and what the row says now are compared."""
    alpha = fleet()
    alpha.type(next_action="something else")
    alpha.type(next_action="do alpha")

    assert alpha.tick().quiet


def test_a_restart_is_asked_for_once() -> None:
    """Stop is a request: the tick never waits for it, nor repeats it."""
    alpha = fleet()
    alpha.type(next_action="something else")

    assert [alpha.tick().stopped for _ in range(3)] == [["alpha"], [], []]


def test_new_next_action_on_a_completed_row() -> None:
    """`Completed`, and then Next Action edited: stays; Reason `NewNextAction`, with what to do."""
    alpha = fleet()
    alpha.end()
    alpha.rest()
    alpha.sleep(60)
    alpha.type(next_action="something else")
    alpha.rest()

    assert (set(), ("Completed", "NewNextAction")) == (alpha.running, alpha.says())
    assert alpha.line()["Reason"] == "NewNextAction: type Pending to run"


def test_new_next_action_on_a_row_that_the_user_completed() -> None:
    """`Completed`, and then Next Action edited: stays; Reason `NewNextAction`."""
    alpha = fleet()
    alpha.type(status="Completed")
    alpha.rest()
    alpha.sleep(60)
    alpha.type(next_action="something else")
    alpha.rest()

    assert alpha.says() == ("Completed", "NewNextAction")


def test_the_agents_word_that_it_is_done_completes() -> None:
    """An agent that says done is told to end, and its row is Completed."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.report("alpha", ReportState.DONE, "all tests pass")
    tick = alpha.tick()
    alpha.rest()

    assert (["alpha"], set()) == (tick.stopped, alpha.running)
    assert alpha.says() == ("Completed", "Finished")
    assert alpha.status().message == "all tests pass"


def demo() -> Limits:
    """Demo mode."""
    return limits(demo_agent="demo")


def test_demo_stands_in_for_real_agents_only() -> None:
    """Only in demo mode does a row whose agent is real run the demo agent (Reason `Demo`)."""
    rows = Fleet(cells("a"), cells("b", agent="demo"), cells("c", model="gpt"), limits=demo())
    rows.rest()

    assert [rows.run(name).agent for name in "abc"] == ["demo"] * 3
    assert rows.says("a") == ("In Progress", "Demo")
    assert rows.member("a").pin == ""


def test_what_the_demo_completed_reopens_without_it() -> None:
    """Switched off, rows that the demo completed reopen."""
    rows = Fleet(cells("a"), cells("b"), limits=demo())
    rows.rest()
    rows.end("a")
    rows.type("b", status="Completed")
    rows.rest()

    assert rows.says("a") == ("Completed", "Demo")

    rows.sleep(60)
    rows.limits = limits()
    tick = rows.tick()
    rows.rest()

    assert (tick.started, tick.noted) == (["a"], ["Reopened"])
    assert ({"a"}, "claude") == (rows.running, rows.run("a").agent)
    assert rows.line("a")["Agent"] == "claude"
    assert rows.says("b") == ("Completed", "UserCompleted")


def test_waiting_is_shown_and_keeps_its_session() -> None:
    """Waiting: the agent needs a human; it keeps its session."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.report("alpha", ReportState.WAITING, "which database?")
    alpha.sleep(3600)
    alpha.rest()

    assert ({"alpha"}, ("Waiting", "AgentWaiting")) == (alpha.running, alpha.says())
    assert alpha.status().message == "which database?"

    alpha.report("alpha", ReportState.WORKING)
    alpha.rest()

    assert alpha.says() == ("In Progress", "Running")


@pytest.mark.parametrize(("seconds", "expected"), [(599, []), (600, ["b"])])
def test_waiting_gives_up_its_slot_after_ten_minutes(seconds: float, expected: list[str]) -> None:
    """Waiting keeps its session; after 10 min it gives up its slot when others queue."""
    both = Fleet(cells("a"), cells("b"), limits=limits(slots=1))
    both.rest()
    both.report("a", ReportState.WAITING)
    waits = both.tick()
    both.sleep(seconds)

    assert expected == both.tick().started
    assert waits.plan.requeue_at is not None
    assert (waits.plan.requeue_at - both.runs["run-0001"].report.at).total_seconds() == 600  # type: ignore[union-attr]


def test_a_waiting_session_keeps_gpu_and_folder() -> None:
    """Waiting gives up its slot, and nothing that another could not share with it."""
    rows = Fleet(cells("a", gpu="yes"), cells("b", gpu="yes"), cells("c"))
    rows.limits = limits(slots=1, folders={"a": "/repo", "c": "/repo"})
    rows.rest()
    rows.report("a", ReportState.WAITING)
    rows.tick()
    rows.sleep(600)
    rows.tick()

    assert [rows.says("b"), rows.says("c")] == [("Queued", "NoGPU"), ("Queued", "FolderInUse")]


def test_a_conversation_begun_just_before_the_controller_was_killed() -> None:
    """The controller may be killed at any instant; no conversation is lost by it."""
    alpha = Fleet(cells(), limits=limits(slots=0))
    alpha.rest()
    alpha.limits = limits()
    with pytest.raises(KilledError):
        alpha.tick(killed_before="commit")
    alpha.rest()
    alpha.type(next_action="something else")
    alpha.rest()

    assert alpha.run().conversation == "talk-1"


def test_a_stopped_run_that_crashed_before_it_obeyed() -> None:
    """A row that is to rest rests, however its run ended."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.type(status="Paused")
    alpha.tick()
    alpha.end(ending=Ending.CRASHED)
    alpha.rest()

    assert (set(), ("Paused", "UserPaused")) == (alpha.running, alpha.says())


@pytest.mark.parametrize("ending", [Ending.COMPLETED, Ending.BLOCKED])
def test_an_edit_that_was_read_before_the_old_work_ended(ending: Ending) -> None:
    """A change of Next Action restarts, though the old work ends by itself while it is asked to."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.type(next_action="something else")
    alpha.tick()
    alpha.end(ending=ending, reason="AgentBlocked")
    alpha.rest()

    assert alpha.running == {"alpha"}
    assert alpha.run().words == alpha.member().words


def test_a_live_agents_word_that_it_is_blocked() -> None:
    """Blocked, where the agent said so: its session ends, its conversation stays."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.report("alpha", ReportState.BLOCKED, "no key")
    tick = alpha.tick()
    alpha.rest()

    assert (tick.stopped, alpha.running) == (["alpha"], set())
    assert alpha.says() == ("Blocked", "AgentBlocked")

    alpha.sleep(60)
    alpha.type(status="Pending")
    alpha.rest()

    assert alpha.run().conversation == "talk-1"
