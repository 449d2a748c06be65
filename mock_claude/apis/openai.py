"""What OpenAI's two APIs share: how they say no."""

from mock_claude.answers import Failure
from mock_claude.apis.base import Refusal, identity, seconds

_REFUSALS = {
    "unauthorized": (
        401,
        "invalid_request_error",
        "invalid_api_key",
        "Incorrect API key provided.",
    ),
    "forbidden": (403, "invalid_request_error", "forbidden", "You may not use this model."),
    "rate_limit": (429, "requests", "rate_limit_exceeded", "Rate limit reached for requests."),
    "usage_limit": (429, "usage_limit_reached", None, "The usage limit has been reached"),
    "billing": (
        429,
        "insufficient_quota",
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details.",
    ),
    "overloaded": (503, "server_error", "overloaded", "The engine is currently overloaded."),
    "server_error": (500, "server_error", None, "The server had an error."),
    "invalid": (400, "invalid_request_error", None, "Invalid request"),
}


def refuse(failure: Failure) -> Refusal:
    """The answer that says no."""
    status, kind, code, message = _REFUSALS[failure.kind]
    error: dict[str, object] = {
        "message": failure.message or message,
        "type": kind,
        "param": None,
        "code": code,
    }
    if failure.kind == "usage_limit":
        error["plan_type"] = "plus"
        if failure.reset_at is not None and failure.retry_after is not None:
            error |= {
                "resets_at": int(failure.reset_at),
                "resets_in_seconds": int(failure.retry_after),
            }
    headers = {"x-request-id": identity("req_"), **seconds(failure.retry_after)}
    return Refusal(status, {"error": error}, headers)
