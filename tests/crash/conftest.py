"""A process of its own for the experiments: forking one that has threads is asking for trouble."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from typing import TypeVar

import pytest

from tests.crash import experiment
from tests.crash.experiment import Failure, Result
from tests.crash.pilot import warm_up
from tests.crash.tracee import AVAILABLE

SECONDS = 180.0
"""That one experiment may take on a busy machine."""

_T = TypeVar("_T")


class _Player:
    """Plays scenarios; one without a fault only once.

    Args:
        pool: Where.
    """

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool
        self.undisturbed = cache(lambda name: self.do(experiment.play, name))

    def do(self, work: Callable[..., _T], *arguments: object) -> _T:
        """Have it done by the pool's process."""
        return self._pool.submit(work, *arguments).result(SECONDS)


class Play(_Player):
    """Plays scenarios in which somebody dies."""

    def __call__(self, name: str, *deaths: int) -> Result:
        """The scenario, with deaths before these steps."""
        return self.do(experiment.play, name, *deaths) if deaths else self.undisturbed(name)


class Hinder(_Player):
    """Plays scenarios in which a call fails."""

    def __call__(self, name: str, failure: Failure) -> Result:
        """The scenario, with this failure."""
        return self.do(experiment.hinder, name, failure)

    def calls(self, name: str) -> tuple[str, ...]:
        """The calls that may fail."""
        return self.do(experiment.calls, name)


@pytest.fixture(scope="session")
def pool() -> Iterator[ProcessPoolExecutor]:
    """The process of the experiments, with everything imported."""
    if not AVAILABLE:
        pytest.skip("the registers of other machines than x86-64 have other names")
    with ProcessPoolExecutor(1, get_context("spawn"), warm_up) as pool:
        yield pool


@pytest.fixture(scope="session")
def play(pool: ProcessPoolExecutor) -> Play:
    """Scenarios with deaths."""
    return Play(pool)


@pytest.fixture(scope="session")
def hinder(pool: ProcessPoolExecutor) -> Hinder:
    """Scenarios with failures."""
    return Hinder(pool)
