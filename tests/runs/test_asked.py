"""Sweeps that are asked for: another container's host does them, or nobody is there."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from controller.runs import asked
from controller.runs.folders import RunFolders
from tests.runs.conftest import Bench
from tests.shim.world import wait_for


def test_sweeps_that_others_do_are_asked_for_all_at_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is there sees every request before any is waited for; all count as swept then."""
    monkeypatch.setattr(asked, "SWEEP_SECONDS", 30.0)
    runs = [bench.make(name, TOKEN="secret") for name in "ABCD"]
    theirs = RunFolders(bench.root, external=True)
    theirs.load()

    def sweep_when_all_are_asked_for() -> None:
        requests = [bench.root / run / "sweep" for run in runs]
        wait_for(lambda: all(request.exists() for request in requests), "all requests")
        for run in runs:
            bench.runs.sweep(run)

    with ThreadPoolExecutor() as pool:
        host = pool.submit(sweep_when_all_are_asked_for)
        assert theirs.sweep_all(runs) == {}
        host.result()

    assert all(record.exit for record in theirs.look().values())
    assert theirs.unfinished() == ()


def test_a_request_that_stands_is_not_waited_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody was there to do it, and nobody may be for long: the loop goes on, and asks again."""
    runs = [bench.make(name) for name in "AB"]
    theirs = RunFolders(bench.root, external=True)
    theirs.load()
    monkeypatch.setattr(asked, "SWEEP_SECONDS", 0.1)
    first = theirs.sweep_all(runs)
    monkeypatch.setattr(asked, "SWEEP_SECONDS", 1000.0)

    again = theirs.sweep_all(runs)

    reasons = [(run, fault.reason) for faults in (first, again) for run, fault in faults.items()]
    assert reasons == [(run, "NotSwept") for run in runs] * 2
    assert "docker compose up -d agents" in again[runs[0]].message
    assert theirs.unfinished() == tuple(runs)
    bench.runs.sweep(runs[0])
    assert list(theirs.sweep_all(runs)) == runs[1:]


def test_a_request_that_cannot_be_made(bench: Bench) -> None:
    """It is told with its folder, and the others are asked for."""
    blocked, other = bench.make("A"), bench.make("B")
    theirs = RunFolders(bench.root, external=True)
    theirs.load()
    (bench.root / blocked / ".sweep.new").mkdir()

    faults = theirs.sweep_all([blocked, other])

    assert [fault.reason for fault in faults.values()] == ["RunsUnavailable", "NotSwept"]
    assert blocked in faults[blocked].message
    assert (bench.root / other / "sweep").exists()
