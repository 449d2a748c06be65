"""The texts of notices: a short title, and a body that says why and what to do next.

Names and questions are anybody's words, and end up in mail, chats and phones. Sent as plain text,
Slack and mail take them for that; Discord, Mattermost and Telegram still obey mentions, links and
tags. So what begins one is broken up here, whoever shows it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from controller.core.facts import AT_TERMINAL
from controller.core.faults import shorten
from controller.core.names import as_argument
from controller.core.notices import News
from controller.core.standing import Kind, Standing

NAME_SHOWN = 80
TEXT_SHOWN = 600
LINES_SHOWN = 12
"""Characters and lines of what an agent asks or a row says."""
LISTED = 10
"""So many projects are listed in one message."""
LISTED_TEXT = 120

_BREAK = "\u200b"
"""A space without width, behind what would begin a mention, a tag or a link."""
_LIVE = re.compile(r"[@<](?=\S)|\](?=\()")
_DIALOGS = frozenset(kind.value for kind in AT_TERMINAL)

_ONE: Mapping[Kind, str] = {
    Kind.PRUNE_BLOCKED: "A mass stop waits for your word",
    Kind.HOLD: "{} is held",
    Kind.BLOCKED: "{} is blocked",
    Kind.WAITING: "{} waits for you",
    Kind.COMPLETED: "{} is done",
}
_MANY: Mapping[Kind, str] = {
    Kind.HOLD: "{} agents are held",
    Kind.BLOCKED: "{} projects are blocked",
    Kind.WAITING: "{} projects wait for you",
    Kind.COMPLETED: "{} projects are done",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What texts are made with.

    Attributes:
        command: How the user calls the command.
        page: The address of the live page, without a slash at its end; empty where a person's
            browser reaches none.
        redact: Takes secrets out of a text.
    """

    command: str = "sidekick"
    page: str = ""
    redact: Callable[[str], str] = str


def compose(news: News, terms: Terms) -> tuple[str, str]:
    """The title and the body of a message, plain text both."""
    if len(news.items) == 1:
        (item,) = news.items
        title, parts = _ONE[item.kind].format(_name(item, terms)), _single(item, terms)
    else:
        title, parts = _title(news), _several(news, terms)
    if news.missed:
        parts.append(f"{news.missed} more changes before this were not told.")
    if terms.page:
        alone = news.items[0] if len(news.items) == 1 else None
        parts.append(f"Page: {_link(alone, terms.page)}")
    return title, "\n".join(parts)


def inert(text: str, limit: int) -> str:
    """A text on one line that nothing obeys, at most so many characters but for the breaks."""
    return _LIVE.sub(lambda found: found[0] + _BREAK, shorten(text, limit))


def _title(news: News) -> str:
    count = len(news.items)
    return f"{count} things need you" if news.summary else _MANY[news.kind].format(count)


def _single(item: Standing, terms: Terms) -> list[str]:
    command = terms.command
    if item.kind is Kind.PRUNE_BLOCKED:
        return [
            "Many rows vanished from the list at once; nothing of theirs is stopped until you say.",
            f"To stop their sessions: {command} approve-prune --plan {item.version}",
            "Or bring the rows back.",
        ]
    parts = [_block(item.text, terms), f"Reason: {item.reason}"]
    name = _typed(item.subject)
    match item.kind:
        case Kind.WAITING if item.reason in _DIALOGS:
            parts.append(f"Decide: {command} attach {name}")
        case Kind.WAITING:
            parts.append(f'Answer: {command} answer {name} "…"')
        case Kind.BLOCKED:
            parts.append("To try again, edit its row, or type Pending into its Status.")
        case Kind.COMPLETED:
            parts.append(f"What it did: {command} logs {name}")
        case _:  # a hold's text says what ends it
            pass
    return [part for part in parts if part]


def _several(news: News, terms: Terms) -> list[str]:
    lines = [_line(item, terms, said=news.summary) for item in news.items[:LISTED]]
    if len(news.items) > LISTED:
        lines.append(f"and {len(news.items) - LISTED} more")
    if news.kind is Kind.WAITING and not news.summary:
        lines.append(f'Answer: {terms.command} answer NAME "…"')
    else:
        lines.append(f"All of it: {terms.command} get")
    return lines


def _line(item: Standing, terms: Terms, *, said: bool) -> str:
    text = inert(terms.redact(item.text), LISTED_TEXT)
    name = _ONE[item.kind].format(_name(item, terms)) if said else _name(item, terms)
    return f"- {name}: {text}" if text else f"- {name}"


def _name(item: Standing, terms: Terms) -> str:
    return inert(terms.redact(item.subject), NAME_SHOWN)


def _block(text: str, terms: Terms) -> str:
    """The text, bounded; several lines are marked as a quotation, so that none passes for ours."""
    whole = terms.redact(text).strip()
    lines = [line.strip() for line in whole[:TEXT_SHOWN].splitlines() if line.strip()]
    cut = len(whole) > TEXT_SHOWN or len(lines) > LINES_SHOWN
    mark = "> " if len(lines) > 1 else ""
    shown = "\n".join(mark + inert(line, TEXT_SHOWN) for line in lines[:LINES_SHOWN])
    return f"{shown}…" if cut else shown


def _typed(name: str) -> str:
    """The name as it is typed; one that is not shown as it is stands for itself."""
    return as_argument(name) if inert(name, NAME_SHOWN) == name else "NAME"


def _link(item: Standing | None, page: str) -> str:
    if item is None or item.kind in {Kind.HOLD, Kind.PRUNE_BLOCKED}:
        return f"{page}/"
    return f"{page}/?project={quote(item.subject, safe='', errors='replace')}"
