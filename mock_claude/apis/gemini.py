"""Gemini: POST /v1beta/models/MODEL:generateContent and :streamGenerateContent."""

import json
from collections.abc import Iterator
from typing import Any

from mock_claude.answers import Answer, Failure
from mock_claude.apis.base import Json, Refusal, event, identity, pieces, seconds
from mock_claude.conversation import Message, Request, spoken, tokens_of

_REFUSALS = {
    "unauthorized": (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
    "forbidden": (403, "PERMISSION_DENIED", "The caller does not have permission"),
    "rate_limit": (429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
    "usage_limit": (429, "RESOURCE_EXHAUSTED", "You exceeded your current quota."),
    "billing": (403, "PERMISSION_DENIED", "This API method requires billing to be enabled."),
    "overloaded": (503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
    "server_error": (500, "INTERNAL", "An internal error has occurred."),
    "invalid": (400, "INVALID_ARGUMENT", "Request contains an invalid argument."),
}
_CLOSED = "[The previous response was interrupted before it completed.]"
"""What Gemini CLI, resumed, puts into the model's mouth where an answer is missing."""
_RPC = "type.googleapis.com/google.rpc."


class Gemini:
    """generateContent; model and streaming are in the path, given as `model` and `stream`."""

    name = "gemini"

    def read(self, body: Json, key: str) -> Request:
        """See `Api.read`."""
        contents = body["contents"]
        if isinstance(contents, dict):
            contents = [contents]
        declared = [
            function
            for tool in body.get("tools") or ()
            for function in tool.get("functionDeclarations") or ()
        ]
        return Request(
            api=self.name,
            model=str(body["model"]),
            key=key,
            messages=tuple(_message(item) for item in contents),
            tools=tuple(str(function["name"]) for function in declared),
            stream=bool(body["stream"]),
            input_tokens=tokens_of(json.dumps([contents, body.get("systemInstruction")])),
            schema=_schema(body.get("generationConfig") or {}),
        )

    def whole(self, answer: Answer, request: Request) -> Json:
        """See `Api.whole`."""
        return _chunk(_parts(answer), answer, request, identity(""), last=True)

    def stream(self, answer: Answer, request: Request) -> Iterator[bytes]:
        """See `Api.stream`."""
        name = identity("")
        parts = [{"text": piece} for piece in pieces(answer.text)]
        parts += _parts(Answer(call=answer.call))
        for index, part in enumerate(parts):
            last = index == len(parts) - 1
            yield event(_chunk([part], answer, request, name, last=last))

    def refuse(self, failure: Failure) -> Refusal:
        """See `Api.refuse`."""
        status, word, message = _REFUSALS[failure.kind]
        details: list[dict[str, Any]] = []
        if failure.kind == "unauthorized":
            details = [{"@type": f"{_RPC}ErrorInfo", "reason": "API_KEY_INVALID"}]
        if failure.kind == "usage_limit" and failure.retry_after is None:
            quota = "GenerateRequestsPerDayPerProjectPerModel"
            details = [{"@type": f"{_RPC}QuotaFailure", "violations": [{"quotaId": quota}]}]
        elif failure.kind == "usage_limit":
            message, details = _used_up(failure.retry_after)
        if failure.retry_after is not None:
            delay = f"{failure.retry_after:g}s"
            details.append({"@type": f"{_RPC}RetryInfo", "retryDelay": delay})
        error = {"code": status, "message": failure.message or message, "status": word}
        if details:
            error["details"] = details
        return Refusal(status, {"error": error}, seconds(failure.retry_after))


def _used_up(wait: float | None) -> tuple[str, list[dict[str, Any]]]:
    """How a subscription tells the end of its window, by words and details."""
    after = f"{wait or 0.0:.0f}s"
    info: dict[str, Any] = {"@type": f"{_RPC}ErrorInfo", "reason": "QUOTA_EXHAUSTED"}
    info |= {"domain": "cloudcode-pa.googleapis.com", "metadata": {"quotaResetDelay": after}}
    words = "You have exhausted your capacity on this model. Your quota will reset after"
    return f"{words} {after}.", [info]


def _schema(config: Json) -> Json | None:
    schema: Json | None = config.get("responseJsonSchema") or config.get("responseSchema")
    return schema


def _message(item: Json) -> Message:
    parts = item.get("parts") or ()
    texts = [str(part["text"]) for part in parts if "text" in part and not part.get("thought")]
    if item.get("role", "user") == "model":
        calls = sum("functionCall" in part for part in parts)
        texts = [text for text in texts if text != _CLOSED]
        return Message("assistant", "".join(texts), calls=calls)
    results = sum("functionResponse" in part for part in parts)
    return Message("user", spoken(texts), results=results)


def _parts(answer: Answer) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    if answer.text:
        parts.append({"text": answer.text})
    if answer.call:
        call = {"name": answer.call.name, "args": dict(answer.call.arguments)}
        parts.append({"functionCall": call})
    return parts


def _chunk(
    parts: list[dict[str, Any]], answer: Answer, request: Request, name: str, *, last: bool
) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if last:
        candidate["finishReason"] = "STOP"
    output = answer.tokens
    return {
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": request.input_tokens,
            "candidatesTokenCount": output,
            "totalTokenCount": request.input_tokens + output,
        },
        "modelVersion": request.model,
        "responseId": name,
    }
