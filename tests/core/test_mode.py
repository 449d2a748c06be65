"""The Mode column: how a row's agent is connected to its session."""

from dataclasses import replace

import pytest

from controller.core.actions import Start
from controller.core.desired import InvalidRow, parse_row
from controller.core.project import Project
from tests.core.fleet import Fleet
from tests.core.world import HEADER, SCHEMA, cells, limits, line_of

WITH_MODE = (*HEADER, "Mode")
ROW = {"Project": "alpha", "Status": "Pending", "Agent": "claude", "Next Action": "go"}


def of(mode: str) -> Project | InvalidRow:
    """A row with a word in its Mode."""
    return parse_row(line_of({**ROW, "Mode": mode}, WITH_MODE, number=2), SCHEMA)


@pytest.mark.parametrize(
    ("text", "mode"), [("", ""), (" Interactive ", "interactive"), ("HEADLESS", "headless")]
)
def test_its_words(text: str, mode: str) -> None:
    """Case and outer blanks do not count."""
    project = of(text)
    assert isinstance(project, Project)
    assert project.mode == mode


def test_another_word() -> None:
    """It is refused, its column named; nothing is guessed."""
    row = of("tty")
    assert isinstance(row, InvalidRow)
    assert [(fault.column, fault.value) for fault in row.faults] == [("Mode", "tty")]
    assert "headless, interactive, or empty" in row.faults[0].message


def start_of(fleet: Fleet) -> Start:
    """The only start of a tick."""
    (start,) = [one for one in fleet.tick().plan.actions if isinstance(one, Start)]
    return start


def test_it_reaches_the_start() -> None:
    """What is started is told; without the word the agent's own mode holds."""
    for word, mode in (("interactive", "interactive"), ("", "")):
        assert start_of(Fleet({**ROW, "Mode": word}, header=WITH_MODE)).workload.mode == mode


def test_a_change_restarts_nothing() -> None:
    """As a change of the settings: what runs goes on, and shows that it is out of date."""
    agents = {
        name: replace(agent, mode="headless", config="c") for name, agent in limits().agents.items()
    }
    row = {**cells("alpha"), "Mode": "headless"}
    alpha = Fleet(row, header=WITH_MODE, limits=limits(agents=agents))
    alpha.rest()
    assert alpha.says() == ("In Progress", "Running")
    alpha.lines[0]["Mode"] = "interactive"
    tick = alpha.tick()
    assert (list(tick.plan.changes), alpha.says()) == ([], ("In Progress", "OutOfDate"))
    alpha.lines[0]["Mode"] = ""  # the agent's own, which it runs in
    alpha.tick()
    assert alpha.says() == ("In Progress", "Running")
