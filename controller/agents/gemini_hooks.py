"""Gemini CLI's hooks: what its terminal tells (measured with 0.61.0).

They stand in the settings of its home, for it takes no file of settings below a folder that others
may write to. What they call comes from the environment of a run on a terminal; others call nothing.
It tells no end of a turn that failed apart from another: its answer is empty then.
"""

from collections.abc import Mapping
from dataclasses import replace

from controller.agents.base import Event
from controller.agents.events import conversation, ended_with, step, texts
from controller.agents.hooks import SECONDS
from controller.agents.turns import at_work, turn_begun, turn_over
from controller.core.facts import Ask, Asking, Facts

VARIABLE = "SIDEKICK_HOOK"
"""Holds the command line of our program."""
EVENTS = (
    "SessionStart", "SessionEnd", "BeforeAgent", "AfterAgent", "BeforeTool", "AfterTool",
    "Notification",
)  # fmt: skip
_EMPTY = "[no response text]"


def hook_settings() -> Mapping[str, object]:
    """What its settings hold for them."""
    call = {
        "type": "command",
        "name": "sidekick",
        "command": f'[ -z "${VARIABLE}" ] || eval "${VARIABLE}"',
        "timeout": SECONDS * 1000,
    }
    hooks = {name: [{"hooks": [call]}] for name in EVENTS}
    return {"hooksConfig": {"notifications": False}, "hooks": hooks}


def read(facts: Facts, event: Event) -> Facts:
    """Fold one more hook's event into what is known; one that is not understood changes nothing."""
    match event.get("hook_event_name"):
        case "SessionStart":
            known = conversation(event.get("session_id"))
            return replace(facts, conversation=known or facts.conversation)
        case "BeforeAgent":
            return turn_begun(facts)
        case "BeforeTool":
            doing = step(event.get("tool_name"), event.get("tool_input"))
            return replace(at_work(facts), steps=facts.steps + 1, doing=doing)
        case "AfterTool":
            return at_work(facts)
        case "Notification" if event.get("notification_type") == "ToolPermission":
            text = f"may it do this? {facts.doing} (yes, or what to do instead)"
            return replace(facts, ask=Ask(Asking.PERMISSION, text, facts.at))
        case "AfterAgent":
            return _ended(facts, texts(event.get("prompt_response")).strip())
        case "SessionEnd":
            return replace(facts, working=False)
        case _:
            return facts


def _ended(facts: Facts, said: str) -> Facts:
    """The turn is over; whether the work is, a person decides, or the agent's own report.

    One without an answer has failed or was interrupted: that its screen tells.
    """
    if said in {"", _EMPTY}:
        return facts
    return turn_over(replace(at_work(facts), said=ended_with(said), ok=True))
