"""Outcomes: what config.yaml says that an exit status, or a line of an agent, means."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from controller.agents.refusals import until_of
from controller.agents.resets import reset_of
from controller.core.facts import Ask, Asking, Facts, Trouble
from controller.deadline import cpu_limit

LINES = 20
"""Lines at the end that are looked at; so many has the record of a run's end."""
LENGTH = 500
"""Characters of a line that are looked at."""
SECONDS = 0.2
"""On a processor, for all patterns at all lines; a sensible one takes microseconds."""
_EPOCH = 1e9
"""A larger number is a time, a smaller one counts seconds."""


class Outcome(StrEnum):
    """What an end, or a line, means for the row."""

    COMPLETED = "completed"
    WAITING = "waiting"
    """It wants an answer of a person."""
    BLOCKED = "blocked"
    """Only an edit of the row helps."""
    LIMIT = "limit"
    CREDIT = "credit"
    AUTH = "auth"
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    OFFLINE = "offline"
    CRASHED = "crashed"


_TROUBLES = {
    Outcome.LIMIT: Trouble.LIMIT,
    Outcome.CREDIT: Trouble.CREDIT,
    Outcome.AUTH: Trouble.AUTH,
    Outcome.RATE_LIMITED: Trouble.RATE,
    Outcome.OVERLOADED: Trouble.OVERLOADED,
    Outcome.OFFLINE: Trouble.OFFLINE,
    Outcome.CRASHED: Trouble.ERROR,
}


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a line means.

    Attributes:
        outcome: What it means.
        expression: Found somewhere in it. Its group `text` is what the row says, else the line;
            its group `reset` is when it is over.
    """

    outcome: Outcome
    expression: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Found:
    """What was found.

    Attributes:
        outcome: What it means.
        text: What the row says of it.
        reset: When it is over, in the agent's own words; empty where it does not say.
    """

    outcome: Outcome
    text: str = ""
    reset: str = ""


def find(patterns: Iterable[Pattern], lines: Iterable[str]) -> Found | None:
    """What the newest line that any pattern fits means; of several patterns the first counts.

    A pattern that takes too long finds nothing.
    """
    known = tuple(patterns)
    try:
        with cpu_limit(SECONDS):
            for line in reversed(tuple(lines)[-LINES:]):
                for pattern in known:
                    if match := pattern.expression.search(line[:LENGTH]):
                        groups = match.groupdict()
                        text = groups.get("text") or line[:LENGTH]
                        return Found(pattern.outcome, text.strip(), groups.get("reset") or "")
    except TimeoutError:
        pass
    return None


def told(facts: Facts, found: Found, at: datetime | None) -> Facts:
    """The facts, with what was found; a completed or blocked end is no trouble of the agent's.

    Args:
        facts: What is known.
        found: What was found.
        at: When that was said.
    """
    if found.outcome is Outcome.WAITING:
        return replace(facts, working=False, ask=Ask(Asking.QUESTION, found.text))
    if found.outcome is Outcome.COMPLETED:
        return replace(facts, working=False, ended=True, ok=True, said=facts.said or found.text)
    if found.outcome is Outcome.BLOCKED:
        return replace(facts, trouble=Trouble.REQUEST, message=found.text)
    until = _time_in(found.reset, at) if found.reset else None
    until = until or reset_of(found.text, at) or until_of(found.text, at)
    return replace(facts, trouble=_TROUBLES[found.outcome], message=found.text, until=until)


def _time_in(reset: str, at: datetime | None) -> datetime | None:
    """A time: ISO 8601, seconds since the epoch or from now, `4h28m`, or a clock's as `8:02am`."""
    word = reset.strip()
    try:
        number = float(word)
        if number >= _EPOCH:
            return datetime.fromtimestamp(number, UTC)
        word = f"{number}s"
    except (ValueError, OverflowError, OSError):
        pass
    try:
        time = datetime.fromisoformat(word)
    except ValueError:
        return until_of(f"resets in {word}", at) or reset_of(f"resets {word}", at)
    return time if time.tzinfo or at is None else time.replace(tzinfo=at.tzinfo)
