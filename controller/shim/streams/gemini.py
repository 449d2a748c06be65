"""Gemini CLI's events (`-o stream-json`)."""

from controller.shim.stdlib import TYPE_CHECKING
from controller.shim.streams.ink import clean, failure, faint, opening, said, warning
from controller.shim.streams.summary import count, end, number, seconds, tokens
from controller.shim.streams.tools import Tools

if TYPE_CHECKING:
    from typing import Any


class Gemini:
    """Shows the events of one run.

    Args:
        folder: The agent's folder.
    """

    def __init__(self, folder: str) -> None:
        self._tools = Tools(folder)
        self._talks = False

    def show(self, event: "dict[str, Any]", _at: float) -> str:
        """Make text of an event."""
        if event.get("type") == "message":
            return self._message(event)
        before = "\n\n" if self._talks else ""
        self._talks = False
        return before + self._event(event)

    def _message(self, event: "dict[str, Any]") -> str:
        """Show what it says; parts of it come as it thinks of them. The prompt is known."""
        if event.get("role") != "assistant":
            return ""
        if not event.get("delta"):
            return said(event.get("content"))
        before = "" if self._talks else "\n"
        self._talks = True
        return before + clean(event.get("content"))

    def _event(self, event: "dict[str, Any]") -> str:
        kind = event.get("type")
        match kind:
            case "init":
                return opening(event.get("model"), event.get("session_id"))
            case "tool_use":
                name, given = event.get("tool_name"), event.get("parameters")
                return self._tools.call(event.get("tool_id"), name, given)
            case "tool_result":
                failed = event.get("status") != "success"
                text = event.get("output")
                if failed and isinstance(event.get("error"), dict):
                    text = event["error"].get("message")
                return self._tools.result(event.get("tool_id"), text, failed)
            case "error":
                show = warning if event.get("severity") == "warning" else failure
                return show(event.get("message"))
            case "result":
                return _end(event)
        return faint(kind)


def _end(event: "dict[str, Any]") -> str:
    well = event.get("status") == "success"
    stats = event.get("stats") or {}
    error = event.get("error")
    words = failure(error.get("message")) if isinstance(error, dict) else ""
    cached = number(stats.get("cached"))
    return words + end(
        well,
        "done" if well else "failed",
        count(stats.get("tool_calls"), "step"),
        tokens(number(stats.get("input_tokens")) - cached, stats.get("output_tokens"), cached),
        seconds(number(stats.get("duration_ms")) / 1000),
    )
