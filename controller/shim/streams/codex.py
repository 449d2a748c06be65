"""Codex's events (`codex exec --json`)."""

from controller.shim.stdlib import TYPE_CHECKING
from controller.shim.streams.checklist import checklist
from controller.shim.streams.ink import brief, failure, faint, opening, retry, said, some, warning
from controller.shim.streams.summary import count, end, number, seconds, tokens
from controller.shim.streams.tools import Tools

if TYPE_CHECKING:
    from typing import Any

_CHATTER = ("turn.started", "item.updated")
_SHELLS = ("/bin/bash -lc ", "/bin/sh -lc ", "bash -lc ", "/bin/zsh -lc ", "/usr/bin/bash -lc ")
_KINDS = {"add": "Add", "update": "Edit", "delete": "Delete"}
_RETRY = "Reconnecting"


class Codex:
    """Shows the events of one run.

    Args:
        folder: The agent's folder.
    """

    def __init__(self, folder: str) -> None:
        self._tools = Tools(folder)
        self._began = 0.0
        self._steps = 0
        self._failure = ""

    def show(self, event: "dict[str, Any]", at: float) -> str:
        """Make text of an event."""
        self._began = self._began or at
        kind = event.get("type")
        match kind:
            case "thread.started":
                return opening("codex", event.get("thread_id"))
            case "item.started":
                return self._start(event["item"])
            case "item.completed":
                return self._item(event["item"])
            case "item.updated" if event["item"].get("type") == "todo_list":
                return checklist(event["item"]["items"])
            case "error":
                return self._error(event.get("message"))
            case "turn.completed":
                return self._end(True, "done", event.get("usage"), at)
            case "turn.failed":
                text = (event.get("error") or {}).get("message")
                told = "failed" if text == self._failure else f"failed: {brief(text)}"
                return self._end(False, told, event.get("usage"), at)
        return "" if kind in _CHATTER else faint(kind)

    def _start(self, item: "dict[str, Any]") -> str:
        match item.get("type"):
            case "command_execution":
                return self._call(item, "Run", {"command": _unwrapped(item.get("command"))})
            case "mcp_tool_call":
                name = f"{brief(item.get('server'))}.{brief(item.get('tool'))}"
                return self._call(item, name, item.get("arguments"))
            case "web_search":
                return self._call(item, "Search", {"query": item.get("query")})
        return ""

    def _item(self, item: "dict[str, Any]") -> str:
        match item.get("type"):
            case "agent_message":
                return said(item.get("text"))
            case "reasoning":
                return some(item.get("text"), 6)
            case "command_execution":
                failed = item.get("exit_code") not in (0, None) or item.get("status") == "declined"
                return self._tools.result(item.get("id"), _output(item), failed)
            case "file_change":
                return self._changes(item)
            case "mcp_tool_call":
                error = item.get("error")
                text = error.get("message") if isinstance(error, dict) else _told(item)
                return self._tools.result(item.get("id"), text, item.get("status") == "failed")
            case "web_search":
                return self._tools.result(item.get("id"), "", failed=False)
            case "todo_list":
                return checklist(item["items"])
            case "error":
                return warning(item.get("message"))
        return faint(item.get("type"))

    def _call(self, item: "dict[str, Any]", name: str, arguments: object) -> str:
        self._steps += 1
        return self._tools.call(item.get("id"), name, arguments)

    def _changes(self, item: "dict[str, Any]") -> str:
        """Show which files were changed; how, Codex does not tell."""
        lines = [
            self._call(item, _KINDS.get(str(change.get("kind")), "Edit"), change)
            for change in item["changes"][:20]
        ]
        failed = item.get("status") == "failed"
        return "".join(lines) + (failure("it could not be changed") if failed else "")

    def _error(self, text: object) -> str:
        if isinstance(text, str) and text.startswith(_RETRY):
            return retry(text)
        self._failure = text if isinstance(text, str) else ""
        return failure(text)

    def _end(self, well: bool, word: str, usage: object, at: float) -> str:
        used = usage if isinstance(usage, dict) else {}
        cached = number(used.get("cached_input_tokens"))
        fresh = number(used.get("input_tokens")) - cached
        spent = tokens(fresh, used.get("output_tokens"), cached)
        return end(well, word, count(self._steps, "step"), spent, seconds(at - self._began))


def _unwrapped(command: object) -> object:
    """Take a command out of the shell that Codex puts around each."""
    if not isinstance(command, str):
        return command
    for shell in _SHELLS:
        if command.startswith(shell):
            inner = command.removeprefix(shell)
            quote = inner[:1]
            whole = quote in ("'", '"') and inner.endswith(quote) and len(inner) > 1
            return inner[1:-1] if whole else inner
    return command


def _output(item: "dict[str, Any]") -> str:
    text = item.get("aggregated_output")
    code = item.get("exit_code")
    if not text and code not in (0, None):
        return f"exit code {number(code):.0f}"
    return text if isinstance(text, str) else ""


def _told(item: "dict[str, Any]") -> str:
    parts = (item.get("result") or {}).get("content") or ()
    return "\n".join(part["text"] for part in parts if part.get("type") == "text")
