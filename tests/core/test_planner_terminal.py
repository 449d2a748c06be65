"""Agents on a terminal: when they are typed to, and what becomes of one that cannot go on."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from controller.core.actions import Stop, Tell
from controller.core.facts import Ask, Asking, Trouble
from controller.core.limits import Answer
from controller.core.observed import TROUBLED
from tests.core.fleet import Fleet
from tests.core.world import cells


def at_terminal(**facts: Any) -> Fleet:
    """One row whose agent is on its terminal, and tells events."""
    fleet = Fleet(cells())
    fleet.rest()
    run = fleet.run()
    fleet.runs[run.id] = replace(run, interactive=True, tells=True)
    if facts:
        fleet.tell(**facts)
    return fleet


def answer(fleet: Fleet, text: str = "yes") -> None:
    """A person answers."""
    fleet.limits = replace(fleet.limits, answers={"alpha": Answer("a1", text, fleet.now)})


def changes(fleet: Fleet) -> list[type]:
    """What a tick does."""
    return [type(action) for action in fleet.tick().plan.changes]


def test_nothing_is_typed_while_it_works() -> None:
    """A dialog could come up under it; at the next question it is told."""
    fleet = at_terminal(working=True)
    answer(fleet)
    assert changes(fleet) == []
    fleet.tell(working=False, ask=Ask(Asking.QUESTION, "Which?", fleet.now))
    assert changes(fleet) == [Tell]
    assert fleet.typed == ["yes"]
    assert changes(fleet) == []


def test_nothing_is_typed_before_its_first_word() -> None:
    """Its terminal may not be there yet."""
    fleet = at_terminal()
    answer(fleet)
    assert changes(fleet) == []
    run = fleet.run()
    fleet.runs[run.id] = replace(run, tells=False)
    assert changes(fleet) == [Tell]


@pytest.mark.parametrize("kind", [Asking.TRUST, Asking.LOGIN])
def test_what_only_its_terminal_can_decide(kind: Asking) -> None:
    """The row says where; an answer is kept for what it asks next."""
    fleet = at_terminal(ask=Ask(kind, "Is this a project you trust?"))
    answer(fleet)
    fleet.rest()
    assert fleet.says() == ("Waiting", kind.value)
    assert "sidekick attach alpha" in fleet.status().message
    assert fleet.typed == []


def test_a_trouble_ends_the_run_that_does_not_end_by_itself() -> None:
    """Its terminal would wait for a person for ever; not while it tries again, or works on."""
    fleet = at_terminal(trouble=Trouble.RATE, message="429", retrying=True)
    assert changes(fleet) == []
    fleet.tell(retrying=False, working=True)
    assert changes(fleet) == []
    fleet.tell(trouble=Trouble.LIMIT, message="You've hit your limit", working=False)
    answer(fleet)
    [stop] = fleet.tick().plan.changes
    assert isinstance(stop, Stop)
    assert (stop.reason, stop.message) == (TROUBLED, "You've hit your limit")
    assert fleet.says()[0] == "In Progress"
    run = fleet.run()
    fleet.limits = replace(fleet.limits, answers={})
    fleet.runs[run.id] = replace(run, interactive=False, stop=None)
    assert changes(fleet) == []


def test_its_own_dialog_goes_before_an_earlier_report() -> None:
    """It said that it waits; what it asks now is something else."""
    fleet = at_terminal(ask=Ask(Asking.PERMISSION, "may it do this?"))
    fleet.tell(turn_at=fleet.now - timedelta(seconds=1))
    fleet.rest()
    assert fleet.says() == ("Waiting", "PermissionAsked")


def test_a_terminal_that_nobody_reads_is_told_as_such() -> None:
    """Whether it works or asks, only who looks can tell."""
    fleet = at_terminal()
    run = fleet.run()
    fleet.runs[run.id] = replace(run, tells=False)
    fleet.tick()
    assert fleet.says() == ("In Progress", "Running")
    assert "sidekick attach alpha" in fleet.status().message


def test_a_name_of_several_words_is_told_as_it_is_typed() -> None:
    """The command that a row tells can be typed as it stands."""
    fleet = Fleet(cells("C++ port"))
    fleet.rest()
    run = fleet.run("C++ port")
    fleet.runs[run.id] = replace(run, interactive=True)
    fleet.tick()
    assert "sidekick attach 'C++ port'" in fleet.status("C++ port").message
