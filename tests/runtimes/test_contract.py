"""What every runtime promises; a new one is tested by a line in the fixture `world`."""

import pytest

from controller.core.observed import NoServer, Sessions, Unknown
from controller.runtimes.base import RuntimeFault
from controller.runtimes.registry import runtime_class
from tests.runtimes.worlds import World, runs, seen


def test_kind_is_the_word_of_the_registry(world: World) -> None:
    """The settings' word and the metrics' word are the same."""
    assert runtime_class(world.runtime.kind) is type(world.runtime)


def test_no_server_before_the_first_start(world: World) -> None:
    """Nothing is started by looking, nor by starting nothing, nor by removing nothing."""
    assert world.runtime.start([]) == {}
    world.runtime.remove([])
    assert NoServer() == world.runtime.observe()


def test_started_sessions_are_observed(world: World) -> None:
    """Sessions come with the server's identity, each with its name, run and process."""
    assert world.runtime.start([world.request("app", "r1"), world.request("app-2", "r2")]) == {}

    first, second = seen(world)

    assert (first.name, first.run, first.alive) == ("app", "r1", True)
    assert (second.name, second.run, second.alive) == ("app-2", "r2", True)
    assert 0 < first.pid != second.pid > 0
    observed = world.runtime.observe()
    assert isinstance(observed, Sessions)
    assert observed.server


def test_starting_a_run_again_changes_nothing(world: World) -> None:
    """A caller that lost the answer may ask again: there is never a second session."""
    world.runtime.start([world.request("app")])
    before = seen(world)

    assert world.runtime.start([world.request("app")]) == {}
    assert before == seen(world)


def test_a_taken_name_costs_only_its_own_request(world: World) -> None:
    """A fault names the run that was not started; the others were."""
    world.runtime.start([world.request("app", "r1")])

    faults = world.runtime.start(
        [world.request("a"), world.request("app", "r2"), world.request("z")]
    )

    assert list(faults) == ["r2"]
    assert faults["r2"].reason == "SessionNameTaken"
    assert {"r1", "run-a", "run-z"} == runs(world)


@pytest.mark.parametrize("owner", ["", "another"])
def test_foreign_sessions_are_neither_seen_nor_touched(world: World, owner: str) -> None:
    """A session of the user's or of another controller keeps its name and its life."""
    world.runtime.start([world.request("mine")])
    world.add_foreign("app", owner)

    faults = world.runtime.start([world.request("app", "r2")])
    world.runtime.remove(seen(world))

    assert list(faults) == ["r2"]
    assert set() == runs(world)
    assert world.runtime.start([world.request("app", "r3")])["r3"].reason == "SessionNameTaken"


def test_two_requests_of_one_run_or_name_are_refused(world: World) -> None:
    """Such a batch is a defect of the caller, and starts nothing."""
    with pytest.raises(ValueError, match="one run"):
        world.runtime.start([world.request("a", "r1"), world.request("b", "r1")])
    with pytest.raises(ValueError, match="one name"):
        world.runtime.start([world.request("a", "r1"), world.request("a", "r2")])
    assert NoServer() == world.runtime.observe()


def test_an_ended_session_stays_until_it_is_removed(world: World) -> None:
    """Its last screen can be read; then its name is free at once."""
    world.runtime.start([world.request("app", "r1"), world.request("app-2", "r2")])
    world.write("r1", "the last words\n")
    world.end("r1")

    ended = next(session for session in seen(world) if session.run == "r1")

    assert not ended.alive
    assert ended.pid == 0
    assert "the last words" in world.runtime.screen(ended, 10)
    world.runtime.remove([ended])
    assert world.runtime.start([world.request("app", "r3")]) == {}
    assert {"r2", "r3"} == runs(world)
    assert all(session.alive for session in seen(world))


def test_removing_the_last_session_leaves_an_empty_server(world: World) -> None:
    """Empty and absent are two answers; removing what is gone is no error."""
    world.runtime.start([world.request("app")])
    sessions = seen(world)

    world.runtime.remove(sessions)
    world.runtime.remove(sessions)

    assert seen(world) == ()


def test_a_lost_server_is_no_server_and_the_next_start_makes_one(world: World) -> None:
    """Ids of the old server mean nothing to the new one, though they look the same."""
    world.runtime.start([world.request("app", "r1")])
    old = seen(world)
    before = world.runtime.observe()
    world.lose_server()
    assert NoServer() == world.runtime.observe()
    world.runtime.remove(old)

    assert world.runtime.start([world.request("app", "r1")]) == {}
    world.runtime.remove(old)

    after = world.runtime.observe()
    assert isinstance(before, Sessions)
    assert isinstance(after, Sessions)
    assert [session.run for session in after.sessions] == ["r1"]
    assert before.server != after.server


def test_a_server_that_does_not_answer_is_unknown(world: World) -> None:
    """It is neither empty nor absent; what was there before is there after."""
    world.runtime.start([world.request("app", "r1")])
    before = seen(world)
    world.stall()

    observed = world.runtime.observe()
    with pytest.raises(RuntimeFault) as caught:
        world.runtime.start([world.request("other", "r2")])
    world.resume()

    assert isinstance(observed, Unknown)
    assert "TmuxTimeout" == observed.reason == caught.value.reason
    assert before == seen(world)


def test_the_screen_is_its_last_lines(world: World) -> None:
    """Never more lines than asked for, and no blank ones at the end."""
    world.runtime.start([world.request("app", "r1")])
    world.write("r1", "".join(f"line {number}\n" for number in range(1, 100)))

    (session,) = seen(world)

    assert world.runtime.screen(session, 2) == "line 98\nline 99"
    assert [f"line {n}" for n in range(20, 100)] == world.runtime.screen(session, 80).split("\n")


def test_the_screen_of_a_gone_session_is_a_fault(world: World) -> None:
    """A person is told, and the loop goes on."""
    world.runtime.start([world.request("app"), world.request("other")])
    session = seen(world)[0]
    world.runtime.remove([session])

    with pytest.raises(RuntimeFault) as caught:
        world.runtime.screen(session, 10)
    assert caught.value.reason == "SessionGone"


def test_attaching_goes_by_name(world: World) -> None:
    """The command is a list of words, whatever a person or an agent called the session."""
    assert world.runtime.attach_argv("app")[-1].endswith("app")
    assert world.runtime.attach_argv("app; rm -rf /")[-1].endswith("app; rm -rf /")


def test_a_session_that_lost_its_mark_is_cleared(world: World) -> None:
    """Its run is over, and its name is needed again; one with its mark is left for people."""
    world.runtime.start([world.request("app"), world.request("other")])
    world.runtime.clear(["run-app"])
    assert [session.run for session in seen(world)] == ["run-app", "run-other"]
    world.lose_mark("app")
    assert [session.run for session in seen(world)] == ["run-other"]
    assert "run-app" in world.runtime.start([world.request("app")])
    world.runtime.clear(["run-app"])
    assert world.runtime.start([world.request("app")]) == {}


def test_clearing_without_a_server(world: World) -> None:
    """There is nothing to clear."""
    world.runtime.clear(["run-app"])
