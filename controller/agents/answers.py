"""Answers: how a person's answer is given to an agent on its terminal."""

from collections.abc import Callable

from controller.agents.base import BUSY, AgentError, Approach
from controller.agents.screens import Seen, Shows, classify

YES = frozenset({"yes", "y", "ok", "okay", "allow", "approve"})
_COMMANDS = ("/", "!", "#", "&")
"""With one of these first, a text is a command of the terminal's."""
_DECIDE = {Shows.TRUST, Shows.LOGIN, Shows.LIMIT}
"""What no text answers: only who sees the terminal can decide."""
KeyOf = Callable[[Seen, str], str]
"""The key that an answer, trimmed and in small letters, means in a dialog; empty for none."""


def allowing(key: str) -> KeyOf:
    """Of a dialog that is allowed by one key, and by nothing else."""
    return lambda _, word: key if word in YES else ""


_ALLOWED_BY_1 = allowing("1")


def plain(text: str) -> str:
    """An answer that is no command of the terminal's."""
    return f"My answer: {text}" if text.lstrip().startswith(_COMMANDS) else text


def approach(family: str, screen: str, text: str, key_of: KeyOf = _ALLOWED_BY_1) -> Approach:
    """How an answer is typed, or given to a dialog by a key.

    Whatever no key means closes the dialog, which counts as a no, and is told as the next message.

    Args:
        family: Whose screen it is.
        screen: Its lines, without escapes.
        text: The answer.
        key_of: What the keys of its dialogs mean.

    Raises:
        AgentError: `AnswerAtTerminal`; `AgentBusy`, its dialog or its box is not drawn yet.
    """
    seen = classify(family, screen)
    if seen is not None and seen.shows in {Shows.WORKING, Shows.RETRYING}:
        raise AgentError(BUSY, "it works just now: the answer is typed as soon as it waits")
    if seen is not None and seen.shows in _DECIDE:
        why = f"{seen.text}: only at its terminal can that be decided"
        raise AgentError("AnswerAtTerminal", why)
    if seen is None or seen.shows not in {Shows.PERMISSION, Shows.QUESTION}:
        return Approach(text=plain(text))
    if key := key_of(seen, text.strip().casefold()):
        return Approach((key,))
    return Approach(("Escape",), plain(text))
