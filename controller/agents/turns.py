"""Turns: what is known once an agent's turn begins, goes well, is refused a step, is over."""

from dataclasses import replace

from controller.agents.events import STEP
from controller.core.facts import Ask, Asking, Facts

ASKED = 2000
"""Characters of a question that are kept."""
INTERRUPTED = "it was interrupted, and waits for what to do instead"
_TURN_OVER = "its turn is over: say how it goes on, or type Completed"
_DENIED = 20
"""Refused steps that are kept: the agent decides how many there are."""


def well(facts: Facts) -> Facts:
    """The facts once an agent's service answers: what it stumbled over is past."""
    return replace(facts, trouble=None, message="", until=None, retrying=False)


def at_work(facts: Facts) -> Facts:
    """The facts once an agent tells that it works: what it asked or stumbled over is past."""
    return replace(well(facts), working=True, ask=None)


def turn_begun(facts: Facts) -> Facts:
    """The facts once a turn begins: how the one before ended is past."""
    return replace(at_work(facts), denied=(), ended=False, ok=False, turn_at=facts.at)


def turn_over(facts: Facts) -> Facts:
    """The facts once a turn on a terminal is over; a person, or its report, says how it goes on."""
    ask = Ask(Asking.QUESTION, facts.said[-ASKED:] or _TURN_OVER, facts.at)
    return replace(facts, working=False, ended=True, ask=ask)


def refused(facts: Facts, *steps: str) -> Facts:
    """The facts, with steps that were refused: each once, the first ones where there are many."""
    each = (step[:STEP] for step in steps)
    return replace(facts, denied=tuple(dict.fromkeys((*facts.denied, *each)))[:_DENIED])
