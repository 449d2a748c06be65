"""What a person reads of the events that an agent prints; a module for each form of them.

A renderer has `show(event, at)`: an event and when it came, in seconds since the epoch, become text
with colours that ends with a line feed, or stays on its line where more of it is to come. Events
are untrusted: what is not understood may raise, and is shown by its type.
"""

from controller.shim.stdlib import TYPE_CHECKING
from controller.shim.streams.ink import faint

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    class Renderer(Protocol):
        """Shows the events of one run."""

        def show(self, event: "dict[str, Any]", at: float) -> str:
            """Make text of an event."""


def renderer(form: str, folder: str) -> "Callable[[dict[str, Any], float], str]":
    """Find what makes text of the events of a run.

    Args:
        form: One of the `STREAMS` of `spec.json`.
        folder: The agent's folder; paths below it are shown from there.

    Returns:
        A function that never raises, and gives text that does nothing to a terminal.
    """
    show = _create(form, folder).show

    def safe(event: "dict[str, Any]", at: float) -> str:
        try:
            return show(event, at)
        except Exception:  # noqa: BLE001 - whatever an agent puts into an event
            return faint(event.get("type"))

    return safe


def _create(form: str, folder: str) -> "Renderer":
    if form == "claude":
        from controller.shim.streams.claude import Claude

        return Claude(folder)
    if form == "codex":
        from controller.shim.streams.codex import Codex

        return Codex(folder)
    if form == "gemini":
        from controller.shim.streams.gemini import Gemini

        return Gemini(folder)
    from controller.shim.streams.opencode import OpenCode

    return OpenCode(folder)
