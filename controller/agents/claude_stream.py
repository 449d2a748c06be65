"""Claude Code's stream-json, which Qwen Code prints too: one event after the other into facts.

Its `subtype` is `success` even where the service refused: what counts is `is_error`, with
`api_error_status` and `terminal_reason` (measured with Claude Code 2.1.330, Qwen Code 0.24.4).
"""

from dataclasses import replace

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
from controller.agents.refusals import seconds, status_in, trouble_of, until_of
from controller.agents.turns import refused, turn_begun, well
from controller.core.facts import Ask, Asking, Facts, Trouble, Usage

_QUESTIONS = {"AskUserQuestion", "ask_user_question"}
ERRORS = {
    "authentication_failed": Trouble.AUTH,
    "oauth_org_not_allowed": Trouble.AUTH,
    "billing_error": Trouble.CREDIT,
    "overloaded": Trouble.OVERLOADED,
    "invalid_request": Trouble.REQUEST,
    "model_not_found": Trouble.REQUEST,
}
"""By the word of an `error`, or of a `StopFailure`; the others stand for several troubles, which
their texts tell apart."""
_TROUBLES = {
    **ERRORS,
    "connection_failed": Trouble.OFFLINE,
    "usage_limit_reached": Trouble.LIMIT,
    "error_max_turns": Trouble.TURNS,
    "max_turns": Trouble.TURNS,
    "error_max_budget_usd": Trouble.BUDGET,
    "max_budget": Trouble.BUDGET,
}
"""By what `error`, `api_error`, `subtype` or `terminal_reason` says."""
_LOST = ("No conversation found", "No saved session found")


def read_claude(facts: Facts, event: Event) -> Facts:
    """Fold one more event into what is known; one that is not understood changes nothing."""
    match event.get("type"):
        case "system":
            return _system(facts, event)
        case "assistant":
            return _assistant(facts, event)
        case "rate_limit_event":
            return _limit(facts, inner(event.get("rate_limit_info")))
        case "result":
            return _result(facts, event)
        case _:
            return facts


def _system(facts: Facts, event: Event) -> Facts:
    match event.get("subtype"):
        case "init":
            return replace(
                turn_begun(facts),
                conversation=conversation(event.get("session_id")) or facts.conversation,
                model=brief(event.get("model")) or facts.model,
            )
        case "api_retry":
            word = brief(event.get("error"))
            status = count(event.get("error_status")) or None
            wait = seconds((number(event.get("retry_delay_ms")) or 0.0) / 1000)
            text = "" if word == "unknown" else word.replace("_", " ")
            trouble = _TROUBLES.get(word) or trouble_of(status, text)
            if word == "unknown" and status is None:
                text, trouble = "no answer from the service", Trouble.OFFLINE
            return replace(
                facts,
                trouble=trouble,
                message=text,
                until=facts.at + wait if facts.at and wait else None,
                retrying=True,
            )
        case "permission_denied":
            return refused(facts, _refused_step(facts, event))
        case _:
            return facts


def _refused_step(facts: Facts, event: Event) -> str:
    """The step that was refused: the newest one, where it is of the same tool."""
    tool = texts(event.get("tool_name"))
    return facts.doing if tool and facts.doing.startswith(tool) else tool or facts.doing


def _assistant(facts: Facts, event: Event) -> Facts:
    message = inner(event.get("message"))
    if texts(event.get("error")):
        said = "".join(texts(inner(block).get("text")) for block in items(message.get("content")))
        return _refusal(facts, event, brief(said))
    aside = event.get("parent_tool_use_id") is not None
    facts = _counted(well(facts) if facts.retrying else facts, message)
    for block in map(inner, items(message.get("content"))):
        match block.get("type"):
            case "text" if not aside and texts(block.get("text")):
                facts = replace(facts, said=ended_with(texts(block.get("text"))))
            case "tool_use":
                doing = step(block.get("name"), block.get("input"))
                facts = replace(facts, steps=facts.steps + 1, doing=doing)
    if aside:
        return replace(facts, working=True)
    # Helpers in the background may bring it another turn after a result: the last one counts.
    return replace(facts, working=True, ended=False, ok=False)


def _limit(facts: Facts, told: Event) -> Facts:
    """A subscription's window: refused until its end, unless more is paid for."""
    if told.get("status") != "rejected" or told.get("isUsingOverage") is True:
        return facts
    return replace(facts, trouble=Trouble.LIMIT, until=moment(told.get("resetsAt")))


def _result(facts: Facts, event: Event) -> Facts:
    facts = replace(_spent(facts, event), working=False, ended=True, retrying=False)
    facts = replace(facts, conversation=conversation(event.get("session_id")) or facts.conversation)
    aborted = texts(event.get("terminal_reason")).startswith("aborted")
    if event.get("is_error") is True:
        errors = [texts(error) for error in items(event.get("errors"))]
        said = texts(inner(event.get("error")).get("message"))
        said = said or texts(event.get("result")) or "; ".join(filter(None, errors))
        return replace(_refusal(facts, event, brief(said)), ok=False)
    said = texts(event.get("result"))
    facts = replace(well(facts), ok=not aborted, said=ended_with(said) if said else facts.said)
    return _asked(facts, items(event.get("permission_denials")))


def _asked(facts: Facts, denials: list[object]) -> Facts:
    """Whoever is refused a question has asked one; all else was refused indeed."""
    denied: list[str] = []
    for denial in map(inner, denials):
        tool, given = texts(denial.get("tool_name")), inner(denial.get("tool_input"))
        if tool in _QUESTIONS:
            first = inner(next(iter(items(given.get("questions"))), None))
            text = brief(first.get("question")) or facts.said or "it asks a question"
            facts = replace(facts, ask=Ask(Asking.QUESTION, text, facts.at))
        else:
            denied.append(step(tool, given))
    told = tuple(denied) or tuple(d for d in facts.denied if d.split(":")[0] not in _QUESTIONS)
    return refused(replace(facts, denied=()), *told)


def _refusal(facts: Facts, event: Event, said: str) -> Facts:
    """The service, or the agent itself, said no."""
    words = (texts(event.get(key)) for key in ("api_error", "error", "subtype", "terminal_reason"))
    by_word = next((_TROUBLES[word] for word in words if word in _TROUBLES), None)
    status = count(event.get("api_error_status")) or status_in(said)
    trouble = by_word or trouble_of(status, said)
    if any(text in said for text in _LOST):
        trouble = Trouble.CONVERSATION
    before = None if facts.retrying else facts.trouble
    if before is Trouble.LIMIT or (before is not None and trouble is Trouble.ERROR):
        trouble = before  # an event before told it more exactly
    until = until_of(said, facts.at) or (facts.until if before is trouble else None)
    message = said.strip() or facts.message or trouble.value
    return replace(facts, trouble=trouble, message=message, until=until, retrying=False)


def _counted(facts: Facts, message: Event) -> Facts:
    """What a message cost, until the end of the turn tells it exactly, if that ever comes.

    Of one in several pieces each tells it; what Claude Code wrote it tells at the end alone.
    """
    name = brief(message.get("id"))
    if not name or name == facts.counted:
        return facts
    new, known = _usage(inner(message.get("usage"))), facts.usage
    parts = (known.fresh + new.fresh, known.cached + new.cached, known.output + new.output)
    return replace(facts, usage=Usage(*parts, known.dollars), counted=name)


def _spent(facts: Facts, event: Event) -> Facts:
    dollars = number(event.get("total_cost_usd"))
    spent = replace(_usage(inner(event.get("usage"))), dollars=dollars)
    if not spent.tokens and not dollars:
        return facts
    return replace(facts, usage=spent, whole=dollars is not None)


def _usage(usage: Event) -> Usage:
    cached = count(usage.get("cache_read_input_tokens"))
    fresh = count(usage.get("input_tokens")) + count(usage.get("cache_creation_input_tokens"))
    if "total_tokens" in usage:
        fresh = max(0, fresh - cached)  # Qwen Code counts what came from the cache in both
    return Usage(fresh, cached, count(usage.get("output_tokens")))
