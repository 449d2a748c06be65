"""Crashes and faults: backoff, the crash loop, and what is no crash."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.backoff import CRASH, FAULT, LOST
from controller.core.memory import Suspension
from controller.core.observed import Ending
from tests.core.fleet import Fleet, fleet
from tests.core.world import AGENTS, cells, limits

YEAR = 365 * 86_400.0


def crash(alpha: Fleet, times: int, *, lasting: float = 1) -> None:
    """Let the project crash so many times, each time as soon as it runs again."""
    for _ in range(times):
        alpha.sleep(lasting)
        alpha.end(ending=Ending.CRASHED, message="exit status 1")
        alpha.tick()
        alpha.sleep(CRASH.longest)
        alpha.tick()
        alpha.begin()


@pytest.mark.parametrize(("crashes", "seconds"), [(1, 10), (2, 20), (3, 40), (4, 80)])
def test_backoff(crashes: int, seconds: float) -> None:
    """Crash: backoff 10 s ×2 ≤ 300 s ±10 %."""
    alpha = fleet()
    crash(alpha, crashes - 1)
    alpha.end(ending=Ending.CRASHED)
    tick = alpha.tick()

    assert alpha.says() == ("Queued", "CrashBackoff")
    assert tick.plan.requeue_at is not None
    delay = (tick.plan.requeue_at - alpha.now).total_seconds()
    assert 0.9 * seconds <= delay <= 1.1 * seconds

    alpha.sleep(0.89 * seconds)
    assert alpha.tick().started == []
    alpha.sleep(0.22 * seconds)
    assert alpha.tick().started == ["alpha"]


def test_a_crashed_row_goes_on_with_its_conversation() -> None:
    """A crash loses no conversation: the agent is only told to go on."""
    alpha = fleet()
    crash(alpha, 1)

    assert alpha.run().conversation == "talk-1"
    assert len(alpha.runs) == 2


def test_crash_loop() -> None:
    """5 crashes without 10 stable minutes → `Blocked: CrashLoop`."""
    alpha = fleet()
    crash(alpha, 4)

    assert {"alpha"} == alpha.running

    crash_at = alpha.now
    alpha.end(ending=Ending.CRASHED, message="exit status 1")
    alpha.tick()
    alpha.now = crash_at + timedelta(days=1)
    alpha.rest()

    assert (set(), ("Blocked", "CrashLoop")) == (alpha.running, alpha.says())
    assert "exit status 1" in alpha.status().message


@pytest.mark.parametrize("typed", [{"status": "Pending"}, {"status": ""}, {"next_action": "x"}])
def test_a_new_word_ends_a_crash_loop(typed: dict[str, str]) -> None:
    """Blocked only where the row must be edited: an edit of it is a new chance, from zero."""
    alpha = fleet()
    crash(alpha, 4)
    alpha.end(ending=Ending.CRASHED)
    alpha.rest()
    alpha.sleep(60)
    alpha.type("alpha", **typed)
    alpha.rest()

    assert ({"alpha"}, 0) == (alpha.running, alpha.member().crashes)


def test_an_edit_of_another_column_ends_no_crash_loop() -> None:
    """What is not about the work changes nothing of it."""
    alpha = fleet()
    crash(alpha, 4)
    alpha.end(ending=Ending.CRASHED)
    alpha.rest()
    alpha.type(priority="2", deadline="2030-01-01")
    alpha.rest()

    assert alpha.says() == ("Blocked", "CrashLoop")


def test_ten_stable_minutes_reset_the_count() -> None:
    """Reset after 10 stable minutes."""
    alpha = fleet()
    crash(alpha, 4)
    crash(alpha, 1, lasting=601)

    assert ({"alpha"}, 1) == (alpha.running, alpha.member().crashes)


@pytest.mark.parametrize("ending", [Ending.LOST, Ending.STOPPED])
def test_stable_minutes_that_ended_otherwise_reset_the_count_too(ending: Ending) -> None:
    """5 crashes without 10 stable minutes: hours of work between them make no loop."""
    alpha = fleet()
    crash(alpha, 4)
    alpha.sleep(7200)
    alpha.end(ending=ending)
    alpha.tick()
    alpha.sleep(CRASH.longest)
    alpha.tick()
    alpha.begin()
    crash(alpha, 1)

    assert {"alpha"} == alpha.running


def test_a_crashed_row_keeps_its_slot() -> None:
    """Crash: backoff, keeps its slot."""
    both = Fleet(cells("a"), cells("b"), limits=limits(slots=1))
    both.rest()
    both.end("a", Ending.CRASHED)

    assert both.tick().started == []
    assert [both.says("a"), both.says("b")] == [("Queued", "CrashBackoff"), ("Queued", "Capacity")]


def test_a_fault_of_the_surroundings_frees_the_slot() -> None:
    """Faults of the surroundings are Queued with the reason, and hold up nobody."""
    both = Fleet(cells("a"), cells("b"), limits=limits(slots=1))
    both.tick()
    both.end("a", Ending.FAULT, reason="ProgramMissing")

    assert both.tick().started == ["b"]
    assert both.says("a") == ("Queued", "ProgramMissing")


def test_a_fault_is_looked_at_again() -> None:
    """Faults of the surroundings are Queued with the reason and are looked at again."""
    alpha = Fleet(cells())
    for _ in range(9):
        alpha.sleep(CRASH.longest)
        assert alpha.tick().started == ["alpha"]
        alpha.end(ending=Ending.FAULT, reason="ProgramMissing")
        assert alpha.tick().started == []

    assert alpha.says() == ("Queued", "ProgramMissing")
    assert alpha.member().crashes == 0


def test_a_good_run_resets_the_wait_for_faults() -> None:
    """The curve is one of failures in a row: a run that worked for hours begins it anew."""
    alpha = Fleet(cells())
    for _ in range(6):
        alpha.sleep(CRASH.longest)
        alpha.tick()
        alpha.end(ending=Ending.FAULT, reason="ProgramMissing")
        alpha.tick()
    alpha.sleep(CRASH.longest)
    alpha.rest()
    alpha.sleep(7200)
    alpha.limits = limits(suspension=Suspension(alpha.now))
    alpha.rest()
    alpha.limits = limits()
    alpha.tick()
    alpha.end(ending=Ending.FAULT, reason="ProgramMissing")
    tick = alpha.tick()

    assert tick.plan.requeue_at is not None
    assert (tick.plan.requeue_at - alpha.now).total_seconds() <= 11


def test_a_start_that_fails_is_tried_again() -> None:
    """One failed action never stops the others, and is tried again with growing waits."""
    both = Fleet(cells("a"), cells("b"))
    both.broken["a"] = "RuntimeBusy"
    both.rest()

    assert ({"b"}, ("Queued", "RuntimeBusy")) == (both.running, both.says("a"))

    both.broken.clear()
    both.sleep(67)
    both.rest()

    assert {"a", "b"} == both.running


@pytest.mark.parametrize("reason", ["SessionKilled", "ShimLost"])
def test_a_lost_session_is_no_crash(reason: str) -> None:
    """A lost tmux server, a reboot, a killed container is no crash; the conversation goes on."""
    alpha = fleet()
    for _ in range(7):
        alpha.sleep(5)
        alpha.end(ending=Ending.LOST, reason=reason)
        alpha.tick()
        assert alpha.tick().stopped == []
        alpha.sleep(67)
        alpha.tick()
        alpha.begin()

    assert ({"alpha"}, 0) == (alpha.running, alpha.member().crashes)
    assert alpha.run().conversation == "talk-1"


def test_a_long_run_that_was_lost_starts_again_soon() -> None:
    """The wait after a loss is a second, however many losses there were long ago."""
    alpha = fleet()
    for _ in range(5):
        alpha.sleep(3600)
        alpha.end(ending=Ending.LOST)
        alpha.tick()
        alpha.sleep(1.2)
        assert alpha.tick().started == ["alpha"]
        alpha.begin()


def test_agent_blocked() -> None:
    """Blocked, where the agent said so; an edit of the row clears it."""
    alpha = fleet()
    alpha.sleep(60)
    alpha.end(ending=Ending.BLOCKED, reason="AgentBlocked", message="no key")
    alpha.rest()

    assert alpha.says() == ("Blocked", "AgentBlocked")
    assert alpha.status().message == "no key"

    alpha.sleep(60)
    alpha.type(next_action="use this key")
    alpha.rest()

    assert {"alpha"} == alpha.running


@pytest.mark.parametrize("jump", [-YEAR, YEAR])
def test_a_jumping_clock_starts_nothing_too_late(jump: float) -> None:
    """The delay that is left never exceeds the curve's maximum where the plan says when to look."""
    alpha = fleet()
    alpha.sleep(5)
    alpha.end(ending=Ending.CRASHED)
    alpha.tick()
    alpha.sleep(jump)
    tick = alpha.tick()

    if tick.plan.requeue_at:
        assert CRASH.longest >= (tick.plan.requeue_at - alpha.now).total_seconds()


def test_a_clock_that_jumps_back_makes_no_endless_wait() -> None:
    """A delay read back is clamped to its curve's maximum: never an endless wait."""
    alpha = fleet()
    alpha.sleep(YEAR)
    alpha.end(ending=Ending.CRASHED, seconds=5)
    alpha.tick()
    alpha.sleep(-YEAR)
    alpha.tick()
    alpha.sleep(CRASH.longest + 1)
    alpha.tick()

    assert len(alpha.runs) == 2


@pytest.mark.parametrize("ending", [Ending.FAULT, Ending.LOST, Ending.STOPPED])
def test_a_run_that_never_began_began_no_conversation(ending: Ending) -> None:
    """A conversation that never began is not gone on with: the agent is given the prompt."""
    alpha = Fleet(cells())
    alpha.tick()
    alpha.end(ending=ending, seconds=0)
    alpha.sleep(CRASH.longest)
    (start,) = alpha.tick().plan.changes

    assert (start.workload.begun, start.workload.resume) == (False, False)  # type: ignore[union-attr]


def test_an_agent_without_conversations() -> None:
    """Where an agent keeps no conversations, every run is given the prompt."""
    alpha = Fleet(cells(), limits=limits(default_agent="script", agents=AGENTS))
    alpha.rest()
    crash(alpha, 1)

    assert [run.conversation for run in alpha.runs.values()] == ["", ""]


def test_a_wait_is_clamped_to_its_own_curve() -> None:
    """A delay read back is clamped to its curve's maximum: 66 s after a loss."""
    alpha = fleet()
    alpha.sleep(YEAR)
    alpha.end(ending=Ending.LOST, seconds=5)
    alpha.tick()
    alpha.sleep(-YEAR)
    tick = alpha.tick()

    assert tick.plan.requeue_at is not None
    assert (tick.plan.requeue_at - alpha.now).total_seconds() <= LOST.longest


@pytest.mark.parametrize(("lasting", "crashes"), [(599.999, 5), (600.0, 1), (600.001, 1)])
def test_exactly_stable(lasting: float, crashes: int) -> None:
    """Ten minutes to the millisecond are stable; one millisecond less is one crash more."""
    alpha = fleet()
    crash(alpha, 4)
    alpha.sleep(lasting)
    alpha.end(ending=Ending.CRASHED)
    alpha.tick()

    assert alpha.member().crashes == crashes
    assert (alpha.says() == ("Blocked", "CrashLoop")) is (crashes == 5)


SKEWS = st.sampled_from([-YEAR, -3600.0, -61.0, -0.5, 0.0, 1.0, 61.0, 3600.0, YEAR])


@given(
    st.sampled_from([Ending.LOST, Ending.FAULT, Ending.CRASHED]),
    st.lists(st.tuples(SKEWS, SKEWS), min_size=4, max_size=4),
)
def test_an_agents_clock_bounds_no_wait(ending: Ending, ends: list[tuple[float, float]]) -> None:
    """Whatever it says of an end and of how long the agent ran: each wait is longer, to the cap."""
    curve = {Ending.LOST: LOST, Ending.CRASHED: CRASH, Ending.FAULT: FAULT}[ending]
    alpha = fleet()
    for attempt, (skew, seconds) in enumerate(ends, start=1):
        alpha.sleep(1)
        at = alpha.now + timedelta(seconds=skew)
        alpha.end(ending=ending, at=at, seconds=abs(seconds))
        tick = alpha.tick()

        assert alpha.member().faults + alpha.member().crashes == attempt
        assert tick.plan.requeue_at is not None
        wait = (tick.plan.requeue_at - alpha.now).total_seconds()
        shortest = curve.first * 2 ** (attempt - 1) * (1 - curve.jitter)
        assert shortest - 1 <= wait <= curve.longest
        alpha.sleep(wait)
        alpha.tick()
        alpha.begin()


def test_a_run_that_was_stable_while_nobody_looked() -> None:
    """The end that the next controller finds hours later counts from when it was."""
    alpha = fleet()
    crash(alpha, 4)
    alpha.sleep(700)
    alpha.end(ending=Ending.CRASHED)
    alpha.sleep(3600)
    alpha.tick()

    assert alpha.member().crashes == 1
    assert {"alpha"} == {run.project for run in alpha.living()}
