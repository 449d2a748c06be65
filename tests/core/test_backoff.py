"""The curves of waiting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.backoff import CRASH, FAULT, LOST, Curve, due
from tests.core.world import NOW, after

KEYS = st.text(max_size=20)


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 10), (2, 20), (3, 40), (4, 80), (5, 160), (6, 300), (7, 300)]
)
def test_the_curve_after_a_crash(attempt: int, seconds: float) -> None:
    """Backoff 10 s ×2 ≤ 300 s ±10 %."""
    assert CRASH.delay(attempt, "run") == pytest.approx(seconds, rel=0.1)


@given(st.sampled_from([CRASH, FAULT, LOST]), st.integers(1, 10**9), KEYS)
def test_no_delay_leaves_the_curve(curve: Curve, attempt: int, key: str) -> None:
    """However many attempts: never longer than the maximum, never shorter than the first."""
    assert 0.9 * curve.first <= curve.delay(attempt, key) <= curve.longest


@given(st.integers(1, 9), KEYS)
def test_jitter_is_the_same_after_a_restart(attempt: int, key: str) -> None:
    """Jitter from a hash of run and attempt, so that it is the same after a restart."""
    assert CRASH.delay(attempt, key) == Curve(10, 300).delay(attempt, key)


def test_jitter_differs_between_runs() -> None:
    """Runs that crash together do not come back together."""
    delays = {CRASH.delay(1, f"run-{number}") for number in range(100)}

    assert len(delays) == 100
    assert max(delays) - min(delays) > 1


def test_without_jitter_the_curve_is_plain() -> None:
    """A curve may have none."""
    assert Curve(1, 8, jitter=0).delay(3, "x") == 4


@given(st.integers(-(10**8), 10**8), st.floats(0, 1000))
def test_a_delay_read_back_is_clamped(seconds: int, wait: float) -> None:
    """A delay read back is clamped to the wait that was meant."""
    assert due(after(seconds), NOW, wait) == min(after(seconds), after(wait))
