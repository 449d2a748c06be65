"""opencode's `run --format json`: one event after the other into facts (measured with 1.18.33)."""

import json
from dataclasses import replace
from datetime import datetime

from controller.agents.base import Event
from controller.agents.events import (
    brief,
    conversation,
    count,
    ended_with,
    inner,
    items,
    moment,
    number,
    step,
    texts,
)
from controller.agents.refusals import seconds, trouble_of, until_of
from controller.agents.turns import ASKED, INTERRUPTED, refused, turn_over, well
from controller.core.facts import Ask, Asking, Facts, Trouble, Usage

_REFUSALS = ("rule which prevents you", "rejected permission", "The user rejected")
_WELL = {"stop", "other"}
_ON = {"tool-calls", "unknown"}
"""Why a step ended, where the turn goes on."""
_TROUBLES = {
    "ProviderAuthError": Trouble.AUTH,
    "ProviderModelNotFoundError": Trouble.REQUEST,
    "ContextOverflowError": Trouble.REQUEST,
}


def read_opencode(facts: Facts, event: Event) -> Facts:
    """Fold one more event into what is known; one that is not understood changes nothing."""
    part = inner(event.get("part"))
    match event.get("type"):
        case "step_start":
            began = facts.turn_at if facts.working else facts.at
            facts = replace(facts, working=True, turn_at=began, ended=False, ok=False)
        case "text":
            said = texts(part.get("text"))
            facts = replace(well(facts), said=ended_with(said) if said else facts.said)
        case "tool_use":
            facts = _tool(well(facts), part)
        case "step_finish":
            facts = _finish(well(facts), part)
        case "retry":
            facts = _retry(facts, event)
        case "error":
            facts = _error(facts, inner(event.get("error")))
        case "busy":
            began = facts.turn_at if facts.working else facts.at
            facts = replace(facts, working=True, turn_at=began, ask=None)
        case "asked":
            facts = replace(facts, ask=Ask(Asking.PERMISSION, _wanted(event), facts.at))
        case "idle":
            facts = _idle(facts)
        case _:
            return facts
    return replace(facts, conversation=conversation(event.get("sessionID")) or facts.conversation)


def _tool(facts: Facts, part: Event) -> Facts:
    state = inner(part.get("state"))
    doing = step(part.get("tool"), state.get("input"))
    facts = replace(facts, steps=facts.steps + 1, doing=doing)
    denied = any(words in texts(state.get("error")) for words in _REFUSALS)
    return refused(facts, doing) if denied else facts


def _finish(facts: Facts, part: Event) -> Facts:
    tokens, before = inner(part.get("tokens")), facts.usage
    cache = inner(tokens.get("cache"))
    dollars = (before.dollars or 0.0) + (number(part.get("cost")) or 0.0)
    usage = Usage(
        before.fresh + count(tokens.get("input")) + count(cache.get("write")),
        before.cached + count(cache.get("read")),
        before.output + count(tokens.get("output")) + count(tokens.get("reasoning")),
        dollars or None,  # it knows no price of a provider that it does not know
    )
    reason = texts(part.get("reason"))
    on = reason in _ON
    return replace(facts, usage=usage, working=on, ended=not on, ok=reason in _WELL)


def _retry(facts: Facts, event: Event) -> Facts:
    """Told by our plugin: it waits, and tries again."""
    message = brief(event.get("message"))
    until = moment((number(event.get("next")) or 0.0) / 1000)
    trouble = trouble_of(None, message)
    return replace(facts, trouble=trouble, message=message, until=until, retrying=True)


def _error(facts: Facts, error: Event) -> Facts:
    data = inner(error.get("data"))
    name, body = brief(error.get("name")), brief(data.get("responseBody"))
    message = brief(data.get("message")) or name
    status = count(data.get("statusCode")) or None
    trouble = _TROUBLES.get(name) or trouble_of(status, f"{message} {body}")
    return replace(
        facts, trouble=trouble, message=message, until=_until(facts.at, data, message),
        retrying=False, working=False, ended=True, ok=False,
    )  # fmt: skip


def _wanted(event: Event) -> str:
    """Told by our plugin: what it may do or not."""
    patterns = ", ".join(filter(None, map(texts, items(event.get("patterns")))))
    wanted = f"{texts(event.get('permission')) or 'a tool'}: {patterns}".removesuffix(": ")
    return f"may it do this? {wanted} (yes, or what to do instead)"[:ASKED]


def _idle(facts: Facts) -> Facts:
    """Told by our plugin: its turn is over, or was interrupted; a person says how it goes on."""
    if facts.trouble is not None:
        return replace(facts, working=False)
    if facts.ended:
        return turn_over(facts)
    return replace(
        facts, working=False, ended=True, ask=Ask(Asking.QUESTION, INTERRUPTED, facts.at)
    )


def _until(now: datetime | None, data: Event, message: str) -> datetime | None:
    """By the body's time, else the header, else the words."""
    try:
        body = inner(json.loads(texts(data.get("responseBody")) or "{}"))
    except (ValueError, RecursionError):
        body = {}
    if at := moment(inner(body.get("error")).get("resets_at")):
        return at
    wait = seconds(inner(data.get("responseHeaders")).get("retry-after"))
    return now + wait if wait and now else until_of(message, now)
