"""Codex's terminal, looked at."""

from dataclasses import replace

from controller.agents.base import AgentError, Approach
from controller.agents.refusals import status_in, trouble_of
from controller.agents.screens import Shows, classify
from controller.core.facts import Ask, Asking, Facts

_ASKING = {Shows.PERMISSION: Asking.PERMISSION, Shows.LOGIN: Asking.LOGIN}


def look(facts: Facts, screen: str) -> Facts:
    """What a screen tells besides what is known; one that is not understood changes nothing."""
    seen = classify("codex", screen)
    if seen is None or seen.shows is Shows.IDLE:
        return facts
    if seen.shows is Shows.WORKING:
        return replace(facts, working=True, ask=None)
    if seen.shows in _ASKING:
        return replace(facts, working=False, ask=Ask(_ASKING[seen.shows], seen.text))
    return replace(facts, trouble=trouble_of(status_in(seen.text), seen.text), message=seen.text)


def approach(screen: str, text: str) -> Approach:
    """How an answer is given: typed, unless a dialog stands on the screen.

    Raises:
        AgentError: `AnswerAtTerminal`.
    """
    if ask := look(Facts(), screen).ask:
        why = f"{ask.text}: only at its terminal can that be decided"
        raise AgentError("AnswerAtTerminal", why)
    return Approach(text=text)
