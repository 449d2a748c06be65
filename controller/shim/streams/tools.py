"""The tools that an agent uses: each call on a line, its result in short below it."""

from controller.shim.stdlib import TYPE_CHECKING
from controller.shim.streams.changes import changes_of, show_changes
from controller.shim.streams.checklist import checklist
from controller.shim.streams.ink import BOLD, DIM, OFF, RED, brief, rows, some

if TYPE_CHECKING:
    from typing import Any

_MAIN = (
    *("command", "cmd", "file_path", "filePath", "absolute_path", "notebook_path", "path"),
    *("pattern", "query", "url", "question", "skill", "description", "prompt"),
)
"""The arguments that say most of a call, the best first; the families' tools share their names."""

_QUIET = (
    "read",
    "read_file",
    "read_many_files",
    "notebookread",
    "ls",
    "list_directory",
    "list",
    "todowrite",
    "todo_write",
    "write_todos",
)
"""What these give back is for the agent alone: its size is enough."""

_KEPT = 200
"""Calls that may be under way at once; an older one's result is shown without its title."""
_LINES = 4
_ID = 200
"""Characters of a call's id that count."""


class Tools:
    """Shows calls and their results.

    Args:
        folder: The agent's folder; paths below it are shown from there.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._calls: dict[str, tuple[str, list[str], bool]] = {}
        self._newest = ""

    def call(self, number: object, name: object, arguments: object) -> str:
        """Show that a tool is used.

        Args:
            number: The call's id.
            name: The tool's name.
            arguments: What it is given, by name.
        """
        tool, given = brief(name, 60) or "tool", arguments if isinstance(arguments, dict) else {}
        title = f"{BOLD}{tool}{OFF} {self._main(given)}".rstrip()
        key = str(number)[:_ID]
        self._calls[key] = (title, changes_of(given), tool.lower() in _QUIET)
        if len(self._calls) > _KEPT:
            del self._calls[next(iter(self._calls))]
        self._newest = key
        return f"● {title}\n{checklist(given.get('todos'))}"

    def result(
        self, number: object, text: object, failed: bool, changes: "list[str] | None" = None
    ) -> str:
        """Show what came of a call.

        Args:
            number: The call's id.
            text: What the tool told the agent.
            failed: Whether it could not do it.
            changes: Lines that it changed, each with its sign, where the event says that.
        """
        key = str(number)[:_ID]
        title, known, quiet = self._calls.pop(key, ("", [], False))
        # Calls side by side come back in any order.
        head = f"{DIM}└{OFF} {title}\n" if title and key != self._newest else ""
        if failed:
            return head + some(text, _LINES + 2, RED)
        if changes or known:
            return head + show_changes(changes or known)
        if quiet and isinstance(text, str) and text:
            return head + rows([f"{len(text.splitlines())} lines"], DIM)
        return head + some(text, _LINES)

    def _main(self, given: "dict[str, Any]") -> str:
        for name in _MAIN:
            if isinstance(given.get(name), str) and given[name]:
                return brief(given[name]).removeprefix(f"{self._folder}/")
        asked = given.get("questions")
        if isinstance(asked, list) and asked and isinstance(asked[0], dict):
            return brief(asked[0].get("question"))
        texts = (value for value in given.values() if isinstance(value, str) and value)
        return brief(next(texts, ""))
