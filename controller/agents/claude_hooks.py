"""Claude Code's hooks: what its terminal tells while a person may sit at it.

Each hook, and the status line, calls our program with a JSON object, which this folds into facts.
Codex and Qwen Code tell theirs in the same form. Measured with 2.1.330: `StopFailure` comes in the
place of `Stop` where the service refused; `PermissionRequest` comes at once, also for a question;
nothing comes when a person presses Escape.
"""

import json
from collections.abc import Mapping
from dataclasses import replace

from controller.agents.base import Event
from controller.agents.claude_stream import ERRORS
from controller.agents.events import (
    brief,
    conversation,
    ended_with,
    inner,
    items,
    number,
    step,
    texts,
)
from controller.agents.hooks import SECONDS, hook_command
from controller.agents.refusals import trouble_of, until_of
from controller.agents.resets import reset_of
from controller.agents.turns import ASKED, at_work, turn_begun, turn_over
from controller.core.facts import Ask, Asking, Facts, Trouble, Usage

HOOKS = (
    *("SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "PermissionRequest"),
    *("Notification", "Stop", "StopFailure", "SessionEnd"),
)
_QUESTION = "AskUserQuestion"
_STATUS = {"rate_limit": 429}


def hook_settings(more: Mapping[str, object]) -> str:
    """The settings file of a run: our hooks, and a status line that says nothing but costs."""
    call = {"type": "command", "command": hook_command()}
    hooks = {name: [{"hooks": [{**call, "timeout": SECONDS}]}] for name in HOOKS}
    return json.dumps({**more, "hooks": hooks, "statusLine": call}, indent=1)


def read_hook(facts: Facts, event: Event) -> Facts:
    """Fold one more event into what is known; one that is not understood changes nothing."""
    match event.get("hook_event_name"):
        case "SessionStart":
            return replace(
                facts,
                conversation=conversation(event.get("session_id")) or facts.conversation,
                model=brief(event.get("model")) or facts.model,
            )
        case "UserPromptSubmit":
            return turn_begun(facts)
        case "PreToolUse":
            doing = step(event.get("tool_name"), event.get("tool_input"))
            return replace(at_work(facts), steps=facts.steps + 1, doing=doing)
        case "PostToolUse":
            return at_work(facts)
        case "PermissionRequest":
            return replace(facts, ask=_asked(facts, event))
        case "Notification":
            return _notified(facts, event)
        case "Stop":
            return _stopped(facts, event)
        case "StopFailure":
            return _failed(facts, event)
        case "SessionEnd":
            return replace(facts, working=False)
        case None:
            return _spent(facts, event)
        case _:
            return facts


def _asked(facts: Facts, event: Event) -> Ask:
    given = inner(event.get("tool_input"))
    if event.get("tool_name") != _QUESTION:
        text = step(event.get("tool_name"), given)
        return Ask(
            Asking.PERMISSION, f"may it do this? {text} (yes, or what to do instead)", facts.at
        )
    questions = [inner(each) for each in items(given.get("questions"))]
    told = "\n".join(filter(None, map(_question, questions)))
    return Ask(Asking.QUESTION, told[:ASKED] or "it asks a question", facts.at)


def _question(question: Event) -> str:
    text = texts(question.get("question"))
    labels = [texts(inner(each).get("label")) for each in items(question.get("options"))]
    choice = " / ".join(filter(None, labels))
    return f"{text} ({choice})" if text and choice else text


def _notified(facts: Facts, event: Event) -> Facts:
    """It says again that it waits: news only where nothing else told why."""
    if facts.ask is not None or facts.trouble is not None:
        return facts
    message = brief(event.get("message"))
    match event.get("notification_type"):
        case "permission_prompt":
            return replace(facts, ask=Ask(Asking.PERMISSION, message, facts.at))
        case "idle_prompt":
            text = facts.said or message
            return replace(facts, working=False, ask=Ask(Asking.QUESTION, text, facts.at))
        case "elicitation_dialog":
            return replace(facts, ask=Ask(Asking.QUESTION, message, facts.at))
        case _:
            return facts


def _stopped(facts: Facts, event: Event) -> Facts:
    """The turn is over; whether the work is, a person decides, or the agent's own report.

    While something of it runs in the background, it goes on by itself.
    """
    said = ended_with(texts(event.get("last_assistant_message"))) or facts.said
    facts = replace(at_work(facts), said=said, ended=True, ok=True)
    return facts if items(event.get("background_tasks")) else turn_over(facts)


def _failed(facts: Facts, event: Event) -> Facts:
    said = brief(event.get("last_assistant_message")).strip()
    word = texts(event.get("error"))
    trouble = ERRORS.get(word) or trouble_of(_STATUS.get(word), said)
    if word == "server_error" and trouble is not Trouble.OFFLINE:
        trouble = Trouble.OVERLOADED
    return replace(
        facts,
        trouble=trouble,
        message=said[:ASKED] or trouble.value,
        until=reset_of(said, facts.at) or until_of(said, facts.at),
        retrying=False, working=False, ended=True, ok=False, ask=None,
    )  # fmt: skip


def _spent(facts: Facts, event: Event) -> Facts:
    """The status line: what the whole conversation cost, before it was resumed too."""
    dollars = number(inner(event.get("cost")).get("total_cost_usd"))
    model = brief(inner(event.get("model")).get("id")) or facts.model
    if dollars is None:
        return facts
    return replace(facts, model=model, usage=Usage(dollars=dollars), whole=True)
