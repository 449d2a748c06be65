"""Gemini CLI's stream-json: one event after the other into facts (measured with 0.61.0)."""

import re
from dataclasses import replace

from controller.agents.base import Event
from controller.agents.claude_stream import read_claude
from controller.agents.events import brief, conversation, count, ended_with, inner, step, texts
from controller.agents.refusals import trouble_of, until_of
from controller.agents.turns import refused, turn_begun
from controller.core.facts import Facts, Trouble, Usage

_CODE = re.compile(r'"code":\s*(\d{3})\b')
_MESSAGE = re.compile(r'"message":\s*"((?:[^"\\]|\\.)*)"')
_ADVICE = re.compile(r"Please wait and try again later\. To increase your limits.*", re.DOTALL)
_QUOTA = "exceeded your current quota"
"""Google's words for a free tier that is used up; OpenAI's for an account without money."""
_TURNS = "max session turns"
_OUTSIDE = "Path not in workspace"
"""How its tools refuse a path; they call that an error in their parameters."""


def read_gemini(facts: Facts, event: Event) -> Facts:
    """Fold one more event into what is known; one that is not understood changes nothing."""
    match event.get("type"):
        case "init":
            return replace(
                turn_begun(facts),
                conversation=conversation(event.get("session_id")) or facts.conversation,
                model=brief(event.get("model")) or facts.model,
            )
        case "message" if event.get("role") == "assistant":
            said = texts(event.get("content"))
            before = facts.said if event.get("delta") is True else ""
            return replace(facts, said=ended_with(before + said), working=True)
        case "tool_use":
            doing = step(event.get("tool_name"), event.get("parameters"))
            # What is said from here on is a new message: its pieces come without a beginning.
            return replace(facts, steps=facts.steps + 1, doing=doing, said="", working=True)
        case "tool_result":
            return _tool_result(facts, event)
        case "error" if event.get("severity") == "error":
            said = brief(event.get("message"))
            trouble = Trouble.TURNS if _TURNS in said.lower() else trouble_of(None, said)
            return replace(facts, trouble=trouble, message=said)
        case "result":
            return _result(facts, event)
        case _:
            return facts


def read_retry(facts: Facts, event: Event) -> Facts:
    """Fold an event of our own in: a request failed."""
    facts = read_claude(facts, event)
    trouble = Trouble.LIMIT if _QUOTA in facts.message else facts.trouble
    return replace(facts, trouble=trouble, until=facts.until or until_of(facts.message, facts.at))


def refusal(said: str) -> tuple[Trouble, str, int | None]:
    """What an error means, its plain words, and its HTTP status, as far as it names one."""
    code = _CODE.search(said)
    plain, status = _plain(said), int(code[1]) if code else None
    return Trouble.LIMIT if _QUOTA in plain else trouble_of(status, plain), plain, status


def _tool_result(facts: Facts, event: Event) -> Facts:
    outside = texts(event.get("output")).startswith(_OUTSIDE)
    if not outside and inner(event.get("error")).get("type") != "policy_violation":
        return facts
    tool = texts(event.get("tool_id")).partition("__")[0]
    denied = facts.doing if facts.doing.startswith(tool) else tool
    return refused(facts, denied or "a tool")


def _result(facts: Facts, event: Event) -> Facts:
    stats = inner(event.get("stats"))
    cached = count(stats.get("cached"))
    fresh = max(0, count(stats.get("input_tokens")) - cached)
    usage = Usage(fresh, cached, count(stats.get("output_tokens")))
    facts = replace(facts, usage=usage, working=False, ended=True)
    if event.get("status") == "success":
        return replace(facts, ok=facts.trouble is None)
    trouble, plain, _ = refusal(brief(inner(event.get("error")).get("message")))
    if trouble is Trouble.ERROR and facts.trouble is not None:
        trouble = facts.trouble  # an error before told it more exactly
    return replace(
        facts, ok=False, trouble=trouble, message=plain or facts.message or trouble.value,
        until=until_of(plain, facts.at),
    )  # fmt: skip


def _plain(said: str) -> str:
    """The words themselves: it wraps them, often with the whole JSON of the answer."""
    text = _ADVICE.sub("", said).strip()
    text = text.removeprefix("[API Error: ").removesuffix("]")
    if found := _MESSAGE.search(text):
        text = found[1].replace("\\n", "\n").replace('\\"', '"')
    return text.strip()
