"""Runs whose folders are gone: what lives of them holds its place, and what is left is ended."""

from dataclasses import replace

from controller.core.actions import Sweep
from controller.core.backoff import LOST
from controller.core.observed import ReportState
from controller.core.planner import plan
from tests.core import world
from tests.core.fleet import Fleet, fleet


def lose_folder(made: Fleet, name: str = "alpha", session: str = "") -> None:
    """A run's folder goes; its session lives on, under another name perhaps."""
    run = made.run(name)
    del made.runs[run.id]
    if session:
        made.sessions[run.id] = replace(made.sessions[run.id], name=session)


def test_a_renamed_session_is_known_by_the_run_in_its_mark() -> None:
    """Its project gets no second one."""
    made = fleet()
    lose_folder(made, session="mine")

    assert made.tick().started == []
    assert made.says() == ("Queued", "RunFolderMissing")


def test_it_holds_its_slot() -> None:
    """Nobody else starts in its place."""
    made = Fleet(world.cells("alpha"), world.cells("beta"), limits=world.limits(1))
    made.rest()
    lose_folder(made)

    assert made.tick().started == []
    assert made.says("beta") == ("Queued", "Capacity")


def test_what_is_left_is_ended_before_the_next_start() -> None:
    """Session and folder are gone: memory alone knows of the run, and has it swept once."""
    made = fleet()
    run = made.run()
    lose_folder(made)
    made.sessions.clear()

    tick = made.tick()
    assert tick.plan.changes == (Sweep("alpha", run.id),)
    assert made.member().faults == 1
    soon = tick.plan.requeue_at
    assert soon is not None
    assert (soon - made.now).total_seconds() <= LOST.first

    early = made.tick().plan
    assert early.changes == ()
    assert early.requeue_at is not None
    assert (early.requeue_at - made.now).total_seconds() <= LOST.first * (1 + LOST.jitter)
    made.now = early.requeue_at
    assert made.tick().started == ["alpha"]


def test_what_is_left_is_ended_by_the_next_controller() -> None:
    """One that dies before it had the run swept has not forgotten it."""
    made = fleet()
    lose_folder(made)
    made.sessions.clear()
    decided = plan(made.desired(), made.observed(), made.memory, made.limits, made.now)
    made.committed = decided.memory
    made.restart()

    assert made.tick().of("alpha") == ["Sweep"]


def test_a_sweep_that_fails_is_tried_again() -> None:
    """Nothing starts meanwhile, and no failure is counted as another loss."""
    made = fleet()
    run = made.run()
    lose_folder(made)
    made.sessions.clear()
    made.unswept[run.id] = "NotSwept"

    for _ in range(3):
        assert made.tick().of("alpha") == ["Sweep"]
        assert made.says() == ("Queued", "NotSwept")
    assert made.member().faults == 0


def test_an_end_that_counts_is_not_counted_again() -> None:
    """A session of it that cannot be swept makes it no news."""
    made = fleet()
    made.report("alpha", ReportState.DONE)
    made.tick()
    run = made.run()
    made.lose_sessions()
    made.unswept[run.id] = "NotSwept"
    made.sleep(60)
    made.tick()
    made.sleep(60)
    assert made.tick().of("alpha") == ["Sweep"]
    made.type(status="Pending")

    made.tick()
    for _ in range(3):
        made.sleep(1)
        tick = made.tick()
        assert "Completed" not in tick.noted
        assert made.says()[0] == "Queued"


def test_folders_that_go_again_and_again_make_no_busy_loop() -> None:
    """Each time it is waited longer before the next start."""
    made = fleet()
    waits = []
    for _ in range(8):
        lose_folder(made)
        made.sessions.clear()
        made.tick()
        retry = made.member().retry
        assert retry is not None
        waits.append((retry.at - made.now).total_seconds())
        made.now = retry.at
        assert made.tick().started == ["alpha"]
        made.begin()

    assert waits[:5] == sorted(waits[:5])
    assert waits[-1] >= LOST.most * (1 - LOST.jitter)


def test_a_clock_put_back_protects_nobody() -> None:
    """A start that lies further ahead than an agent must run counts as long ago."""
    made = Fleet(
        world.cells("alpha", priority="2"), world.cells("beta", priority="9"),
        limits=world.limits(1),
    )  # fmt: skip
    made.rest()
    made.type("alpha", priority="9")
    made.type("beta", priority="1")
    made.sleep(-3600)

    assert made.tick().stopped == ["alpha"]
