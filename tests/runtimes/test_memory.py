"""The faults that the in-memory runtime has built in."""

from pathlib import Path

import pytest

from controller.core.observed import Sessions, Unknown
from controller.runtimes.base import RuntimeFault, StartRequest
from controller.runtimes.memory import MemoryRuntime

FAULT = RuntimeFault("TmuxTimeout", "It did not answer.")
APP = StartRequest("r1", "app", Path("/runs/r1"))
WEB = StartRequest("r2", "web", Path("/runs/r2"))


def runs(runtime: MemoryRuntime) -> list[str]:
    """The runs that have a session."""
    observed = runtime.observe()
    assert isinstance(observed, Sessions)
    return [session.run for session in observed.sessions]


def test_unknown_stays_until_it_is_taken_back() -> None:
    """The sessions are there all the time."""
    runtime = MemoryRuntime()
    runtime.start([APP])
    runtime.unknown = Unknown("TmuxTimeout", "It did not answer.")
    assert runtime.unknown == runtime.observe()
    runtime.unknown = None
    assert runs(runtime) == ["r1"]


@pytest.mark.parametrize(("done", "expected"), [(False, ["r1"]), (True, ["r1", "r2"])])
def test_a_call_fails_once_before_or_after_its_work(done: bool, expected: list[str]) -> None:
    """An answer that was lost is as usual as a call that was."""
    runtime = MemoryRuntime()
    runtime.start([APP])
    runtime.fail_next("start", FAULT, done=done)
    with pytest.raises(RuntimeFault):
        runtime.start([WEB])
    assert expected == runs(runtime)
    assert runtime.start([WEB]) == {}


def test_a_refused_name_costs_only_its_request() -> None:
    """Until the refusal is taken back."""
    runtime = MemoryRuntime()
    runtime.refused["app"] = FAULT
    assert runtime.start([APP, WEB]) == {"r1": FAULT}
    assert runs(runtime) == ["r2"]
    assert runtime.requests == [WEB]


def test_a_person_may_end_a_session() -> None:
    """It is gone, with its screen."""
    runtime = MemoryRuntime()
    runtime.start([APP, WEB])
    runtime.kill_session("app")
    assert runs(runtime) == ["r2"]


def test_an_adopted_session_is_watched_over() -> None:
    """Once, by a shim on its process; one that lost its mark has its shim."""
    runtime = MemoryRuntime()
    runtime.add_foreign("mine")
    runtime.add_foreign("web")
    mine, web = runtime.unmarked("mine"), runtime.unmarked("web")
    runtime.adopt(mine, APP)
    runtime.adopt(web, WEB, watched=True)
    assert runtime.watched == [mine.pid]
    assert runtime.requests == [APP, WEB]


@pytest.mark.parametrize(("done", "expected"), [(False, []), (True, ["r1"])])
def test_an_adoption_fails_once_before_or_after_its_work(done: bool, expected: list[str]) -> None:
    """A lost answer and a lost call look the same to the caller, not to the world."""
    runtime = MemoryRuntime()
    runtime.add_foreign("mine")
    found = runtime.unmarked("mine")
    runtime.fail_next("adopt", FAULT, done=done)
    with pytest.raises(RuntimeFault):
        runtime.adopt(found, APP)
    assert expected == runs(runtime)


def test_calls_are_counted() -> None:
    """A tick with nothing to do is one observation and nothing else."""
    runtime = MemoryRuntime()
    runtime.start([APP])
    runtime.observe()
    runtime.start([])
    runtime.remove([])
    assert runtime.calls == {"start": 1, "observe": 1}


def test_what_is_said_of_no_session_is_a_defect_of_the_test() -> None:
    """A typing error must not look like a passing test."""
    with pytest.raises(LookupError):
        MemoryRuntime().end("r9")
