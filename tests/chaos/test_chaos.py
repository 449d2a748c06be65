"""After any faults in any order: nothing is lost meanwhile, and the world comes to rest."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.chaos.machine import Chaos


def live_through(examples: int, steps: int) -> None:
    """Try so many stories of at most so many steps; each takes one to four real seconds."""
    run_state_machine_as_test(
        Chaos,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_world_comes_to_rest_after_some_faults() -> None:
    """At every instant nothing is lost; after the last fault it converges, and stays so."""
    live_through(examples=2, steps=6)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_world_comes_to_rest_after_many_faults() -> None:
    """The same, with many and longer stories."""
    live_through(examples=40, steps=25)
