"""Anthropic: POST /v1/messages."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from mock_claude.answers import Answer, Failure
from mock_claude.apis.base import Json, Refusal, event, identity, pieces, seconds
from mock_claude.conversation import Message, Request, spoken, tokens_of

_REFUSALS = {
    "unauthorized": (401, "authentication_error", "invalid x-api-key"),
    "forbidden": (403, "permission_error", "Your API key does not have permission to do this."),
    "rate_limit": (429, "rate_limit_error", "This request would exceed your rate limit."),
    "usage_limit": (429, "rate_limit_error", "You have reached your usage limit."),
    "billing": (
        400,
        "invalid_request_error",
        "Your credit balance is too low to access the Anthropic API. "
        "Please go to Plans & Billing to upgrade or purchase credits.",
    ),
    "overloaded": (529, "overloaded_error", "Overloaded"),
    "server_error": (500, "api_error", "Internal server error"),
    "invalid": (400, "invalid_request_error", "Invalid request"),
}
_EMPTY: Mapping[str, Json] = {"text": {"text": ""}, "tool_use": {"input": {}}}


class Anthropic:
    """Messages."""

    name = "anthropic"

    def read(self, body: Json, key: str) -> Request:
        """See `Api.read`."""
        return Request(
            api=self.name,
            model=str(body["model"]),
            key=key,
            messages=tuple(
                _message(item) for item in body["messages"] if item["role"] in {"user", "assistant"}
            ),
            tools=tuple(str(tool.get("name", "")) for tool in body.get("tools") or ()),
            stream=bool(body.get("stream")),
            input_tokens=tokens_of(json.dumps([body["messages"], body.get("system")])),
            schema=((body.get("output_config") or {}).get("format") or {}).get("schema"),
        )

    def whole(self, answer: Answer, request: Request) -> Json:
        """See `Api.whole`."""
        return {
            **_opening(request),
            "content": _content(answer),
            "stop_reason": "tool_use" if answer.call else "end_turn",
            "usage": _usage(request, answer.tokens),
        }

    def stream(self, answer: Answer, request: Request) -> Iterator[bytes]:
        """See `Api.stream`."""
        yield _named({"type": "message_start", "message": _opening(request)})
        yield _named({"type": "ping"})
        for index, block in enumerate(_content(answer)):
            empty = {**block, **_EMPTY[block["type"]]}
            yield _named({"type": "content_block_start", "index": index, "content_block": empty})
            for delta in _deltas(block):
                yield _named({"type": "content_block_delta", "index": index, "delta": delta})
            yield _named({"type": "content_block_stop", "index": index})
        reason = "tool_use" if answer.call else "end_turn"
        yield _named(
            {
                "type": "message_delta",
                "delta": {"stop_reason": reason, "stop_sequence": None},
                "usage": {"output_tokens": answer.tokens},
            }
        )
        yield _named({"type": "message_stop"})

    def refuse(self, failure: Failure) -> Refusal:
        """See `Api.refuse`."""
        status, kind, message = _REFUSALS[failure.kind]
        headers = {"request-id": identity("req_"), **seconds(failure.retry_after)}
        if failure.kind == "usage_limit":
            headers |= _limit_headers(failure.reset_at)
        body = {
            "type": "error",
            "error": {"type": kind, "message": failure.message or message},
            "request_id": headers["request-id"],
        }
        return Refusal(status, body, headers)


def _message(item: Json) -> Message:
    blocks = item["content"]
    if isinstance(blocks, str):
        blocks = [{"type": "text", "text": blocks}]
    kinds = [block["type"] for block in blocks]
    texts = [str(block["text"]) for block in blocks if block["type"] == "text"]
    return Message(
        role=item["role"],
        text=spoken(texts) if item["role"] == "user" else "".join(texts),
        calls=kinds.count("tool_use"),
        results=kinds.count("tool_result"),
    )


def _opening(request: Request) -> dict[str, Any]:
    return {
        "id": identity("msg_"),
        "type": "message",
        "role": "assistant",
        "model": request.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": _usage(request, 1),
    }


def _usage(request: Request, output: int) -> dict[str, Any]:
    return {
        "input_tokens": request.input_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": output,
        "service_tier": "standard",
    }


def _content(answer: Answer) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = []
    if answer.text:
        content.append({"type": "text", "text": answer.text})
    if answer.call:
        call = {"id": identity("toolu_"), "name": answer.call.name, "input": answer.call.arguments}
        content.append({"type": "tool_use", **call})
    return content


def _deltas(block: Json) -> list[dict[str, str]]:
    if block["type"] == "text":
        return [{"type": "text_delta", "text": piece} for piece in pieces(block["text"])]
    text = json.dumps(block["input"], ensure_ascii=False)
    return [{"type": "input_json_delta", "partial_json": piece} for piece in pieces(text)]


def _named(data: Json) -> bytes:
    return event(data, data["type"])


def _limit_headers(reset_at: float | None) -> dict[str, str]:
    """How a subscription tells its five-hour window; programs read the time from here."""
    headers = {
        "anthropic-ratelimit-unified-status": "rejected",
        "anthropic-ratelimit-unified-representative-claim": "five_hour",
        "x-should-retry": "false",
    }
    if reset_at is not None:
        at = datetime.fromtimestamp(reset_at, UTC).isoformat(timespec="seconds")
        headers["anthropic-ratelimit-unified-reset"] = f"{reset_at:.0f}"
        headers["anthropic-ratelimit-tokens-remaining"] = "0"
        headers["anthropic-ratelimit-tokens-reset"] = at.replace("+00:00", "Z")
    return headers
