"""OpenAI: POST /v1/chat/completions."""

import json
import time
from collections.abc import Iterator
from typing import Any

from mock_claude.answers import Answer, Failure
from mock_claude.apis.base import Json, Refusal, event, identity, pieces
from mock_claude.apis.openai import refuse
from mock_claude.conversation import Message, Request, spoken, tokens_of

_AGREED = "Ok."
"""What aider lets its model say to files that it shows it; no answer of ours to anybody."""


class Chat:
    """Chat Completions."""

    name = "chat"

    def read(self, body: Json, key: str) -> Request:
        """See `Api.read`."""
        tools = [tool for tool in body.get("tools") or () if tool.get("type") == "function"]
        options = body.get("stream_options") or {}
        return Request(
            api=self.name,
            model=str(body["model"]),
            key=key,
            messages=tuple(
                _message(item)
                for item in body["messages"]
                if item["role"] in {"user", "assistant", "tool"}
            ),
            tools=tuple(str(tool["function"]["name"]) for tool in tools),
            stream=bool(body.get("stream")),
            input_tokens=tokens_of(json.dumps(body["messages"])),
            stream_usage=bool(options.get("include_usage")),
            schema=((body.get("response_format") or {}).get("json_schema") or {}).get("schema"),
        )

    def whole(self, answer: Answer, request: Request) -> Json:
        """See `Api.whole`."""
        message: dict[str, Any] = {"role": "assistant", "content": answer.text or None}
        message["refusal"] = None
        if answer.call:
            message["tool_calls"] = [_call(answer)]
        choice = {
            "index": 0,
            "message": message,
            "logprobs": None,
            "finish_reason": _reason(answer),
        }
        return {
            **_opening(request, "chat.completion"),
            "choices": [choice],
            "usage": _usage(answer, request),
        }

    def stream(self, answer: Answer, request: Request) -> Iterator[bytes]:
        """See `Api.stream`."""
        opening = _opening(request, "chat.completion.chunk")

        def chunk(delta: Json, reason: str | None = None) -> bytes:
            choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
            return event({**opening, "choices": [choice]})

        yield chunk({"role": "assistant", "content": "" if answer.text else None})
        for piece in pieces(answer.text):
            yield chunk({"content": piece})
        if answer.call:
            call = _call(answer)
            arguments = call["function"].pop("arguments")
            call["function"]["arguments"] = ""
            yield chunk({"tool_calls": [{"index": 0, **call}]})
            for piece in pieces(arguments):
                yield chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
        yield chunk({}, _reason(answer))
        if request.stream_usage:
            yield event({**opening, "choices": [], "usage": _usage(answer, request)})
        yield b"data: [DONE]\n\n"

    def refuse(self, failure: Failure) -> Refusal:
        """See `Api.refuse`."""
        return refuse(failure)


def _message(item: Json) -> Message:
    content = item.get("content") or ""
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    texts = [str(part["text"]) for part in parts if part.get("type") == "text"]
    match item["role"]:
        case "tool":
            return Message("user", results=1)
        case "user":
            return Message("user", spoken(texts))
        case _:
            said = "".join(text for text in texts if text != _AGREED)
            return Message("assistant", said, calls=len(item.get("tool_calls") or ()))


def _opening(request: Request, kind: str) -> dict[str, Any]:
    return {
        "id": identity("chatcmpl-"),
        "object": kind,
        "created": int(time.time()),
        "model": request.model,
        "system_fingerprint": "fp_mock",
    }


def _call(answer: Answer) -> dict[str, Any]:
    assert answer.call is not None
    arguments = json.dumps(answer.call.arguments, ensure_ascii=False)
    function = {"name": answer.call.name, "arguments": arguments}
    return {"id": identity("call_"), "type": "function", "function": function}


def _reason(answer: Answer) -> str:
    return "tool_calls" if answer.call else "stop"


def _usage(answer: Answer, request: Request) -> dict[str, Any]:
    output = answer.tokens
    return {
        "prompt_tokens": request.input_tokens,
        "completion_tokens": output,
        "total_tokens": request.input_tokens + output,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }
