"""What a person reads of the events that the real agents print.

`streams/AGENT-VERSION-NAME.jsonl` are events of real runs, trimmed; the `.txt` beside each is what
is shown of them, where `«green»` and kin stand for the colours.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.shim.spec import STREAMS
from controller.shim.streams import renderer

FOLDER = Path(__file__).parent / "streams"
SAMPLES = sorted(FOLDER.glob("*.jsonl"))
COLOURS = {"": "", "1": "«bold»", "2": "«dim»", "31": "«red»", "32": "«green»", "33": "«yellow»"}
WILD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""What a terminal obeys, and what shows text in another order or on another line than it has."""

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


def form_of(sample: Path) -> str:
    """The form of a sample's events."""
    return sample.name.partition("-")[0].replace("qwen", "claude")


def events_of(sample: Path) -> list[dict[str, Any]]:
    """The events of a sample."""
    return [json.loads(line) for line in sample.read_text().splitlines()]


EVENTS = [(form_of(sample), event) for sample in SAMPLES for event in events_of(sample)]


def named(text: str) -> str:
    """A text whose colours can be read."""
    return re.sub("\x1b\\[([0-9]*)m", lambda match: COLOURS[match[1]], text)


def shown(form: str, *events: dict[str, Any]) -> str:
    """What is shown of events that come half a second after one another."""
    show = renderer(form, "/home/ann/project")
    return "".join(show(event, 1e9 + at / 2) for at, event in enumerate(events))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_real_events(sample: Path) -> None:
    """Steps, changes, results in short, troubles, and the end with what it took."""
    assert (
        named(shown(form_of(sample), *events_of(sample))) == sample.with_suffix(".txt").read_text()
    )


def assert_tame(text: str) -> None:
    """Nothing but text, line ends and known colours, each of them set back on its line."""
    for line in text.split("\n"):
        colours = re.findall("\x1b\\[([0-9]*)m", line)
        assert set(colours) <= set(COLOURS)
        assert not colours or colours[-1] == ""
    assert not WILD.search(re.sub("\x1b\\[[0-9]*m", "", text))


@given(st.sampled_from(STREAMS), st.dictionaries(st.text(), json_values) | json_values)
def test_any_event(form: str, event: Any) -> None:
    """Whatever it is, nothing is raised, and nothing gets through that a terminal would obey."""
    assert_tame(shown(form, event if isinstance(event, dict) else {"type": event}))


@given(st.data())
def test_real_events_with_anything_in_them(data: st.DataObject) -> None:
    """Any value may stand in any place of a real event; the events after it are shown as well."""
    form, event = data.draw(st.sampled_from(EVENTS))
    changed = json.loads(json.dumps(event))
    place: Any = changed
    while True:
        key = data.draw(
            st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place)))
        )
        deeper = isinstance(place[key], dict | list) and place[key]
        if not deeper or data.draw(st.integers(0, 2)) == 0:
            break
        place = place[key]
    hostile = st.sampled_from(
        ["\x1b]52;c;eA==\x07", "\x1b[2J", "\r\n\x9b6n", "\u202e", "x" * 99_999]
    )
    place[key] = data.draw(json_values | hostile)
    assert_tame(shown(form, changed, event, changed))


def test_long_texts_are_cut() -> None:
    """A person reads the beginning, and how much follows; not a screenful of one line."""
    said = {"type": "item.completed", "item": {"type": "agent_message", "text": "x" * 100_000}}
    assert "… 83616 more characters" in shown("codex", said)
    run = {"type": "command_execution", "id": "1", "command": "a" * 9999}
    output = {**run, "aggregated_output": "long\n" * 9 + "b" * 9999, "exit_code": 0}
    text = shown(
        "codex", {"type": "item.started", "item": run}, {"type": "item.completed", "item": output}
    )
    assert "a" * 200 + "…\n" in text
    assert text.count("long") == 4
    assert "… 6 more lines" in text
    assert "b" not in text.replace("\x1b[1mRun", "")


def test_results_side_by_side_bear_their_titles() -> None:
    """A result that does not stand below its call says whose it is."""
    calls = [
        {"type": "tool_use", "tool_id": word, "tool_name": "shell", "parameters": {"command": word}}
        for word in ("one", "two")
    ]
    results = [
        {"type": "tool_result", "tool_id": word, "status": "success", "output": f"{word}!"}
        for word in ("two", "one")
    ]
    lines = named(shown("gemini", *calls, *results)).splitlines()
    assert lines[2:] == ["    «dim»two!", "«dim»└ «bold»shell one", "    «dim»one!"]


def test_what_is_said_in_parts_is_one_text() -> None:
    """Parts stay on their line; what comes next begins a new one."""
    parts = [
        {"type": "message", "role": "assistant", "content": text, "delta": True}
        for text in ("Hel", "lo.\nBye", ".")
    ]
    text = shown("gemini", *parts, {"type": "result", "status": "success"})
    assert named(text) == "\nHello.\nBye.\n\n«green»✓ done\n"


def test_a_list_of_what_is_to_do() -> None:
    """Each entry with its state."""
    todos = [{"content": "a", "status": "completed"}, {"content": "b", "status": "in_progress"},
             {"content": "c", "status": "pending"}]  # fmt: skip
    block = {"type": "tool_use", "id": "1", "name": "TodoWrite", "input": {"todos": todos}}
    text = shown("claude", {"type": "assistant", "message": {"content": [block]}})
    assert [line.strip() for line in named(text).splitlines()] == [
        "● «bold»TodoWrite", "«dim»☑ a", "«dim»▸ b", "«dim»☐ c",
    ]  # fmt: skip


def test_a_question_is_shown() -> None:
    """The tool for questions has them in a list."""
    asked = {"questions": [{"question": "Which one?", "options": []}]}
    block = {"type": "tool_use", "id": "1", "name": "AskUserQuestion", "input": asked}
    text = shown("claude", {"type": "assistant", "message": {"content": [block]}})
    assert named(text) == "● «bold»AskUserQuestion Which one?\n"


def test_limits_say_until_when() -> None:
    """A limit that is near or reached is told with its time; one that is far is not."""
    info = {"status": "rejected", "rateLimitType": "five_hour", "resetsAt": 1_795_464_000}
    text = shown("claude", {"type": "rate_limit_event", "rate_limit_info": info})
    assert re.search("↻ five hour limit: rejected, resets at [0-2][0-9]:[0-5][0-9]", text)
    info["status"] = "allowed"
    assert shown("claude", {"type": "rate_limit_event", "rate_limit_info": info}) == ""
