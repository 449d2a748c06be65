"""Each API's own client understands the answers, whole and bit by bit."""

import json
from typing import Any

import pytest

from tests.mock_claude.conftest import Mock, Sdks

pytestmark = pytest.mark.slow

SAID = "Hello, all of you out there.\n\n  Spaces stay.  "
PROMPT = f'Do it. [mock: write "my file.txt" "a \\"b\\""; say "{SAID}"]'
RUN = {"type": "function", "function": {"name": "bash", "parameters": {"type": "object"}}}


def test_anthropic(sdks: Sdks) -> None:
    """A tool, its result, then the text; whole and streamed alike."""
    tools = [{"name": name, "input_schema": {"type": "object"}} for name in ("Bash", "Write")]
    messages: list[Any] = [{"role": "user", "content": PROMPT}]
    for turn in range(2):
        whole = sdks.claude.messages.create(model="m", max_tokens=9, messages=messages, tools=tools)
        with sdks.claude.messages.stream(
            model="m", max_tokens=9, messages=messages, tools=tools
        ) as stream:
            streamed = stream.get_final_message()
        assert [block.type for block in whole.content] == [["tool_use"], ["text"]][turn]
        assert whole.stop_reason == streamed.stop_reason == ["tool_use", "end_turn"][turn]
        assert whole.usage.output_tokens == streamed.usage.output_tokens > 0
        block, other = whole.content[0], streamed.content[0]
        if block.type == "tool_use":
            assert block.name == "Write"
            assert block.input == {"file_path": "my file.txt", "content": 'a "b"'}
            assert other.type == "tool_use"
            assert other.input == block.input
            result = {"type": "tool_result", "tool_use_id": block.id, "content": "written"}
            messages += [
                {"role": "assistant", "content": whole.content},
                {"role": "user", "content": [result]},
            ]
        else:
            assert block.type == other.type == "text"
            assert block.text == other.text == SAID
    assert sdks.claude.messages.count_tokens(model="m", messages=messages).input_tokens > 20
    assert "claude" in sdks.claude.models.list().data[0].id


def test_chat_completions(sdks: Sdks) -> None:
    """A tool, its result, then the text; the stream ends with the usage where it is wanted."""
    messages = [{"role": "user", "content": '[mock: run "ls -l"; say "all done"]'}]
    whole = sdks.gpt.chat.completions.create(model="m", messages=messages, tools=[RUN])
    call = whole.choices[0].message.tool_calls[0]
    assert (call.function.name, whole.choices[0].finish_reason) == ("bash", "tool_calls")
    assert json.loads(call.function.arguments)["command"] == "ls -l"

    stream = sdks.gpt.chat.completions.create(
        model="m", messages=messages, tools=[RUN], stream=True,
        stream_options={"include_usage": True},
    )  # fmt: skip
    chunks = list(stream)
    calls = [
        c for chunk in chunks for choice in chunk.choices for c in choice.delta.tool_calls or ()
    ]
    assert "".join(c.function.arguments or "" for c in calls) == call.function.arguments
    assert chunks[-1].usage == whole.usage

    answer = whole.choices[0].message.model_dump(exclude_none=True)
    result = {"role": "tool", "tool_call_id": call.id, "content": "total 0"}
    stream = sdks.gpt.chat.completions.create(
        model="m", messages=[*messages, answer, result], tools=[RUN], stream=True
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "all done"


def test_what_aider_lets_its_model_say(sdks: Sdks) -> None:
    """In a history that aider took up again its own words count as no turn of the script's."""
    messages: list[Any] = [
        {"role": "user", "content": 'Begin. [mock: say "one"; say "two"]'},
        {"role": "user", "content": "I am not sharing any files that you can edit yet."},
        {"role": "assistant", "content": "Ok."},
        {"role": "user", "content": "continue"},
    ]
    whole = sdks.gpt.chat.completions.create(model="m", messages=messages)
    assert whole.choices[0].message.content == "one"


def test_responses(sdks: Sdks) -> None:
    """A function call, its output, then the text; events come in the API's order."""
    tool = {"type": "function", "name": "exec_command", "parameters": {"type": "object"}}
    items: list[Any] = [{"type": "message", "role": "user", "content": PROMPT}]
    whole = sdks.gpt.responses.create(model="m", input=items, tools=[tool])
    call = whole.output[0]
    assert call.type == "function_call"
    assert json.loads(call.arguments)["cmd"].startswith("cat > 'my file.txt' <<")

    output = {"type": "function_call_output", "call_id": call.call_id, "output": "ok"}
    items += [call.model_dump(exclude_none=True), output]
    with sdks.gpt.responses.stream(model="m", input=items) as stream:
        events = [event.type for event in stream]
        final = stream.get_final_response()
    assert final.output_text == SAID
    assert final.usage.total_tokens == final.usage.input_tokens + final.usage.output_tokens
    assert events[:3] == ["response.created", "response.in_progress", "response.output_item.added"]
    assert events[-2:] == ["response.output_item.done", "response.completed"]


def test_responses_with_a_tool_that_takes_a_text(sdks: Sdks) -> None:
    """A tool in a namespace that an item brings, as Codex offers it, is called with a program."""
    exec_tool = {"type": "custom", "name": "exec", "description": "Run JavaScript"}
    named = {"type": "namespace", "name": "functions", "tools": [exec_tool]}
    items: list[Any] = [
        {"type": "additional_tools", "role": "developer", "tools": [named]},
        {"type": "message", "role": "user", "content": PROMPT},
    ]
    whole = sdks.gpt.responses.create(model="m", input=items)
    call = whole.output[0]
    assert (call.type, call.name) == ("custom_tool_call", "exec")
    assert "*** Add File: my file.txt" in call.input

    output = {"type": "custom_tool_call_output", "call_id": call.call_id, "output": "ok"}
    items += [call.model_dump(exclude_none=True), output]
    with sdks.gpt.responses.stream(model="m", input=items) as stream:
        assert stream.get_final_response().output_text == SAID

    with sdks.gpt.responses.stream(model="m", input=items[:2]) as stream:
        deltas = [
            event.delta for event in stream if event.type == "response.custom_tool_call_input.delta"
        ]
    assert "".join(deltas) == call.input


def test_gemini(sdks: Sdks) -> None:
    """A function call, its response, then the text, whole and streamed."""
    declared = {"functionDeclarations": [{"name": "write_file", "description": "Write"}]}
    config = {"tools": [declared], "automatic_function_calling": {"disable": True}}
    whole = sdks.gemini.models.generate_content(model="g", contents=PROMPT, config=config)
    call = whole.function_calls[0]
    assert (call.name, call.args["file_path"]) == ("write_file", "my file.txt")

    response = {"function_response": {"name": "write_file", "response": {"output": "ok"}}}
    contents = [
        {"role": "user", "parts": [{"text": PROMPT}]},
        whole.candidates[0].content,
        {"role": "user", "parts": [response]},
    ]
    stream = sdks.gemini.models.generate_content_stream(model="g", contents=contents, config=config)
    parts = list(stream)
    assert "".join(part.text or "" for part in parts) == SAID
    assert parts[-1].candidates[0].finish_reason == "STOP"
    assert sdks.gemini.models.count_tokens(model="g", contents="hello").total_tokens > 0


def test_without_tools_a_step_is_told_in_words(mock: Mock, sdks: Sdks) -> None:
    """Programs that read edits from the text find one there."""
    messages = [{"role": "user", "content": "[mock: write hello.py 'print(1)']"}]
    text = sdks.gpt.chat.completions.create(model="m", messages=messages).choices[0].message.content
    assert text.startswith("hello.py\n```\n<<<<<<< SEARCH\n=======\nprint(1)\n>>>>>>> REPLACE")
    assert mock.requests()[0]["answer"] == "text"
