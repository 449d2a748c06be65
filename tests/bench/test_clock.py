"""Rounds and their figures."""

import pytest

from bench.clock import Samples, Unavailable, compete


def test_the_ratio_is_that_of_the_middle_round_and_not_of_the_medians() -> None:
    """A slow minute slows both contestants of its rounds."""
    ours, theirs = Samples((2.0, 30.0, 6.0)), Samples((1.0, 10.0, 2.0))

    assert ours.median == 6.0
    assert ours.times(theirs) == 3.0


@pytest.mark.parametrize(("number", "p99"), [(1, 1), (100, 99), (500, 495), (101, 100)])
def test_p99_is_a_figure_that_was_measured(number: int, p99: int) -> None:
    """The nearest rank, whatever the order."""
    assert Samples([float(value) for value in range(number, 0, -1)]).p99 == p99


def test_each_contestant_has_a_turn_in_every_round_and_the_first_does_not_count() -> None:
    """In an order that changes."""
    turns: list[str] = []
    figures = iter(range(100))

    def turn(name: str) -> float:
        turns.append(name)
        return float(next(figures))

    results = compete(6, {"a": lambda: turn("a"), "b": lambda: turn("b")})

    rounds = [turns[at : at + 2] for at in range(0, len(turns), 2)]
    assert len(rounds) == 7
    assert all(sorted(pair) == ["a", "b"] for pair in rounds)
    assert ["a", "b"] in rounds
    assert ["b", "a"] in rounds
    assert len(results.samples["a"].values) == len(results.samples["b"].values) == 6
    assert min(*results.samples["a"].values, *results.samples["b"].values) == 2


def test_who_cannot_take_part_is_named_and_the_others_go_on() -> None:
    """A peer that is missing, or fails in the middle."""
    turns = iter([1.0, 2.0])

    def fails() -> float:
        try:
            return next(turns)
        except StopIteration:
            raise Unavailable("it broke") from None

    results = compete(3, {"ours": lambda: 5.0, "theirs": fails}, warm_up=False)

    assert results.missing == {"theirs": "it broke"}
    assert list(results.samples) == ["ours"]
    assert results.samples["ours"].values == (5.0, 5.0, 5.0)
