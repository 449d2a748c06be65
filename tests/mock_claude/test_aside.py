"""What programs ask besides their work: judgements in JSON, titles."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_claude.apis.gemini import Gemini
from mock_claude.instances import instance
from mock_claude.script import find
from tests.mock_claude.conftest import KEY, Mock

ROUTER = {
    "type": "OBJECT",
    "properties": {
        "model": {"type": "STRING", "enum": ["flash", "pro"]},
        "score": {"type": "INTEGER", "minimum": 1},
        "why": {"type": "STRING"},
        "notes": {"type": "ARRAY", "items": {"type": "STRING"}},
    },
    "required": ["model", "score", "notes"],
}


def test_the_plainest_value() -> None:
    """Only what is required, within its bounds; JSON Schema's small letters mean the same."""
    assert instance(ROUTER) == {"model": "flash", "score": 1, "notes": []}
    assert instance({"type": "object", "properties": {"a": {"type": ["boolean", "null"]}}}) == {
        "a": False
    }
    assert instance({"anyOf": [{"const": 3}, {"type": "string"}]}) == 3
    assert instance({"type": "array", "minItems": 2, "items": {"type": "number"}}) == [0, 0]


@given(
    st.recursive(
        st.none() | st.booleans() | st.text() | st.sampled_from(["object", "array", "string"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["type", "properties", "items", "enum", "anyOf", "required"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=15,
    )
)
def test_any_schema(schema: object) -> None:
    """Whatever is asked for, it is answered."""
    json.dumps(instance(schema))


def test_words_that_no_model_said() -> None:
    """Gemini CLI, resumed, fills the place of an answer that never came: it counts as none."""
    closed = "[The previous response was interrupted before it completed.]"
    told = [("user", "[mock: say a; say b]"), ("model", closed), ("user", "continue")]
    contents = [{"role": role, "parts": [{"text": text}]} for role, text in told]
    place = find(Gemini().read({"contents": contents, "model": "g", "stream": False}, KEY).messages)
    assert place is not None
    assert place.done == 0


def generate(mock: Mock, prompt: str, **more: Any) -> str:
    """Gemini's answer; `HTTP` and the status where it says no."""
    body = {"contents": [{"role": "user", "parts": [{"text": prompt}]}], **more}
    request = urllib.request.Request(
        f"{mock.url}/v1beta/models/g:generateContent",
        data=json.dumps(body).encode(),
        headers={"x-goog-api-key": KEY},
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return str(json.load(answer)["candidates"][0]["content"]["parts"][0]["text"])
    except urllib.error.HTTPError as error:
        return f"HTTP {error.code}"


@pytest.mark.slow
def test_a_question_aside_counts_nothing(mock: Mock) -> None:
    """A judgement is given, and a title is refused on its own account: the work's first turn
    fails once all the same.
    """  # noqa: D205 - one thought of two lines
    prompt = "[mock: fail overloaded times=1; say better]"
    config = {"generationConfig": {"responseJsonSchema": ROUTER}}
    tools = {"tools": [{"functionDeclarations": [{"name": "write_file"}]}]}
    assert json.loads(generate(mock, prompt, **config))["model"] == "flash"
    assert generate(mock, prompt) == "HTTP 503"
    assert generate(mock, prompt, **tools) == "HTTP 503"
    assert generate(mock, prompt, **tools) == "better"
