"""Claude Code's events (`--output-format stream-json --verbose`), and Qwen Code's."""

from controller.shim.stdlib import TYPE_CHECKING
from controller.shim.streams.changes import changes_in
from controller.shim.streams.ink import brief, failure, faint, nested, opening, retry, said, some
from controller.shim.streams.summary import (
    clock,
    count,
    dollars,
    end,
    number,
    seconds,
    tokens,
)
from controller.shim.streams.tools import Tools

if TYPE_CHECKING:
    from typing import Any

_CHATTER = ("stream_event", "tool_progress", "tool_use_summary", "auth_status", "keep_alive")
_ERRORS = {
    "rate_limit": "rate limited",
    "overloaded": "the service is overloaded",
    "server_error": "the service fails",
    "authentication_failed": "the key is refused",
    "billing_error": "no credit is left",
    "unknown": "no answer",
}
_ENDS = {
    "error_max_turns": "turn limit reached",
    "error_max_budget_usd": "budget spent",
    "error_during_execution": "failed",
}


class Claude:
    """Shows the events of one run.

    Args:
        folder: The agent's folder.
    """

    def __init__(self, folder: str) -> None:
        self._tools = Tools(folder)
        self._failure = ""
        self._opening = ""

    def show(self, event: "dict[str, Any]", _at: float) -> str:
        """Make text of an event."""
        kind = event.get("type")
        match kind:
            case "assistant" | "user":
                text = self._message(event, kind == "assistant")
                return nested(text) if event.get("parent_tool_use_id") else text
            case "system":
                return self._system(event)
            case "rate_limit_event":
                return _limit(event.get("rate_limit_info") or event)
            case "result":
                return self._end(event)
        return "" if kind in _CHATTER else faint(kind)

    def _system(self, event: "dict[str, Any]") -> str:
        """Show what is said of the work; much of it repeats what other events say."""
        match event.get("subtype"):
            case "init":
                version = event.get("claude_code_version") or event.get("qwen_code_version")
                mode = event.get("permissionMode") or event.get("permission_mode")
                head = opening(event.get("model"), mode, version, event.get("session_id"))
                if head == self._opening:  # once more for every answer of a helper
                    return ""
                self._opening = head
                return head
            case "api_retry":
                return _retry(event)
            case "compact_boundary":
                return faint("the conversation was shortened to go on")
        return ""

    def _message(self, event: "dict[str, Any]", own: bool) -> str:
        content = event["message"]["content"]
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        return "".join(self._block(event, block, own) for block in content)

    def _block(self, event: "dict[str, Any]", block: "dict[str, Any]", own: bool) -> str:
        match block.get("type"):
            case "text" if event.get("error") or event.get("is_api_error_message"):
                self._failure = block["text"]
                return failure(block["text"])
            case "text":
                return said(block["text"]) if own else some(block["text"], 3)
            case "thinking":
                return some(block.get("thinking"), 6)
            case "tool_use" | "server_tool_use":
                return self._tools.call(block.get("id"), block.get("name"), block.get("input"))
            case "tool_result":
                return self._result(event, block)
        return ""

    def _result(self, event: "dict[str, Any]", block: "dict[str, Any]") -> str:
        text = block.get("content")
        if isinstance(text, list):
            text = "\n".join(part["text"] for part in text if part.get("type") == "text")
        text = str(text or "")
        text = text.removeprefix("<tool_use_error>").removesuffix("</tool_use_error>")
        told = event.get("tool_use_result")
        told = told if isinstance(told, dict) else {}
        if told.get("isAsync"):  # then the text is instructions to the agent
            text = "it goes on in the background"
        changes = changes_in(told.get("structuredPatch"))
        failed = bool(block.get("is_error"))
        return self._tools.result(block.get("tool_use_id"), text, failed, changes)

    def _end(self, event: "dict[str, Any]") -> str:
        well = not event.get("is_error")
        used = event.get("usage") or {}
        denied = event.get("permission_denials") or ()
        cached = number(used.get("cache_read_input_tokens"))
        fresh = number(used.get("input_tokens")) + number(used.get("cache_creation_input_tokens"))
        if event.get("claude_code_version") is None and "total_tokens" in used:
            fresh -= cached  # Qwen Code counts them twice
        return end(
            well,
            "done" if well else self._why(event),
            f"{len(denied)} denied" if denied else "",
            count(event.get("num_turns"), "turn"),
            tokens(fresh, used.get("output_tokens"), cached),
            dollars(event.get("total_cost_usd")),
            seconds(number(event.get("duration_ms")) / 1000),
        )

    def _why(self, event: "dict[str, Any]") -> str:
        words = _ENDS.get(str(event.get("subtype")), "failed")
        status = number(event.get("api_error_status"))
        if status:
            words = f"{words} ({status:.0f})"
        error = event.get("error")
        told = (error.get("message") if isinstance(error, dict) else error) or event.get("result")
        errors = event.get("errors")
        told = told or (errors[0] if isinstance(errors, list) and errors else "")
        # What was said in red just before need not be said again.
        return words if not told or told == self._failure else f"{words}: {brief(told)}"


def _retry(event: "dict[str, Any]") -> str:
    error, status = brief(event.get("error")), number(event.get("error_status"))
    words = _ERRORS.get(error, error.replace("_", " "))
    code = f" ({status:.0f})" if status else ""
    pause = seconds(number(event.get("retry_delay_ms")) / 1000)
    rounds = f"{number(event.get('attempt')):.0f}/{number(event.get('max_retries')):.0f}"
    return retry(f"{words}{code}, tries again in {pause or '0 s'} ({rounds})")


def _limit(info: "dict[str, Any]") -> str:
    status = info.get("status")
    if status == "allowed":
        return ""
    name = brief(info.get("rateLimitType")).replace("_", " ")
    until = clock(info.get("resetsAt"))
    reset = f", resets at {until}" if until else ""
    return retry(f"{name} limit: {brief(status).replace('_', ' ')}{reset}")
