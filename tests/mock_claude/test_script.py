"""Scripts: what is read from a prompt, and where a conversation stands in it."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_claude.answers import ToolCall
from mock_claude.conversation import Message
from mock_claude.script import ScriptError, find, parse
from mock_claude.tools import answer_to


def test_a_script_is_found_in_the_newest_prompt_that_brings_one() -> None:
    """Brackets and semicolons in quotes belong to the words."""
    history = (
        Message("user", '[mock: say "old"]'),
        Message("assistant", "old"),
        Message("user", 'Now [mock: run "a; b [c]"; say "d"] and go.'),
        Message("assistant", calls=1),
        Message("user", results=1),
        Message("user", "go on"),
    )
    place = find(history)
    assert place is not None
    assert [(step.verb, step.words) for step in place.steps] == [
        ("run", ("a; b [c]",)),
        ("say", ("d",)),
    ]
    assert place.done == 1


def test_options_are_numbers_at_the_end() -> None:
    """A word that looks like one stays a word where it is needed."""
    [step] = parse("fail rate_limit times=2 retry-after=1.5")
    assert step.options == {"times": 2, "retry-after": 1.5}
    [step] = parse("say times=2")
    assert (step.words, dict(step.options)) == (("times=2",), {})


def test_any_tool_can_be_called_by_its_name() -> None:
    """Its arguments are a JSON object, whatever tools the agent offers."""
    [step] = parse("""call Edit '{"path": "a", "line": 2}' """)
    answer = answer_to(step, ("Bash",))
    assert answer.call == ToolCall("Edit", {"path": "a", "line": 2})
    for words in ("call Edit", "call Edit [1]", "call Edit {"):
        with pytest.raises(ScriptError, match="call takes"):
            parse(words)


@given(st.text())
def test_any_text_is_a_script_or_refused(text: str) -> None:
    """Nothing else is raised."""
    with suppress(ScriptError):
        assert parse(text)
    with suppress(ScriptError):
        find((Message("user", f"[mock:{text}"),))
