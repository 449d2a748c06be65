"""Holds: an agent at its limit, or whose login is refused, rests; its rows wait or fall through."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.core.actions import Start
from controller.core.backoff import HOLD
from controller.core.facts import Trouble
from controller.core.holds import message
from controller.core.limits import Route
from controller.core.observed import Ending
from tests.core.fleet import Fleet
from tests.core.world import AGENTS, MODELS, cells, limits

HOUR = 3600.0
ROUTES = {**MODELS, "either": (Route("claude", "sonnet"), Route("codex", "gpt-5"))}


def two(**more: str) -> Fleet:
    """Two rows of one agent and one of another, all running."""
    fleet = Fleet(
        cells("alpha", **more), cells("beta", priority="2"), cells("gamma", agent="codex"),
        limits=limits(models=ROUTES),
    )  # fmt: skip
    fleet.rest()
    return fleet


def hit(fleet: Fleet, name: str = "alpha", seconds: float | None = HOUR) -> None:
    """A project's run ends at its agent's usage limit, which lasts so long."""
    until = None if seconds is None else fleet.now + timedelta(seconds=seconds)
    fleet.end(name, Ending.HELD, reason=Trouble.LIMIT.value, message="used up", until=until)


def test_a_limit_parks_the_agent_and_no_other() -> None:
    """The row says until when; a run that goes on is left alone, as are other agents."""
    fleet = two()
    hit(fleet)
    tick = fleet.tick()
    assert fleet.says("alpha") == ("Queued", "UsageLimit")
    assert {"beta", "gamma"} == fleet.running
    assert "AgentHeld" in tick.noted
    assert set(fleet.memory.holds) == {"claude"}
    assert fleet.memory.projects["alpha"].crashes == 0
    fleet.end("beta")
    fleet.type("beta", status="Pending")
    fleet.rest()
    assert fleet.says("beta") == ("Queued", "UsageLimit")


def test_a_hold_is_no_change_of_the_settings() -> None:
    """What works on while its agent is held for others is not outdated, whoever would be next."""
    fleet = Fleet(
        cells("alpha", model="either"), cells("beta", model="either"), limits=limits(models=ROUTES)
    )
    fleet.rest()
    hit(fleet)
    fleet.rest()
    assert (fleet.run("alpha").agent, fleet.run("beta").agent) == ("codex", "claude")
    assert fleet.says("beta") == ("In Progress", "Running")


def test_it_goes_on_with_its_conversation_at_the_reset() -> None:
    """Not before; and the same conversation, told only to go on."""
    fleet = two()
    talk = fleet.run().conversation
    hit(fleet)
    tick = fleet.tick()
    assert tick.plan.requeue_at is not None
    assert tick.plan.requeue_at <= fleet.now + timedelta(seconds=HOUR + 2)
    fleet.sleep(HOUR - 1)
    assert fleet.tick().started == []
    fleet.sleep(3)
    tick = fleet.tick()
    (start,) = (action for action in tick.plan.actions if isinstance(action, Start))
    assert (start.workload.conversation, start.workload.resume) == (talk, True)


def test_rows_come_back_by_importance_one_by_one() -> None:
    """The first shows whether the limit is over; the next follows 10 seconds later."""
    fleet = two()
    hit(fleet, "beta")
    hit(fleet, "alpha")
    fleet.rest()
    fleet.sleep(HOUR + 5)
    assert fleet.tick().started == ["alpha"]
    fleet.begin()
    assert fleet.tick().started == []
    assert fleet.says("beta") == ("Queued", "ComingBack")
    fleet.sleep(11)
    assert fleet.tick().started == ["beta"]


@pytest.mark.parametrize(("name", "gpu"), [("alpha", "yes"), ("shared", "")])
def test_one_that_lacks_something_else_keeps_nobody_from_coming_back(name: str, gpu: str) -> None:
    """It starts nothing and so shows nothing: the next one goes first, however long it waits."""
    fleet = Fleet(
        cells("codex's", agent="codex"), cells(name, gpu=gpu), cells("beta", priority="2"),
        cells("gamma", priority="3"),
        limits=limits(gpus=0, folders={"codex's": "/repo", "shared": "/repo"}),
    )  # fmt: skip
    fleet.rest()
    assert fleet.running == {"codex's", "beta", "gamma"}
    hit(fleet, "beta")
    hit(fleet, "gamma")
    fleet.rest()
    fleet.sleep(HOUR + 5)
    assert fleet.tick().started == ["beta"]
    fleet.begin()
    fleet.sleep(11)
    assert fleet.tick().started == ["gamma"]


def test_who_makes_room_to_come_back_goes_first() -> None:
    """Others end for one alone of the agent's rows: it is to show whether the limit is over."""
    fleet = Fleet(
        cells("alpha"), cells("beta"), cells("low", priority="5", agent="codex"),
        cells("least", priority="6", agent="codex"), limits=limits(2),
    )  # fmt: skip
    fleet.rest()
    hit(fleet, "alpha")
    hit(fleet, "beta")
    fleet.rest()
    assert fleet.running == {"low", "least"}
    fleet.sleep(HOUR + 5)
    assert fleet.tick().stopped == ["least"]
    assert fleet.tick().stopped == []
    assert fleet.says("beta") == ("Queued", "ComingBack")


def test_one_that_worked_ends_the_hold() -> None:
    """What is remembered of it goes, so that the next limit is a first one again."""
    fleet = two()
    hit(fleet)
    fleet.rest()
    fleet.sleep(HOUR + 5)
    fleet.rest()
    fleet.tell("alpha", steps=1)
    fleet.rest()
    assert fleet.memory.holds == {}


def test_a_limit_again_is_a_hold_again() -> None:
    """Without a time it waits longer each time, to an hour at most."""
    fleet = two()
    waits = []
    for _ in range(6):
        hit(fleet, seconds=None)
        fleet.tick()
        waits.append(fleet.memory.holds["claude"].wait)
        fleet.sleep(HOLD.longest + 2)
        fleet.rest()
    assert waits == sorted(waits)
    assert waits[0] < 400 < 3000 < waits[-1] <= HOLD.longest


@pytest.mark.parametrize(
    ("ending", "reason"), [(Ending.HELD, "UsageLimit"), (Ending.FAULT, "ProgramMissing")]
)
def test_several_runs_that_meet_one_trouble_try_it_once(ending: Ending, reason: str) -> None:
    """The agent is tried again as soon as if one run alone had met it."""
    fleet = Fleet(*(cells(name) for name in ("alpha", "beta", "gamma")), limits=limits())
    fleet.rest()
    for name in ("alpha", "beta", "gamma"):
        fleet.end(name, ending, reason=reason)
        fleet.tick()
        fleet.sleep(1)
    assert fleet.memory.holds["claude"].wait == HOLD.delay(1, "claude")


def test_holds_outlive_the_controller_not_a_jump_of_the_clock() -> None:
    """A hold is memory; a clock that jumps back never makes it endless."""
    fleet = two()
    hit(fleet)
    fleet.rest()
    fleet.sleep(-365 * 24 * HOUR)
    fleet.tick()
    fleet.sleep(HOUR + 5)
    assert "alpha" in fleet.rest().started or "alpha" in fleet.running


def test_the_next_of_the_route_takes_it() -> None:
    """With a fresh conversation that is told where the work stands; and it keeps it."""
    fleet = two(model="either")
    fleet.tell("alpha", said="half of it is done")
    hit(fleet)
    tick = fleet.tick()
    (start,) = (action for action in tick.plan.actions if isinstance(action, Start))
    work = start.workload
    assert (work.agent, work.model) == ("codex", "gpt-5")
    assert (work.begun, work.forgotten, work.recap) == (False, True, "half of it is done")
    fleet.rest()
    fleet.end("alpha", Ending.CRASHED)
    fleet.rest()
    fleet.sleep(HOUR + 60)
    fleet.rest()
    assert fleet.run("alpha").agent == "codex"


def test_one_that_runs_is_not_out_of_date_while_its_agent_is_held() -> None:
    """The settings are what they were, whoever of the route would begin now."""
    fleet = Fleet(
        cells("alpha", model="either"), cells("beta", model="either"),
        limits=limits(models=ROUTES),
    )  # fmt: skip
    fleet.rest()
    hit(fleet, "beta")
    fleet.rest()
    assert [fleet.run(name).agent for name in ("alpha", "beta")] == ["claude", "codex"]
    assert fleet.says("alpha") == ("In Progress", "Running")

    fleet.sleep(HOUR + 5)
    fleet.rest()
    assert fleet.says("beta") == ("In Progress", "Running")


def test_a_pin_falls_through_to_nobody() -> None:
    """The user's own word in the Agent cell is that agent, or none."""
    fleet = two(model="either", agent="claude")
    hit(fleet)
    fleet.rest()
    assert fleet.says("alpha") == ("Queued", "UsageLimit")


def test_a_refused_login_waits_for_other_credentials() -> None:
    """However long it takes; another fingerprint ends it at once."""
    fleet = two()
    fleet.end("alpha", Ending.HELD, reason=Trouble.AUTH.value, message="401")
    fleet.rest()
    fleet.sleep(30 * 24 * HOUR)
    fleet.rest()
    assert fleet.says("alpha") == ("Queued", "AuthFailed")
    agents = {**AGENTS, "claude": replace(AGENTS["claude"], credentials="another")}
    held = fleet.memory.holds["claude"]
    fleet.memory = replace(fleet.memory, holds={"claude": replace(held, credentials="one")})
    fleet.limits = limits(models=ROUTES, agents=agents)
    tick = fleet.tick()
    assert tick.started == ["alpha"]
    assert "AgentReleased" in tick.noted


def test_credit_is_tried_again_and_at_once_with_other_credentials() -> None:
    """That somebody paid shows only by a try; a new key is seen. The row says what to do."""
    fleet = two()
    agents = {**AGENTS, "claude": replace(AGENTS["claude"], credentials="one")}
    fleet.limits = limits(models=ROUTES, agents=agents)
    fleet.end("alpha", Ending.HELD, reason=Trouble.CREDIT.value, message="no money")
    fleet.rest()
    said = fleet.status("alpha").message
    assert "pay, or give it another key" in said
    assert "sidekick release claude" in said
    fleet.sleep(60)
    assert fleet.tick().started == []

    agents = {**AGENTS, "claude": replace(AGENTS["claude"], credentials="two")}
    fleet.limits = limits(models=ROUTES, agents=agents)
    tick = fleet.tick()
    assert tick.started == ["alpha"]
    assert "AgentReleased" in tick.noted

    fleet.begin()
    fleet.end("alpha", Ending.HELD, reason=Trouble.CREDIT.value, message="no money")
    fleet.rest()
    fleet.sleep(HOLD.longest + 2)
    assert fleet.tick().started == ["alpha"]


def test_a_person_releases_it() -> None:
    """Their word counts for the hold that stands, not for a later one."""
    fleet = two()
    hit(fleet)
    fleet.rest()
    fleet.sleep(5)
    fleet.limits = limits(models=ROUTES, released={"claude": fleet.now})
    assert fleet.tick().started == ["alpha"]
    fleet.rest()
    fleet.sleep(60)
    hit(fleet)
    fleet.rest()
    assert fleet.says("alpha") == ("Queued", "UsageLimit")


def test_a_missing_program_is_passed_over() -> None:
    """Where the route has another; alone, it is tried again as any fault is."""
    fleet = two(model="either")
    fleet.end("alpha", Ending.FAULT, reason="ProgramMissing")
    fleet.tick()
    fleet.sleep(15)
    fleet.rest()
    assert fleet.run("alpha").agent == "codex"
    fleet.end("beta", Ending.FAULT, reason="ProgramMissing")
    fleet.tick()
    assert fleet.says("beta") == ("Queued", "ProgramMissing")
    fleet.sleep(15)
    fleet.rest()
    assert "beta" in fleet.running


def test_a_missing_program_does_not_come_by_itself() -> None:
    """Its hold promises a try, and tells how to have it at once."""
    fleet = two()
    fleet.end("alpha", Ending.FAULT, reason="ProgramMissing")
    fleet.tick()
    told = message("claude", fleet.memory.holds["claude"])
    assert "it is tried again by " in told
    assert "at once with: sidekick release claude" in told
    assert "by itself" not in told


def test_a_missing_program_that_runs_again_is_no_hold() -> None:
    """The row tries it by itself before the hold's end: one that was exec'ed proves it over."""
    fleet = two()
    fleet.end("alpha", Ending.FAULT, reason="ProgramMissing")
    fleet.tick()
    assert set(fleet.memory.holds) == {"claude"}
    fleet.sleep(15)
    assert fleet.tick().started == ["alpha"]
    assert set(fleet.memory.holds) == {"claude"}
    fleet.begin("alpha")
    fleet.tick()
    assert fleet.memory.holds == {}


def test_whoever_works_on_its_route_is_up_to_date() -> None:
    """A hold of another run's, or one that is over, changes no setting: the row says `Running`."""
    fleet = two(model="either")
    hit(fleet)
    fleet.rest()
    assert fleet.run("alpha").agent == "codex"
    assert fleet.says("alpha") == ("In Progress", "Running")
    hit(fleet, "gamma", 2 * HOUR)
    fleet.tick()
    assert fleet.says("alpha") == ("In Progress", "Running")
    fleet.sleep(HOUR + 5)
    fleet.tick()
    assert fleet.says("alpha") == ("In Progress", "Running")


def test_a_run_from_before_a_hold_does_not_end_it() -> None:
    """Its steps may be older than the limit that another run met."""
    fleet = two()
    fleet.tell("beta", steps=1)
    fleet.sleep(1)
    hit(fleet)
    fleet.rest()
    fleet.tell("beta", steps=2)
    fleet.rest()
    assert set(fleet.memory.holds) == {"claude"}
    assert fleet.says("alpha") == ("Queued", "UsageLimit")


def test_an_agent_that_is_off_is_no_choice() -> None:
    """In a route it is left out; alone, the row says so."""
    agents = {name: one for name, one in AGENTS.items() if name != "claude"}
    only = {**ROUTES, "either": (Route("codex", "gpt-5"),), "opus": ()}
    fleet = Fleet(
        cells("alpha", model="either"), cells("beta", model="opus"),
        limits=limits(models=only, agents=agents, default_agent="codex"),
    )  # fmt: skip
    fleet.rest()
    assert fleet.run("alpha").agent == "codex"
    assert fleet.status("beta").reason == "AgentOff"


@pytest.mark.parametrize("trouble", [Trouble.OVERLOADED, Trouble.OFFLINE, Trouble.RATE])
def test_a_service_that_fails_is_no_crash(trouble: Trouble) -> None:
    """It is tried again, later each time, and never blocks the row."""
    fleet = two()
    for _ in range(8):
        fleet.end("alpha", Ending.UNAVAILABLE, reason=trouble.value, message="busy")
        fleet.tick()
        assert fleet.says("alpha") == ("Queued", trouble.value)
        fleet.sleep(700)
        fleet.rest()
    assert "alpha" in fleet.running
    assert fleet.memory.projects["alpha"].crashes == 0


def test_a_lost_conversation_begins_anew() -> None:
    """Told where the work stands; the loss of one that never was is a crash."""
    fleet = two()
    fleet.tell("alpha", said="the parser is written")
    run = fleet.run("alpha")
    fleet.runs[run.id] = replace(run, begun=True)
    fleet.tell("alpha", said="the parser is written")
    fleet.end("alpha", Ending.FORGOTTEN, reason=Trouble.CONVERSATION.value)
    tick = fleet.tick()
    (start,) = (action for action in tick.plan.actions if isinstance(action, Start))
    assert (start.workload.begun, start.workload.recap) == (False, "the parser is written")
    fleet.rest()
    fleet.end("alpha", Ending.FORGOTTEN, reason=Trouble.CONVERSATION.value)
    fleet.tick()
    assert fleet.says("alpha") == ("Queued", "CrashBackoff")


@pytest.mark.parametrize("skew", [-30 * 24 * HOUR, 30 * 24 * HOUR])
def test_a_hold_begins_by_the_controllers_clock(skew: float) -> None:
    """Where the agent's clock says that all is long over, or yet to come, it rests all the same."""
    fleet = two()
    at = fleet.now + timedelta(seconds=skew)
    fleet.end("alpha", Ending.HELD, reason=Trouble.LIMIT.value, message="used up", at=at)
    tick = fleet.tick()
    assert fleet.memory.holds["claude"].since == fleet.now
    assert tick.plan.requeue_at is not None
    wait = (tick.plan.requeue_at - fleet.now).total_seconds()
    assert HOLD.first * (1 - HOLD.jitter) <= wait <= HOLD.longest
    assert fleet.tick().started == []
