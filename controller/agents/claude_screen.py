"""Claude Code's terminal, looked at: where no hook tells, and before an answer is typed into it."""

from dataclasses import replace

from controller.agents.answers import YES, plain
from controller.agents.base import BUSY, AgentError, Approach
from controller.agents.refusals import trouble_of
from controller.agents.resets import reset_of
from controller.agents.screens import Seen, Shows, classify
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
    Shows.IDLE: "it was interrupted, and waits for what to do instead",
}
_DECIDE = {Shows.TRUST, Shows.LOGIN, Shows.LIMIT}
"""What no text answers: only who sees the terminal can decide."""
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
            until = reset_of(seen.text, facts.at)
            return replace(facts, trouble=Trouble.LIMIT, message=seen.text, until=until)
        case Shows.ERROR | Shows.RETRYING:
            retrying = seen.shows is Shows.RETRYING
            trouble = trouble_of(None, seen.text)
            return replace(facts, trouble=trouble, message=seen.text, retrying=retrying)
        case _:
            text = seen.text or _TEXTS[seen.shows]
            return replace(facts, working=False, ask=Ask(_ASKING[seen.shows], text))


def approach(screen: str, text: str) -> Approach:
    """How an answer is given to what the terminal shows.

    A choice is made by its number, an approval by that of `Yes`; whatever else is said closes the
    dialog, which counts as a no, and is told as the next message.

    Raises:
        AgentError: `AnswerAtTerminal`; `AgentBusy`, its dialog or its box is not drawn yet.
    """
    seen = classify("claude", screen)
    if seen is not None and seen.shows in {Shows.WORKING, Shows.RETRYING}:
        raise AgentError(BUSY, "it works just now: the answer is typed as soon as it waits")
    if seen is not None and seen.shows in _DECIDE:
        why = seen.text or _TEXTS.get(seen.shows, "it cannot go on")
        raise AgentError("AnswerAtTerminal", f"{why}: only at its terminal can that be decided")
    if seen is None or seen.shows not in {Shows.PERMISSION, Shows.QUESTION}:
        return Approach(text=plain(text))
    if number := _choice(seen, text.strip().casefold()):
        return Approach((number,))
    return Approach(("Escape",), plain(text))


def _choice(seen: Seen, word: str) -> str:
    """The number of the option that a word means; empty for none."""
    options = {n: label.casefold() for n, label in seen.options.items()}
    options = {n: label for n, label in options.items() if label not in _OWN}
    if word in options:
        return word
    if seen.shows is Shows.PERMISSION:
        # A no is told as such, so that its turn goes on.
        word = "yes" if word in YES else ""
    return next((number for number, label in options.items() if label == word), "")
