"""Codex's screens, as they were captured, tell what goes on."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.agents.codex_screen import look
from controller.core.facts import NO_FACTS, Ask, Asking, Facts, Trouble

SCREENS = Path(__file__).parent / "screens"
SHOWN = {
    "codex-0.169.0-working": Facts(working=True),
    "codex-0.169.0-done": NO_FACTS,
    "codex-0.169.0-permission": Facts(
        ask=Ask(Asking.PERMISSION, "Would you like to make the following edits?")
    ),
    "codex-0.169.0-interrupted": Facts(
        ask=Ask(Asking.QUESTION, "it was interrupted, and waits for what to do instead")
    ),
    "codex-0.169.0-trust-hooks": Facts(ask=Ask(Asking.TRUST, "Hooks need review")),
    "codex-0.169.0-login": Facts(ask=Ask(Asking.LOGIN, "Sign in with ChatGPT")),
}
TROUBLES = {
    "codex-0.169.0-limit": Trouble.LIMIT,
    "codex-0.169.0-auth": Trouble.AUTH,
    "codex-0.169.0-overloaded": Trouble.OVERLOADED,
}


def shown(name: str) -> str:
    """A captured screen."""
    return (SCREENS / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "facts"), SHOWN.items(), ids=SHOWN)
def test_screens(name: str, facts: Facts) -> None:
    """Working, done, and what a person is asked are told from each other."""
    assert look(NO_FACTS, shown(name)) == facts


@pytest.mark.parametrize(("name", "trouble"), TROUBLES.items(), ids=TROUBLES)
def test_errors(name: str, trouble: Trouble) -> None:
    """An error is told with all its words, though the screen breaks them."""
    facts = look(Facts(working=True), shown(name))
    assert (facts.trouble, facts.working) == (trouble, False)
    assert len(facts.message) > 80


def test_history_is_none() -> None:
    """What stood on the screen before is over."""
    later = "\n".join(f"• line {number}" for number in range(30))
    assert look(NO_FACTS, shown("codex-0.169.0-working") + later) == NO_FACTS


@given(st.text())
def test_nothing_is_raised(screen: str) -> None:
    """Whatever a screen shows, facts come out."""
    assert look(NO_FACTS, screen).message == look(NO_FACTS, screen).message.strip()
