"""A call that fails, once or for three ticks: the loop goes on, and comes to the same end."""

import errno
import random

import pytest

from tests.crash.conftest import Hinder
from tests.crash.experiment import Failure
from tests.crash.test_deaths import differences

SCENARIOS = ("add", "next action", "done", "rename", "pause")
SAMPLE = 8
"""Calls of each scenario that fail."""
_SEED = 20
_WRITES = ("write", "pwrite64", "mkdir", "rename")


def number_of(call: str) -> int:
    """What such a call fails with when the machine is at its end."""
    kind = call.split()[0]
    if kind == "start":
        return errno.EAGAIN
    if kind in _WRITES or "to write" in call:
        return errno.ENOSPC
    return errno.EACCES if kind == "newfstatat" else errno.EIO


def check(hinder: Hinder, name: str, call: str, ticks: int) -> list[str]:
    """What is wrong in the end, where this call failed meanwhile."""
    result = hinder(name, Failure(call, number_of(call), ticks))
    wanted, found = hinder.undisturbed(name).end, result.end
    if ".stop.new" in call or call == "openat runs/RUN":
        # Where the folder takes no request its session is ended itself, and the end told as such.
        wanted, found = ({**end, "runs": {}, "memory": {}} for end in (wanted, found))
    wrong = differences(wanted, found)
    wrong += [f"{path} changed while nothing was to be done" for path in result.moved]
    return [f"{name}, {call} fails for {ticks} ticks: {line}" for line in wrong]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "call"),
    [
        # It stopped every session, as if the whole fleet had been told to rest.
        ("add", "openat state/suspended.json"),
        # It was taken for a broken record, and the work was done a second time.
        ("done", "openat runs/RUN/exit.json"),
        # The runs kept the earlier name for good.
        ("rename", "write runs/RUN/.meta.json.new"),
    ],
)
def test_what_failed_once(hinder: Hinder, name: str, call: str) -> None:
    """Cases that were found by the sample below."""
    assert check(hinder, name, call, 0) == []


@pytest.mark.slow
def test_a_failure_is_told(hinder: Hinder) -> None:
    """Its reason names the file and the mend."""
    for call, reason in (
        ("mkdir runs/RUN", "RunsUnavailable"),
        ("rename desired/.priorities.csv.sidekick-new-…", "WriteFailed"),
        ("pwrite64 state/sidekick.db-wal", "StoreFailed"),
    ):
        told = hinder("add", Failure(call, number_of(call), 3)).warnings
        assert any(reason in line and "disk" in line for line in told), call


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("ticks", [0, 3])
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_sample(hinder: Hinder, name: str, ticks: int) -> None:
    """Whichever call it is."""
    calls = sorted(set(hinder.calls(name)))
    chosen = random.Random(f"{_SEED} {name} {ticks}").sample(calls, min(SAMPLE, len(calls)))
    assert [line for call in chosen for line in check(hinder, name, call, ticks)] == []
