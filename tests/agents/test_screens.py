"""Screens of the real programs, as they were captured, tell what goes on."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.agents.screens import FAMILIES, Seen, Shows, classify

SCREENS = Path(__file__).parent / "screens"
SHOWN = {
    "claude-2.1.330-error-auth": (Shows.ERROR, "Invalid API key · Fix external API key"),
    "claude-2.1.330-error-config": (Shows.ERROR, "/home/app/.claude.json isn't valid JSON."),
    "claude-2.1.330-error-credit": (Shows.ERROR, "Credit balance too low"),
    "claude-2.1.330-error-forbidden": (Shows.ERROR, "Please run /login · API Error: 403"),
    "claude-2.1.330-error-offline": (Shows.ERROR, "Unable to connect to Anthropic services"),
    "claude-2.1.330-error-overloaded": (Shows.ERROR, "API Error: Repeated 529 Overloaded errors."),
    "claude-2.1.330-error-rate": (Shows.ERROR, "API Error: Request rejected (429)"),
    "claude-2.1.330-error-refused": (Shows.ERROR, "API Error: Connection refused"),
    "claude-2.1.330-idle": (Shows.IDLE, ""),
    "claude-2.1.330-limit-5-hour": (
        Shows.LIMIT, "You've hit your 5-hour limit · resets 10:08pm (UTC)",
    ),
    "claude-2.1.330-limit-weekly": (
        Shows.LIMIT, "You've hit your weekly limit · resets Nov 25, 10:08pm (UTC)",
    ),
    "claude-2.1.330-login": (Shows.LOGIN, "Not logged in · Please run /login"),
    "claude-2.1.330-login-key": (Shows.LOGIN, "Do you want to use this API key?"),
    "claude-2.1.330-not-taken": (Shows.IDLE, ""),
    "claude-2.1.330-permission-bash": (Shows.PERMISSION, "Do you want to proceed?"),
    "claude-2.1.330-permission-write": (Shows.PERMISSION, "Do you want to create a.txt?"),
    "claude-2.1.330-question": (Shows.QUESTION, "Which colour?"),
    "claude-2.1.330-retrying": (Shows.RETRYING, "500 Internal server error"),
    "claude-2.1.330-trust": (
        Shows.TRUST, "Is this a project you created or one you trust?",
    ),
    "claude-2.1.330-trust-bypass": (
        Shows.TRUST, "WARNING: Claude Code running in Bypass Permissions mode",
    ),
    "claude-2.1.330-trust-mcp": (
        Shows.TRUST, "New MCP server found in this project: theirs",
    ),
    "claude-2.1.330-working": (Shows.WORKING, ""),
    "codex-0.169.0-auth": (Shows.ERROR, "unexpected status 401 Unauthorized: Incorrect API key"),
    "codex-0.169.0-done": (Shows.IDLE, ""),
    "codex-0.169.0-interrupted": (Shows.IDLE, "Conversation interrupted"),
    "codex-0.169.0-limit": (Shows.ERROR, "You’ve hit your usage limit. Upgrade to Pro"),
    "codex-0.169.0-login": (Shows.LOGIN, "Sign in with ChatGPT"),
    "codex-0.169.0-overloaded": (Shows.ERROR, "unexpected status 503 Service Unavailable: The"),
    "codex-0.169.0-permission": (Shows.PERMISSION, "Would you like to make the following edits?"),
    "codex-0.169.0-trust-hooks": (Shows.TRUST, "Hooks need review"),
    "codex-0.169.0-working": (Shows.WORKING, ""),
    "gemini-0.61.0-error": (Shows.ERROR, '[API Error: {"error":{"code":400,"message":"API key'),
    "gemini-0.61.0-permission": (Shows.PERMISSION, "Allow execution of [Shell]?"),
    "gemini-0.61.0-working": (Shows.WORKING, ""),
    "opencode-1.18.33-error": (Shows.IDLE, ""),
    "opencode-1.18.33-permission": (Shows.PERMISSION, "Permission required"),
    "opencode-1.18.33-working": (Shows.WORKING, ""),
    "qwen-0.24.4-error": (Shows.ERROR, "[API Error: 401 Incorrect API key provided.]"),
    "qwen-0.24.4-permission": (Shows.PERMISSION, "Allow execution of: 'touch'?"),
    "qwen-0.24.4-working": (Shows.WORKING, ""),
}  # fmt: skip


def shown(name: str) -> str:
    """A captured screen."""
    return (SCREENS / f"{name}.txt").read_text(encoding="utf-8")


def seen(name: str) -> Seen | None:
    """What a captured screen shows."""
    return classify(name.partition("-")[0], shown(name))


@pytest.mark.parametrize(("name", "expected"), SHOWN.items(), ids=SHOWN)
def test_screens(name: str, expected: tuple[Shows, str]) -> None:
    """What goes on is told from all else, with what the program says of it."""
    found = seen(name)
    assert found is not None
    assert found.shows is expected[0]
    assert found.text.startswith(expected[1])
    assert bool(found.text) == bool(expected[1])


def test_every_screen_is_expected() -> None:
    """A family whose patterns are known knows all of its screens."""
    files = {path.stem for path in SCREENS.iterdir()}
    assert {name for name in files if name.partition("-")[0] in FAMILIES} == SHOWN.keys()


def test_an_error_is_told_with_all_its_words() -> None:
    """Though the screen breaks them into lines."""
    found = seen("codex-0.169.0-limit")
    assert found is not None
    assert found.text.endswith("purchase more credits or try again at 8:56 PM.")
    found = seen("gemini-0.61.0-error")
    assert found is not None
    assert found.text.endswith('"API_KEY_INVALID"}]}}]')


def test_choices() -> None:
    """The numbers of a dialog, with what each means; a list of the agent's own is none."""
    found = seen("claude-2.1.330-permission-write")
    assert found is not None
    assert found.options["1"] == "Yes"
    assert found.options["3"] == "No"
    lists = "  1. old\n  2. older\n" + shown("claude-2.1.330-question")
    question = classify("claude", lists)
    assert question is not None
    assert list(question.options.values()) == ["Yes", "No", "Type something.", "Chat about this"]


def test_an_older_error_is_over() -> None:
    """What was answered since counts."""
    lines = shown("claude-2.1.330-error-rate").splitlines()
    box = next(index for index, line in enumerate(lines) if line.startswith("─"))
    later = "\n".join([*lines[: box - 1], "❯ again", "", "● All is well.", "", *lines[box:]])
    found = classify("claude", later)
    assert found is not None
    assert found.shows is Shows.IDLE


@pytest.mark.parametrize("name", ["claude-2.1.330-permission-bash", "codex-0.169.0-working"])
def test_history_is_none(name: str) -> None:
    """What stood on the screen before is over."""
    later = "".join(f"• line {number}\n" for number in range(30))
    assert classify(name.partition("-")[0], shown(name) + later) is None


def test_what_an_agent_says_is_no_dialog() -> None:
    """Words of a dialog in an agent's text are its text."""
    text = "● Do you want to proceed?\n  1. Yes\n  esc to interrupt\n\n✻ Baked for 2s\n"
    lines = shown("claude-2.1.330-idle").splitlines()
    box = next(index for index, line in enumerate(lines) if line.startswith("─"))
    found = classify("claude", "\n".join([text, *lines[box:]]))
    assert found is not None
    assert found.shows is Shows.IDLE


def test_strangers() -> None:
    """Of a program whose screens are not known nothing is told."""
    assert classify("none", shown("codex-0.169.0-working")) is None


@given(st.sampled_from(sorted(FAMILIES)), st.text() | st.text("❯1. ─\n●☐ Entero"))
def test_nothing_is_raised(family: str, screen: str) -> None:
    """Whatever a screen shows, a value comes out."""
    found = classify(family, screen)
    assert found is None or found.text == found.text.strip()
