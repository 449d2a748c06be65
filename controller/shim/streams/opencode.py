"""opencode's events (`opencode run --format json`)."""

from controller.shim.stdlib import TYPE_CHECKING
from controller.shim.streams.changes import changes_in
from controller.shim.streams.ink import failure, faint, opening, said, some
from controller.shim.streams.summary import count, dollars, end, number, seconds, tokens
from controller.shim.streams.tools import Tools

if TYPE_CHECKING:
    from typing import Any


class OpenCode:
    """Shows the events of one run.

    Args:
        folder: The agent's folder.
    """

    def __init__(self, folder: str) -> None:
        self._tools = Tools(folder)
        self._began = 0.0
        self._steps = 0
        self._fresh = self._cached = self._output = self._cost = 0.0

    def show(self, event: "dict[str, Any]", at: float) -> str:
        """Make text of an event."""
        kind = event.get("type")
        head = "" if self._began else opening("opencode", event.get("sessionID"))
        self._began = self._began or at
        match kind:
            case "step_start":
                text = ""
            case "text":
                text = said(event["part"].get("text"))
            case "reasoning":
                text = some(event["part"].get("text"), 6)
            case "tool_use":
                text = self._tool(event["part"])
            case "step_finish":
                text = self._finish(event["part"], at)
            case "error":
                text = _failure(event.get("error"))
            case _:
                text = faint(kind)
        return head + text

    def _tool(self, part: "dict[str, Any]") -> str:
        """Show a call; it is told once it is over."""
        state = part["state"]
        number_, told = part.get("callID"), state.get("metadata") or {}
        failed = state.get("status") == "error" or told.get("exit") not in (0, None)
        text = state.get("error") if state.get("status") == "error" else state.get("output")
        call = self._tools.call(number_, part.get("tool"), state.get("input"))
        return call + self._tools.result(number_, text, failed, changes_in(told.get("diff")))

    def _finish(self, part: "dict[str, Any]", at: float) -> str:
        used = part.get("tokens") or {}
        self._steps += 1
        self._fresh += number(used.get("input"))
        self._cached += number((used.get("cache") or {}).get("read"))
        self._output += number(used.get("output")) + number(used.get("reasoning"))
        self._cost += number(part.get("cost"))
        if part.get("reason") == "tool-calls":
            return ""
        well = part.get("reason") == "stop"
        return end(
            well,
            "done" if well else f"ended: {part.get('reason')}",
            count(self._steps, "step"),
            tokens(self._fresh, self._output, self._cached),
            dollars(self._cost),
            seconds(at - self._began),
        )


def _failure(error: object) -> str:
    if not isinstance(error, dict):
        return failure(str(error))
    data = error.get("data")
    told = data.get("message") if isinstance(data, dict) else None
    return failure(told or str(error.get("name")))
