"""Whenever the controller, or a command, is killed: the next one makes it so, as if nothing was.

Of long scenarios every second to fourth step is taken, so that the checks stay short; with
CRASH_EVERY_STEP=1 in the environment it is each.
"""

import os
import random
from typing import Any

import pytest

from tests.crash.conftest import Play
from tests.crash.scenarios import SCENARIOS

SHARDS = 2
"""Parts of each scenario's steps, so that they can be shared out among processes."""
LONG = 30
"""So many steps of a scenario are taken, about."""
EVERY_STEP = os.environ.get("CRASH_EVERY_STEP") == "1"
_SEED = 20


def differences(wanted: Any, found: Any, path: str = "") -> list[str]:
    """Where two end states differ."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        keys = {**wanted, **found}
        return [
            line
            for key in keys
            for line in differences(wanted.get(key), found.get(key), f"{path}/{key}")
        ]
    return [] if wanted == found else [f"{path}: {wanted} became {found}"]


def check(play: Play, name: str, *deaths: int) -> list[str]:
    """What is wrong in the end where the process died before these steps."""
    undisturbed = play(name)
    result = play(name, *deaths)
    wrong = differences(undisturbed.end, result.end)
    wrong += [f"{path} changed while nothing was to be done" for path in result.moved]
    where = ", ".join(map(str, deaths))
    return [f"{name}, death before step {where} ({result.steps[-1:]}): {line}" for line in wrong]


@pytest.mark.slow
def test_undisturbed(play: Play) -> None:
    """Without a death nothing is left over, no defect shows, and rest is rest."""
    result = play("add")
    assert result.end["sessions"] == [("one", "One"), ("other", "Other")]
    assert result.end["list"]["One"]["Status"] == "In Progress"
    assert result.end["leftovers"] == result.end["defects"] == result.end["unended"] == []
    assert not result.moved
    for step in ("runs/RUN/meta.json", "start of tmux source-file", "rename desired/"):
        assert any(step in made for made in result.steps), step


@pytest.mark.parametrize("death", [7, 12])
def test_a_sample(play: Play, death: int) -> None:
    """A death with the run's folder half-made, and one with its session just started."""
    assert check(play, "add", death) == []


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_death_at_every_step(play: Play, name: str, shard: int) -> None:
    """Before each change that the process makes to the world, and after the last one."""
    steps = len(play(name).steps)
    every = 1 if EVERY_STEP else 1 + steps // LONG
    deaths = range(shard * every, steps, SHARDS * every)
    assert [line for death in deaths for line in check(play, name, death)] == []


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_death_in_the_recovery_from_a_death(play: Play, name: str) -> None:
    """A second one, and a third, before the next controller has come to rest."""
    chance = random.Random(f"{_SEED} {name}")
    steps = len(play(name).steps)
    deaths = (chance.randrange(steps), chance.randrange(30), chance.randrange(30))
    assert check(play, name, *deaths) == []
