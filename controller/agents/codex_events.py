"""What `codex exec --json` prints, folded into facts; as codex-cli 0.169.0 does it.

    thread.started, turn.started, item.started | .updated | .completed, error,
    turn.completed {usage} | turn.failed {error}

Its `usage` counts the whole conversation. A command that its sandbox refuses within moments has no
item at all: nothing in the stream tells of it. A patch that is refused is told on standard error.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from controller.agents.base import Event
from controller.agents.events import brief, count, ended_with, inner, items, line, texts
from controller.agents.refusals import status_in, trouble_of
from controller.agents.resets import reset_of
from controller.agents.turns import refused, turn_begun, well
from controller.core.facts import Facts, Trouble, Usage

_ID = re.compile(r"[0-9a-f][0-9a-f-]{7,63}")
_RETRY = re.compile(r"(?:Reconnecting|Retrying)\.\.\. \d+/\d+ \((.*)\)", re.DOTALL)
_REFUSED = "Read-only file system"
"""What a program is told that writes where the sandbox does not let it."""
_REJECTED = re.compile(r"(patch rejected: .*); rejected by user approval settings")
_LOST = ("no rollout found", "thread/resume failed")


def fold(facts: Facts, event: Event) -> Facts:
    """What is known after one more event; one that is not understood changes nothing."""
    match texts(event.get("type")):
        case "thread.started":
            thread = texts(event.get("thread_id"))
            return replace(facts, conversation=thread) if _ID.fullmatch(thread) else facts
        case "turn.started":
            return turn_begun(facts)
        case "item.started":
            return _begun(facts, inner(event.get("item")))
        case "item.completed":
            return _done(facts, inner(event.get("item")))
        case "error":
            return _troubled(facts, texts(event.get("message")))
        case "turn.completed":
            usage = _usage(inner(event.get("usage")))
            return replace(well(facts), working=False, ended=True, ok=True, usage=usage, whole=True)
        case "turn.failed":
            message = texts(inner(event.get("error")).get("message"))
            return replace(_troubled(facts, message), working=False, ended=True, ok=False)
        case _:
            return facts


def fold_tail(facts: Facts, tail: Sequence[str], *, failed: bool) -> Facts:
    """What the last lines tell besides: refused patches, and why it ended without any event."""
    denied = tuple(match[1] for each in tail if (match := _REJECTED.search(each)))
    facts = refused(facts, *denied)
    if facts.trouble is not None or facts.ended or not failed:
        return facts
    errors = [each for each in tail if each.startswith("Error: ")]
    return _troubled(facts, errors[-1].removeprefix("Error: ")) if errors else facts


def _begun(facts: Facts, item: Mapping[str, Any]) -> Facts:
    step = _step(item)
    return replace(well(facts), doing=step) if step else facts


def _done(facts: Facts, item: Mapping[str, Any]) -> Facts:
    kind, status = texts(item.get("type")), texts(item.get("status"))
    if kind == "agent_message":
        return replace(well(facts), said=ended_with(texts(item.get("text"))))
    step = _step(item)
    if not step:
        return facts
    facts = replace(well(facts), steps=facts.steps + 1, doing=step)
    output = texts(item.get("aggregated_output"))
    if status == "declined" or (kind == "file_change" and status == "failed"):
        return refused(facts, step)
    return refused(facts, step) if status == "failed" and _REFUSED in output else facts


def _step(item: Mapping[str, Any]) -> str:
    """A tool's use in a few words; empty for what is none."""
    match texts(item.get("type")):
        case "command_execution":
            return f"Run: {line(_command(texts(item.get('command'))))}"
        case "file_change":
            paths = [texts(inner(each).get("path")) for each in items(item.get("changes"))]
            more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
            return f"Edit: {line(paths[0])}{more}" if paths else "Edit"
        case "mcp_tool_call":
            return f"{line(texts(item.get('server')))}: {line(texts(item.get('tool')))}"
        case "web_search":
            return f"Search: {line(texts(item.get('query')))}"
        case "collab_tool_call":
            return f"Agents: {line(texts(item.get('tool')))}"
        case _:
            return ""


def _command(command: str) -> str:
    """A command without the shell around it: `/bin/bash -lc 'ls -l'`."""
    _, found, script = command.partition(" -lc ")
    if not found:
        return command
    if script[:1] == "'" == script[-1:]:
        return script[1:-1].replace("'\\''", "'")
    if script[:1] == '"' == script[-1:]:
        return re.sub(r"\\(.)", r"\1", script[1:-1])
    return script


def _troubled(facts: Facts, message: str) -> Facts:
    again = _RETRY.fullmatch(message)
    words = brief(_plain(again[1] if again else message))
    lost = any(told in words for told in _LOST)
    trouble = Trouble.CONVERSATION if lost else trouble_of(status_in(words), words)
    until = reset_of(words, facts.at) if trouble is Trouble.LIMIT else None
    return replace(facts, trouble=trouble, message=words, until=until, retrying=again is not None)


def _plain(message: str) -> str:
    """The words of an error that is handed on as the JSON that the API answered with."""
    try:
        value = json.loads(message) if message.startswith("{") else None
    except (ValueError, RecursionError):
        return message
    return texts(inner(inner(value).get("error")).get("message")) or message


def _usage(usage: Mapping[str, Any]) -> Usage:
    cached = count(usage.get("cached_input_tokens"))
    fresh = max(0, count(usage.get("input_tokens")) - cached)
    return Usage(fresh, cached, count(usage.get("output_tokens")))
