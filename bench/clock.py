"""Rounds: every contestant once in each, in a shuffled order, so that all share the weather."""

import math
import random
import statistics
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

Contestant = Callable[[], float]
"""Does its work once and returns the milliseconds that it took."""


class Unavailable(Exception):
    """A contestant cannot take part; the others go on without it."""


@dataclass(frozen=True, slots=True)
class Samples:
    """What one contestant took, a figure for each round.

    Attributes:
        values: In the order of the rounds.
    """

    values: Sequence[float]

    @property
    def median(self) -> float:
        """The middle figure."""
        return statistics.median(self.values)

    @property
    def p99(self) -> float:
        """The smallest figure that 99 % of all do not exceed."""
        ordered = sorted(self.values)
        return ordered[max(0, math.ceil(len(ordered) * 0.99) - 1)]

    def times(self, other: "Samples") -> float:
        """How many times the other's figure this one's is: the median of the rounds' ratios."""
        pairs = zip(self.values, other.values, strict=True)
        return statistics.median(ours / theirs for ours, theirs in pairs)


@dataclass(frozen=True, slots=True)
class Results:
    """What came of the rounds.

    Attributes:
        samples: Contestant → its figures; only those who finished every round.
        missing: Contestant → why it has none.
    """

    samples: dict[str, Samples] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


def timed(work: Callable[[], object]) -> Contestant:
    """A contestant from a function that is nothing but the work."""

    def once() -> float:
        began = time.perf_counter()
        work()
        return since(began)

    return once


def until(over: Callable[[], object], work: Callable[[], object]) -> float:
    """Milliseconds from the beginning of some work until something that it brings about.

    The work itself may end before or after that.

    Args:
        over: Returns when it has come about; waits beside the work, in a thread of its own.
        work: What is begun.

    Raises:
        Exception: What either of them raises.
    """
    figure: Future[float] = Future()

    def watch() -> None:
        try:
            over()
            figure.set_result(since(began))
        except (OSError, ValueError, RuntimeError) as error:
            figure.set_exception(error)

    began = time.perf_counter()
    # A daemon: where the work fails, or is interrupted, nobody waits for what will never be.
    threading.Thread(target=watch, daemon=True).start()
    work()
    return figure.result()


def since(began: float) -> float:
    """Milliseconds since a moment of `time.perf_counter`."""
    return (time.perf_counter() - began) * 1000


def compete(
    rounds: int,
    contestants: Mapping[str, Contestant],
    *,
    warm_up: bool = True,
    say: Callable[[str], None] = lambda _: None,
    between: Callable[[], None] = lambda: None,
) -> Results:
    """Run the rounds.

    Args:
        rounds: How many.
        contestants: Name → contestant.
        warm_up: Whether a round that does not count comes first.
        say: Told of every round.
        between: Called before every round.
    """
    order = random.Random(7)  # noqa: S311 - the same order in every run, no secret
    figures: dict[str, list[float]] = {name: [] for name in contestants}
    missing: dict[str, str] = {}
    for number in range(1 - warm_up, rounds + 1):
        say(f"round {number} of {rounds}")
        between()
        names = [name for name in contestants if name not in missing]
        order.shuffle(names)
        for name in names:
            try:
                figure = contestants[name]()
            except Unavailable as error:
                missing[name] = str(error)
                continue
            if number:
                figures[name].append(figure)
    samples = {name: Samples(tuple(figures[name])) for name in contestants if name not in missing}
    return Results(samples, missing)
