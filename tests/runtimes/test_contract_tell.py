"""What every runtime promises of typing to what runs in a session."""

import pytest

from controller.runtimes.base import RuntimeFault
from tests.runtimes.worlds import World, seen


def test_a_text_arrives_and_is_sent(world: World) -> None:
    """What reads in the session gets the whole text, and the key that sends it."""
    world.runtime.start([world.reader("app")])
    [session] = seen(world)
    world.runtime.tell(session, "Take the second one; 'it' is \"better\" $(id) -x")
    assert world.read("run-app") == ["Take the second one; 'it' is \"better\" $(id) -x"]
    world.runtime.tell(session, "first\r\nsecond")
    assert world.read("run-app")[1:] == ["first", "second"]


def test_keys_are_pressed_before_the_text(world: World) -> None:
    """Each by itself; alone they need no text."""
    world.runtime.start([world.reader("app")])
    [session] = seen(world)
    world.runtime.tell(session, "b", keys=("a", "Enter"))
    assert world.read("run-app") == ["a", "b"]
    world.runtime.tell(session, "", keys=("c", "Enter"))
    assert world.read("run-app")[2:] == ["c"]
    with pytest.raises(ValueError, match="not a key"):
        world.runtime.tell(session, "x", keys=("kill-server ;",))


def test_escapes_are_not_typed(world: World) -> None:
    """Nothing in a text ends the paste, or means anything to a terminal."""
    world.runtime.start([world.reader("app")])
    [session] = seen(world)
    world.runtime.tell(session, "a\x1b[201~b\x03\x04c\x1b]0;t\x07d\x9b2Je\x00")
    assert world.read("run-app") == ["abc0;td2Je"]


@pytest.mark.parametrize(("text", "reason"), [("", "NothingToType"), (" \n\x1b[A", "NothingToType"),
                                              ("x" * 100_001, "TextTooLong")])  # fmt: skip
def test_what_cannot_be_typed_is_refused(world: World, text: str, reason: str) -> None:
    """An empty text, and one that is too long; nothing is typed."""
    world.runtime.start([world.reader("app")])
    [session] = seen(world)
    with pytest.raises(RuntimeFault) as caught:
        world.runtime.tell(session, text)
    assert caught.value.reason == reason
    world.runtime.tell(session, "well")
    assert world.read("run-app") == ["well"]


def test_who_is_gone_is_told_nothing(world: World) -> None:
    """An ended session, a removed one, one that lost its mark, and one of a lost server."""
    world.runtime.start([world.reader("a"), world.reader("b"), world.reader("c")])
    first, second, third = seen(world)
    world.end("run-a")
    world.runtime.remove([second])
    world.lose_mark("c")
    for session in (first, second, third):
        with pytest.raises(RuntimeFault) as caught:
            world.runtime.tell(session, "hello")
        assert caught.value.reason == "SessionGone"
    world.lose_server()
    with pytest.raises(RuntimeFault):
        world.runtime.tell(third, "hello")
