"""What the machine found, each told in its shortest form."""

from collections.abc import Iterator

import pytest

from tests.chaos.machine import Chaos
from tests.chaos.rest import converge
from tests.chaos.world import DEAF, TREE, WORK

pytestmark = pytest.mark.slow


@pytest.fixture
def chaos() -> Iterator[Chaos]:
    """A world whose every instant is watched, and that must come to rest at the end."""
    machine = Chaos()
    yield machine
    machine.teardown()


def runs_of(chaos: Chaos) -> list[str]:
    """The runs whose agents live."""
    return sorted(chaos.world.census.take()[0])


def test_runs_cleared_away_under_a_living_controller(chaos: Chaos) -> None:
    """Somebody deletes the folder of all runs: the next start makes it again."""
    chaos.begin(rows=[("", "1", "")], slots=1)
    chaos.lose_runs(then="tick")
    chaos.order(name="ant", action=WORK, whole=True, then="tick rest tick")
    converge(chaos)

    assert len(runs_of(chaos)) == 1


def test_our_own_agent_cell_is_no_word_while_the_list_is_gone(chaos: Chaos) -> None:
    """The list vanishes after it was written, and more was to be written: nothing restarts."""
    chaos.begin(rows=[(WORK, "1", ""), (WORK, "2", "")], slots=2)
    chaos.go_on("rest tick")
    chaos.break_list(how="missing", then="tick")
    chaos.report(index=1, state="blocked", then="tick rest tick tick")
    (left,) = runs_of(chaos)
    chaos.mend_list(then="tick rest tick")

    assert runs_of(chaos) == [left]
    assert chaos.world.read_list()[1]["Status"] == "Blocked"


def test_a_renamed_session_without_a_run_folder_is_known_by_its_mark(chaos: Chaos) -> None:
    """Its name is another and its folder is gone: the project gets no second agent."""
    chaos.begin(rows=[(WORK, "1", "")], slots=2)
    chaos.go_on("rest tick")
    before = runs_of(chaos)
    chaos.lose_runs(then="")
    chaos.kill_controller(then="")
    chaos.touch_session(index=0, how="rename", then="tick rest tick")

    assert runs_of(chaos) == before


def test_a_session_without_a_run_folder_holds_its_slot(chaos: Chaos) -> None:
    """It still works, so nobody else may in its place."""
    chaos.begin(rows=[(WORK, "1", ""), (WORK, "2", "")], slots=1)
    chaos.go_on("rest tick")
    before = runs_of(chaos)
    chaos.lose_run(index=0, how="deleted", then="")
    chaos.kill_controller(then="tick rest tick")

    assert runs_of(chaos) == before


def test_an_orphan_without_a_run_folder_is_ended_before_the_next_start(chaos: Chaos) -> None:
    """Both shims are killed and the folder is gone: memory alone knows the run."""
    chaos.begin(rows=[(DEAF, "1", "")], slots=2)
    chaos.go_on("rest tick")
    (before,) = runs_of(chaos)
    chaos.lose_run(index=0, how="deleted", then="")
    chaos.kill_controller(then="")
    chaos.kill_shim(index=0, which="both", then="tick tick rest tick")
    converge(chaos)

    (after,) = runs_of(chaos)
    assert after != before


def test_a_hold_that_nobody_waits_for_ends_once(chaos: Chaos) -> None:
    """The agent's program was missing for long; rest comes after the hold's end, not before."""
    chaos.begin(rows=[(WORK, "1", "")], slots=2)
    chaos.go_on("rest tick")
    chaos.lose_program(gone=True, then="")
    for action in (DEAF, TREE, DEAF):
        chaos.order(name="ant", action=action, whole=True, then="tick rest tick tick")
    chaos.delete(name="ant", then="tick")


def test_a_clock_put_back_protects_nobody_from_pre_emption(chaos: Chaos) -> None:
    """The start of the one that runs lies an hour ahead: the more important goes first."""
    chaos.begin(rows=[(WORK, "1", ""), (WORK, "2", "")], slots=1)
    chaos.go_on("rest tick")
    (before,) = runs_of(chaos)
    chaos.rank(name="ant", priority="3", then="")
    chaos.jump(seconds=-3700, then="tick rest tick rest tick")

    (after,) = runs_of(chaos)
    assert chaos.world.project(after) == "bee"
    assert before != after


def test_an_agent_that_takes_over_begun_work_is_told_so(chaos: Chaos) -> None:
    """Its task comes after that, and is what it does."""
    chaos.begin(rows=[(WORK, "1", "talk")], slots=2)
    chaos.go_on("rest tick")
    chaos.kill_shim(index=0, which="both", then="tick tick")
    chaos.choose(name="ant", agent="tty", then="")
    chaos.jump(seconds=61, then="tick rest tick tick")
    converge(chaos)  # what was left over may take its time to end

    (run,) = runs_of(chaos)
    assert chaos.world.action(run) == WORK
    assert "was begun before" in (chaos.world.runs / run / "spec.json").read_text()
