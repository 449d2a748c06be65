"""OpenAI: POST /v1/responses."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mock_claude.answers import Answer, Failure
from mock_claude.apis.base import Json, Refusal, event, identity, pieces
from mock_claude.apis.openai import refuse
from mock_claude.conversation import Message, Request, spoken, tokens_of
from mock_claude.tools import TEXT

_EMPTY: Mapping[str, Json] = {
    "function_call": {"arguments": ""},
    "custom_tool_call": {"input": ""},
    "message": {"content": []},
}
_CALLS = {"function_call", "local_shell_call", "custom_tool_call"}
_RESULTS = {"function_call_output", "local_shell_call_output", "custom_tool_call_output"}


class Responses:
    """Responses."""

    name = "responses"

    def read(self, body: Json, key: str) -> Request:
        """See `Api.read`."""
        items = body["input"]
        if isinstance(items, str):
            items = [{"type": "message", "role": "user", "content": items}]
        return Request(
            api=self.name,
            model=str(body["model"]),
            key=key,
            messages=tuple(message for item in items if (message := _message(item))),
            tools=tuple(_tools([body, *items])),
            stream=bool(body.get("stream")),
            input_tokens=tokens_of(json.dumps([items, body.get("instructions")])),
            schema=((body.get("text") or {}).get("format") or {}).get("schema"),
        )

    def whole(self, answer: Answer, request: Request) -> Json:
        """See `Api.whole`."""
        return {**_opening(request), **_ending(answer, request, [_item(answer)])}

    def stream(self, answer: Answer, request: Request) -> Iterator[bytes]:
        """See `Api.stream`."""
        opening, item, number = _opening(request), _item(answer), 0

        def named(kind: str, **fields: Any) -> bytes:
            nonlocal number
            data = {"type": kind, "sequence_number": number, **fields}
            number += 1
            return event(data, kind)

        yield named("response.created", response=opening)
        yield named("response.in_progress", response=opening)
        place = {"output_index": 0, "item_id": item["id"]}
        started = {**item, "status": "in_progress", **_EMPTY[item["type"]]}
        yield named("response.output_item.added", output_index=0, item=started)
        if answer.call and answer.call.text:
            for piece in pieces(item["input"]):
                yield named("response.custom_tool_call_input.delta", **place, delta=piece)
            yield named("response.custom_tool_call_input.done", **place, input=item["input"])
        elif answer.call:
            for piece in pieces(item["arguments"]):
                yield named("response.function_call_arguments.delta", **place, delta=piece)
            end = {"name": item["name"], "arguments": item["arguments"]}
            yield named("response.function_call_arguments.done", **place, **end)
        else:
            place["content_index"] = 0
            part = item["content"][0]
            yield named("response.content_part.added", **place, part={**part, "text": ""})
            for piece in pieces(answer.text):
                yield named("response.output_text.delta", **place, delta=piece, logprobs=[])
            yield named("response.output_text.done", **place, text=answer.text, logprobs=[])
            yield named("response.content_part.done", **place, part=part)
        yield named("response.output_item.done", output_index=0, item=item)
        done = {**opening, **_ending(answer, request, [item])}
        yield named("response.completed", response=done)

    def refuse(self, failure: Failure) -> Refusal:
        """See `Api.refuse`."""
        return refuse(failure)


def _tools(holders: Iterable[Json]) -> Iterator[str]:
    """Names of tools: of the request, of items in its input that bring more, of namespaces."""
    for holder in holders:
        for tool in holder.get("tools") or ():
            if tool.get("type") == "namespace":
                yield from _tools([tool])
            else:
                text = TEXT if tool.get("type") == "custom" else ""
                yield text + str(tool.get("name") or tool["type"])


def _message(item: Json) -> Message | None:
    kind = item.get("type", "message")
    if kind in _CALLS:
        return Message("assistant", calls=1)
    if kind in _RESULTS:
        return Message("user", results=1)
    if kind != "message" or item["role"] not in {"user", "assistant"}:
        return None
    content = item["content"]
    if isinstance(content, str):
        content = [{"type": "input_text", "text": content}]
    texts = [str(part["text"]) for part in content if "text" in part]
    user = item["role"] == "user"
    return Message(item["role"], spoken(texts) if user else "".join(texts))


def _opening(request: Request) -> dict[str, Any]:
    return {
        "id": identity("resp_"),
        "object": "response",
        "created_at": int(time.time()),
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": request.model,
        "output": [],
        "parallel_tool_calls": False,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": None,
    }


def _item(answer: Answer) -> dict[str, Any]:
    if answer.call and answer.call.text:
        return {
            "id": identity("ctc_"),
            "type": "custom_tool_call",
            "status": "completed",
            "call_id": identity("call_"),
            "name": answer.call.name,
            "input": answer.call.text,
        }
    if answer.call:
        return {
            "id": identity("fc_"),
            "type": "function_call",
            "status": "completed",
            "call_id": identity("call_"),
            "name": answer.call.name,
            "arguments": json.dumps(answer.call.arguments, ensure_ascii=False),
        }
    return {
        "id": identity("msg_"),
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": answer.text, "annotations": []}],
    }


def _ending(answer: Answer, request: Request, output: list[dict[str, Any]]) -> dict[str, Any]:
    tokens = answer.tokens
    usage = {
        "input_tokens": request.input_tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": request.input_tokens + tokens,
    }
    return {"status": "completed", "output": output, "usage": usage}
