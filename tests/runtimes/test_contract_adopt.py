"""What every runtime promises of sessions that a person began."""

import pytest

from controller.core.errors import NotFound
from controller.runtimes.base import RuntimeFault
from tests.runtimes.worlds import World, runs, seen


def refusal(world: World, name: str) -> str:
    """The reason why a session cannot be adopted."""
    with pytest.raises(NotFound) as caught:
        world.runtime.unmarked(name)
    assert name in caught.value.message
    return caught.value.reason


def test_an_adopted_session_is_the_runs(world: World) -> None:
    """Its process goes on, and it is observed like one that we started."""
    world.runtime.start([world.request("other")])
    world.add_foreign("hand made", "")
    found = world.runtime.unmarked("hand made")
    assert found.name == "hand made"
    assert found.argv == ("sleep", "600")
    assert found.folder.startswith("/")
    assert {"run-other"} == runs(world)

    world.runtime.adopt(found, world.request("app", "r1"))

    (session,) = (session for session in seen(world) if session.run == "r1")
    assert (session.name, session.alive, session.pid) == ("app", True, found.pid)
    world.write("r1", "the last words\n")
    world.end("r1")
    (session,) = (session for session in seen(world) if session.run == "r1")
    assert not session.alive
    assert "the last words" in world.runtime.screen(session, 10)
    world.runtime.remove([session])
    assert {"run-other"} == runs(world)


def test_a_session_may_bear_its_later_name_already(world: World) -> None:
    """Such a one is what keeps the controller from starting its own."""
    world.runtime.start([world.request("other")])
    world.add_foreign("app", "")
    assert world.runtime.start([world.request("app", "r1")])["r1"].reason == "SessionNameTaken"

    world.runtime.adopt(world.runtime.unmarked("app"), world.request("app", "r2"))

    assert {"run-other", "r2"} == runs(world)
    assert world.runtime.start([world.request("app", "r3")])["r3"].reason == "SessionNameTaken"


def test_what_cannot_be_adopted(world: World) -> None:
    """Each reason is told by its own word, and nothing is changed by asking."""
    assert refusal(world, "nothing") == "SessionMissing"
    world.runtime.start([world.request("ours")])
    world.add_foreign("theirs", "another")
    world.add_foreign("wide", "")
    world.split("wide")
    before = seen(world)

    assert refusal(world, "nothing") == "SessionMissing"
    assert refusal(world, "our") == "SessionMissing"
    assert refusal(world, "ours") == "SessionOurs"
    assert refusal(world, "theirs") == "SessionForeign"
    assert refusal(world, "wide") == "SeveralPanes"
    assert before == seen(world)


def test_a_session_is_adopted_once(world: World) -> None:
    """Of two who looked at the same time the second is refused."""
    world.runtime.start([world.request("other")])
    world.add_foreign("hand", "")
    found = world.runtime.unmarked("hand")
    world.runtime.adopt(found, world.request("one", "r1"))

    with pytest.raises(NotFound) as caught:
        world.runtime.adopt(found, world.request("two", "r2"))

    assert caught.value.reason == "SessionChanged"
    assert refusal(world, "one") == "SessionOurs"
    assert {"run-other", "r1"} == runs(world)


def test_a_session_that_changed_since_is_left_alone(world: World) -> None:
    """Another session of the same name is another process."""
    world.runtime.start([world.request("other")])
    world.add_foreign("hand", "")
    found = world.runtime.unmarked("hand")
    world.kill_session("hand")
    world.add_foreign("hand", "")

    with pytest.raises(NotFound) as caught:
        world.runtime.adopt(found, world.request("app", "r1"))

    assert caught.value.reason == "SessionChanged"
    assert {"run-other"} == runs(world)
    assert world.runtime.unmarked("hand").pid != found.pid


@pytest.mark.parametrize("owner", ["", "me", "another"])
def test_a_taken_name_refuses_all_of_it(world: World, owner: str) -> None:
    """A start of the same project may be under way: there is never a second session of it."""
    world.runtime.start([world.request("other")])
    if owner == "me":
        world.runtime.start([world.request("app", "r1")])
    else:
        world.add_foreign("app", owner)
    world.add_foreign("hand", "")
    found = world.runtime.unmarked("hand")
    before = seen(world)

    with pytest.raises(NotFound) as caught:
        world.runtime.adopt(found, world.request("app", "r2"))

    assert caught.value.reason == "SessionNameTaken"
    assert before == seen(world)
    assert found == world.runtime.unmarked("hand")


def test_a_released_session_is_a_persons_again(world: World) -> None:
    """Only of the run that is meant; then it may be adopted anew."""
    world.runtime.start([world.request("other")])
    world.add_foreign("hand", "")
    found = world.runtime.unmarked("hand")
    world.runtime.adopt(found, world.request("app", "r1"))

    world.runtime.release(found, "r2")
    assert {"run-other", "r1"} == runs(world)
    world.runtime.release(found, "r1")
    world.runtime.release(found, "r1")

    assert {"run-other"} == runs(world)
    assert world.runtime.unmarked("app").pid == found.pid
    world.runtime.adopt(world.runtime.unmarked("app"), world.request("app", "r3"))
    assert {"run-other", "r3"} == runs(world)


def test_a_mark_that_was_lost_is_put_on_again(world: World) -> None:
    """The session is the same run's as before."""
    world.runtime.start([world.request("other")])
    world.add_foreign("hand", "")
    found = world.runtime.unmarked("hand")

    world.runtime.adopt(found, world.request("app", "r1"), watched=True)

    assert {"run-other", "r1"} == runs(world)


def test_a_server_that_does_not_answer_adopts_nothing(world: World) -> None:
    """What cannot be asked is no answer."""
    world.runtime.start([world.request("other")])
    world.add_foreign("hand", "")
    found = world.runtime.unmarked("hand")
    world.stall()

    with pytest.raises(RuntimeFault) as asked:
        world.runtime.unmarked("hand")
    with pytest.raises(RuntimeFault) as adopted:
        world.runtime.adopt(found, world.request("app", "r1"))
    world.resume()

    assert "TmuxTimeout" == asked.value.reason == adopted.value.reason


def test_a_session_is_watched_again(world: World) -> None:
    """Nothing of the session changes; one that is gone is passed over."""
    world.runtime.start([world.request("other")])
    world.add_foreign("app", "")
    request = world.request("app", "r1")
    world.runtime.adopt(world.runtime.unmarked("app"), request)
    (session,) = (session for session in seen(world) if session.run == "r1")

    world.runtime.watch(session, request.folder)

    assert session in seen(world)
    world.runtime.remove([session])
    world.runtime.watch(session, request.folder)
    assert {"run-other"} == runs(world)
