"""Which models are said to exist. Any other name is answered as well."""

from datetime import UTC, datetime
from typing import Any

NAMES = {
    "anthropic": ("claude-opus-4-1", "claude-sonnet-4-5", "claude-haiku-4-5"),
    "openai": ("gpt-5", "gpt-5-codex", "gpt-4.1"),
    "gemini": ("gemini-2.5-pro", "gemini-2.5-flash"),
}
_BEGAN = datetime(2025, 9, 1, tzinfo=UTC)


def anthropic() -> dict[str, Any]:
    """GET /v1/models in Anthropic's form."""
    data = [
        {"type": "model", "id": name, "display_name": name, "created_at": _BEGAN.isoformat()}
        for name in NAMES["anthropic"]
    ]
    return {"data": data, "has_more": False, "first_id": data[0]["id"], "last_id": data[-1]["id"]}


def openai() -> dict[str, Any]:
    """GET /v1/models in OpenAI's form."""
    created = int(_BEGAN.timestamp())
    return {
        "object": "list",
        "data": [
            {"id": name, "object": "model", "created": created, "owned_by": "mock"}
            for name in NAMES["openai"]
        ],
    }


def gemini() -> dict[str, Any]:
    """GET /v1beta/models."""
    methods = ["generateContent", "streamGenerateContent", "countTokens"]
    return {
        "models": [
            {"name": f"models/{name}", "displayName": name, "supportedGenerationMethods": methods}
            for name in NAMES["gemini"]
        ]
    }
