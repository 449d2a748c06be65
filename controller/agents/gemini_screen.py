"""Gemini CLI's terminal, looked at."""

from dataclasses import replace

from controller.agents.gemini_stream import refusal
from controller.agents.screens import Shows, classify
from controller.agents.turns import INTERRUPTED
from controller.core.facts import Ask, Asking, Facts


def look(facts: Facts, screen: str) -> Facts:
    """What a screen tells besides what is known; one that is not understood changes nothing."""
    seen = classify("gemini", screen)
    if seen is None:
        return facts
    match seen.shows:
        case Shows.WORKING:
            return replace(facts, working=True, ask=None)
        case Shows.ERROR:
            trouble, words, status = refusal(seen.text)
            words += f" (status {status})" if status else ""
            return replace(facts, trouble=trouble, message=words, working=False)
        case Shows.IDLE if seen.text:
            return replace(facts, working=False, ask=Ask(Asking.QUESTION, INTERRUPTED))
        case Shows.PERMISSION:
            return replace(facts, working=False, ask=Ask(Asking.PERMISSION, seen.text))
        case Shows.TRUST | Shows.LOGIN:
            kind = Asking.TRUST if seen.shows is Shows.TRUST else Asking.LOGIN
            return replace(facts, working=False, ask=Ask(kind, seen.text))
        case _:
            return facts
