"""Codex's terminal, looked at."""

from dataclasses import replace

from controller.agents.refusals import status_in, trouble_of
from controller.agents.screens import Shows, classify
from controller.agents.turns import INTERRUPTED
from controller.core.facts import Ask, Asking, Facts

_ASKING = {
    Shows.PERMISSION: Asking.PERMISSION,
    Shows.LOGIN: Asking.LOGIN,
    Shows.TRUST: Asking.TRUST,
}


def look(facts: Facts, screen: str) -> Facts:
    """What a screen tells besides what is known; one that is not understood changes nothing."""
    seen = classify("codex", screen)
    if seen is None:
        return facts
    if seen.shows is Shows.IDLE:
        if not seen.text:  # nor does it show that it works while a text comes in
            return facts
        return replace(facts, working=False, ask=Ask(Asking.QUESTION, INTERRUPTED))
    if seen.shows is Shows.WORKING:
        return replace(facts, working=True, ask=None)
    if seen.shows in _ASKING:
        return replace(facts, working=False, ask=Ask(_ASKING[seen.shows], seen.text))
    trouble = trouble_of(status_in(seen.text), seen.text)
    return replace(facts, trouble=trouble, message=seen.text, working=False)
