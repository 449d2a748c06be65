"""Answers: how a person's answer is given to an agent on its terminal."""

from controller.agents.base import BUSY, AgentError, Approach
from controller.agents.screens import Shows, classify

YES = frozenset({"yes", "y", "ok", "okay", "allow", "approve"})
_COMMANDS = ("/", "!", "#", "&")
"""With one of these first, a text is a command of the terminal's."""


def plain(text: str) -> str:
    """An answer that is no command of the terminal's."""
    return f"My answer: {text}" if text.lstrip().startswith(_COMMANDS) else text


def approach(family: str, screen: str, text: str, *, allow: str = "1") -> Approach:
    """How an answer is typed; a step that is asked for is allowed by a key.

    Whatever else is said to such a dialog closes it, which counts as a no, and is told as the next
    message.

    Args:
        family: Whose screen it is.
        screen: Its lines, without escapes.
        text: The answer.
        allow: The key that allows the step once.

    Raises:
        AgentError: `AnswerAtTerminal`; `AgentBusy`, its dialog or its box is not drawn yet.
    """
    seen = classify(family, screen)
    if seen is not None and seen.shows in {Shows.WORKING, Shows.RETRYING}:
        raise AgentError(BUSY, "it works just now: the answer is typed as soon as it waits")
    if seen is not None and seen.shows in {Shows.LOGIN, Shows.TRUST}:
        why = f"{seen.text}: only at its terminal can that be decided"
        raise AgentError("AnswerAtTerminal", why)
    if seen is None or seen.shows is not Shows.PERMISSION:
        return Approach(text=plain(text))
    if text.strip().casefold() in YES:
        return Approach((allow,))
    return Approach(("Escape",), plain(text))
