"""Questions: an agent that needs a person, and the answer that lets it go on."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from controller.core.actions import Start, Tell
from controller.core.facts import Ask, Asking
from controller.core.limits import Answer
from controller.core.observed import HUNG, Ending, ReportState
from controller.core.views import waits_since
from tests.core.fleet import Fleet
from tests.core.world import cells, limits


def asked(**more: str) -> Fleet:
    """One row whose agent ended its turn with a question."""
    fleet = Fleet(cells(**more), cells("beta", priority="2"), limits=limits(slots=1))
    fleet.rest()
    fleet.end("alpha", Ending.WAITING, reason=Asking.QUESTION.value, message="Which one?")
    fleet.tick()
    return fleet


def answer(fleet: Fleet, text: str = "the second", number: str = "a1") -> None:
    """A person answers."""
    given = {"alpha": Answer(number, text, fleet.now)}
    fleet.limits = replace(fleet.limits, answers=given)


def test_the_row_waits_and_holds_no_slot() -> None:
    """Others go on; the question stands in the row."""
    fleet = asked()
    assert fleet.says("alpha") == ("Waiting", "AgentWaiting")
    fleet.rest()
    assert {"beta"} == fleet.running
    assert fleet.memory.projects["alpha"].question is not None


def test_how_long_it_waits_is_known() -> None:
    """From the end of the run that asked; not once its user paused it."""
    fleet = asked()

    def since() -> datetime | None:
        return waits_since(fleet.status(), fleet.member())

    question = fleet.member().question
    assert question is not None
    assert since() == question.at
    fleet.sleep(60)
    fleet.rest()
    assert since() == question.at
    fleet.type(status="Paused")
    fleet.rest()
    assert since() is None


def test_the_answer_is_the_next_turn() -> None:
    """In the same conversation, once."""
    fleet = asked()
    talk = fleet.run("alpha").conversation
    fleet.limits = limits()
    answer(fleet)
    tick = fleet.tick()
    (start,) = (a for a in tick.plan.actions if isinstance(a, Start) and a.project == "alpha")
    work = start.workload
    assert (work.prompt, work.conversation, work.resume) == ("the second", talk, False)
    fleet.rest()
    assert fleet.says("alpha")[0] == "In Progress"
    fleet.end("alpha", Ending.CRASHED)
    fleet.tick()
    fleet.sleep(15)
    tick = fleet.tick()
    (start,) = (a for a in tick.plan.actions if isinstance(a, Start))
    assert start.workload.resume


def test_an_answer_waits_for_its_slot() -> None:
    """It is not lost while there is none."""
    fleet = asked()
    fleet.rest()
    answer(fleet)
    fleet.rest()
    assert fleet.says("alpha") == ("Queued", "Capacity")
    fleet.end("beta")
    fleet.rest()
    assert {"alpha"} == fleet.running


def test_other_work_is_told_with_the_answer() -> None:
    """Where the row was edited while the answer waited, the next turn is both."""
    fleet = asked()
    fleet.rest()
    answer(fleet)
    fleet.rest()
    fleet.type("alpha", next_action="something else")
    fleet.tick()
    fleet.end("beta")
    starts: list[Start] = []
    while not starts:
        starts = [action for action in fleet.tick().plan.actions if isinstance(action, Start)]
    (start,) = starts
    assert start.workload.prompt.startswith("something else")
    assert "> the second" in start.workload.prompt
    assert start.workload.begun


def test_an_answer_to_completed_work_is_told_to_no_other() -> None:
    """It came too late: what the row is asked for next begins without it."""
    fleet = asked()
    fleet.limits = limits()
    answer(fleet)
    fleet.type(status="Completed")
    fleet.rest()
    assert fleet.member().answered == "a1"
    fleet.sleep(60)
    fleet.type(status="Pending", next_action="other work")
    tick = fleet.tick()
    (start,) = (a for a in tick.plan.actions if isinstance(a, Start))
    assert (start.workload.prompt, start.workload.answer) == ("other work", "")


def test_a_start_that_fails_loses_no_answer() -> None:
    """The next one has it still."""
    fleet = asked()
    fleet.limits = limits()
    answer(fleet)
    fleet.broken["alpha"] = "TmuxFailed"
    fleet.tick()
    fleet.broken.clear()
    fleet.sleep(120)
    tick = fleet.tick()
    prompts = [a.workload.prompt for a in tick.plan.actions if isinstance(a, Start)]
    assert "the second" in prompts


def test_the_users_word_is_an_answer_too() -> None:
    """Pending: go on without one. Another Next Action: the question is void."""
    fleet = asked()
    fleet.limits = limits()
    fleet.type("alpha", status="Pending")
    (start,) = (
        a for a in fleet.tick().plan.actions if isinstance(a, Start) and a.project == "alpha"
    )
    assert start.workload.resume
    fleet = asked()
    fleet.limits = limits()
    fleet.type("alpha", next_action="something else")
    (start,) = (
        a for a in fleet.tick().plan.actions if isinstance(a, Start) and a.project == "alpha"
    )
    assert (start.workload.prompt, start.workload.resume) == ("something else", False)


def test_one_on_a_terminal_is_typed_to() -> None:
    """Its session stays; the row waits, then goes on."""
    fleet = Fleet(cells())
    fleet.rest()
    run = fleet.run()
    fleet.runs[run.id] = replace(run, interactive=True)
    fleet.tell(ask=Ask(Asking.PERMISSION, "may I?", fleet.now))
    fleet.rest()
    assert fleet.says() == ("Waiting", "PermissionAsked")
    answer(fleet, "yes")
    tick = fleet.tick()
    assert [type(a) for a in tick.plan.changes] == [Tell]
    fleet.rest()
    assert fleet.typed == ["yes"]
    assert fleet.says()[0] == "In Progress"


def test_one_behind_a_pipe_is_answered_by_a_restart() -> None:
    """It reported that it waits, and runs on: its next turn is the answer."""
    fleet = Fleet(cells())
    fleet.rest()
    fleet.report("alpha", ReportState.WAITING, "which?")
    fleet.rest()
    answer(fleet)
    fleet.rest()
    assert len(fleet.runs) == 2
    assert fleet.memory.projects["alpha"].answered == "a1"
    assert fleet.says()[0] == "In Progress"


def test_a_silent_agent_is_ended_as_a_crash() -> None:
    """After half an hour without a sign; not one that waits, nor while the clock jumped."""
    fleet = Fleet(cells())
    fleet.rest()
    fleet.limits = limits(steady_since=fleet.now)
    fleet.sleep(1700)
    assert fleet.tick().stopped == []
    fleet.tell(doing="Bash: make")
    fleet.sleep(1700)
    assert fleet.tick().stopped == []
    fleet.sleep(101)
    tick = fleet.tick()
    assert [a.reason for a in tick.plan.changes] == [HUNG]
    fleet.obey()
    fleet.tick()
    assert fleet.says() == ("Queued", "CrashBackoff")
    assert fleet.memory.projects["alpha"].crashes == 1


@pytest.mark.parametrize(("works", "says"), [(5, "Blocked"), (1200, "Queued")])
def test_hanging_is_no_stable_time(works: float, says: str) -> None:
    """One that hangs again and again is blocked as one that crashes so, unless it had worked."""
    fleet = Fleet(cells())
    fleet.limits = limits(steady_since=fleet.now)
    for _ in range(5):
        fleet.rest()
        fleet.sleep(works)
        fleet.tell(doing="Bash: make")
        fleet.sleep(1800)
        fleet.tick()
        fleet.obey()
        fleet.tick()
        fleet.sleep(300)
    assert fleet.says()[0] == says


def test_a_machine_that_slept_heard_nobody() -> None:
    """Silence counts from when the clock goes evenly again."""
    fleet = Fleet(cells())
    fleet.rest()
    fleet.sleep(86_400)
    fleet.limits = limits(steady_since=fleet.now - timedelta(seconds=5))
    assert fleet.tick().stopped == []


def test_a_proposal_goes_into_its_own_column() -> None:
    """Written once, over nothing of the user's."""
    fleet = Fleet(cells())
    fleet.rest()
    fleet.propose("alpha", "write the tests")
    tick = fleet.tick()
    assert tick.wrote["alpha", "Proposed Next Action"] == "write the tests"
    fleet.line()["Proposed Next Action"] = ""
    assert fleet.rest().wrote == {}
