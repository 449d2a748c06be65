"""Claude Code's terminal, looked at: where no hook tells, and what answers its dialogs take."""

from dataclasses import replace

from controller.agents.answers import YES
from controller.agents.refusals import trouble_of
from controller.agents.screens import Seen, Shows, classify
from controller.agents.turns import INTERRUPTED
from controller.core.facts import Ask, Asking, Facts, Trouble

_ASKING = {
    Shows.PERMISSION: Asking.PERMISSION,
    Shows.QUESTION: Asking.QUESTION,
    Shows.TRUST: Asking.TRUST,
    Shows.LOGIN: Asking.LOGIN,
    Shows.IDLE: Asking.QUESTION,
}
_TEXTS = {
    Shows.PERMISSION: "it asks for a permission",
    Shows.QUESTION: "it asks a question",
    Shows.TRUST: "its terminal shows a dialog",
    Shows.LOGIN: "it is not logged in",
    Shows.IDLE: INTERRUPTED,
}
_NOT_TAKEN = "it has not begun with its task: look at its terminal, or tell it what to do"
_OWN = frozenset({"type something.", "chat about this"})
"""Choices of the terminal's own: they lead to a place to type."""


def look(facts: Facts, screen: str) -> Facts:
    """What a screen tells besides the events, of which the newest may be long ago."""
    seen = classify("claude", screen)
    if seen is None:
        return facts
    if facts.at is not None and seen.shows not in {Shows.WORKING, Shows.IDLE}:
        return facts
    match seen.shows:
        case Shows.WORKING:
            return replace(facts, working=True, ask=None)
        case Shows.LIMIT:
            # When it is over is read from these words once the run was ended for it.
            return replace(facts, trouble=Trouble.LIMIT, message=seen.text)
        case Shows.ERROR | Shows.RETRYING:
            retrying = seen.shows is Shows.RETRYING
            trouble = trouble_of(None, seen.text)
            return replace(facts, trouble=trouble, message=seen.text, retrying=retrying)
        case Shows.IDLE if facts.at is not None and facts.turn_at is None:
            return replace(facts, working=False, ask=Ask(Asking.QUESTION, _NOT_TAKEN))
        case _:
            text = seen.text or _TEXTS[seen.shows]
            return replace(facts, working=False, ask=Ask(_ASKING[seen.shows], text))


def choice(seen: Seen, word: str) -> str:
    """The number of the option that a word means; empty for none.

    A choice is made by its number or its words, an approval by that of `Yes`.
    """
    options = {n: label.casefold() for n, label in seen.options.items()}
    options = {n: label for n, label in options.items() if label not in _OWN}
    if word in options:
        return word
    if seen.shows is Shows.PERMISSION:
        # A no is told as such, so that its turn goes on.
        word = "yes" if word in YES else ""
    return next((number for number, label in options.items() if label == word), "")
