"""Agents on their terminals: what their hooks tell, and how an answer reaches them."""

import json
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.agents import codex_hooks
from controller.agents.base import (
    BUSY,
    Agent,
    AgentError,
    Approach,
    Mode,
    Options,
    Permission,
    Screened,
)
from controller.agents.registry import family
from controller.core.exits import Cause, Exit
from controller.core.facts import NO_FACTS, Asking, Facts, Trouble
from controller.core.observed import TROUBLED, Ending, StopRequest, Words
from controller.core.workload import Workload

SCREENS = Path(__file__).parent / "screens"
NAMES = ("codex", "gemini", "opencode", "qwen")
NOW = datetime(2026, 11, 30, 14, 18, tzinfo=UTC)
WORK = Workload("App", "app", "agent", "", "do it", "/w", Words("d"), conversation="c-1")
EVENTS: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "codex": (
        {"hook_event_name": "SessionStart", "session_id": "s-1", "model": "m"},
        {"hook_event_name": "UserPromptSubmit", "session_id": "s-1", "prompt": "Begin."},
        {
            "hook_event_name": "PreToolUse",
            "tool_name": "apply_patch",
            "tool_input": {"command": "*** Begin Patch\n*** Add File: a.txt\n+Hello\n"},
        },
        {"hook_event_name": "PostToolUse", "tool_name": "apply_patch"},
        {
            "hook_event_name": "PermissionRequest",
            "tool_name": "Bash",
            "tool_input": {"command": "touch x"},
        },
        {"hook_event_name": "PostToolUse", "tool_name": "Bash", "tool_response": ""},
        {"hook_event_name": "Stop", "last_assistant_message": "Which colour?"},
    ),
    "qwen": (
        {"hook_event_name": "SessionStart", "session_id": "s-1", "source": "startup", "model": "m"},
        {"hook_event_name": "UserPromptSubmit", "session_id": "s-1", "prompt": "Begin."},
        {
            "hook_event_name": "PreToolUse",
            "tool_name": "write_file",
            "tool_input": {"file_path": "a.txt", "content": "Hello"},
        },
        {"hook_event_name": "PostToolUse", "tool_name": "write_file"},
        {
            "hook_event_name": "PermissionRequest",
            "tool_name": "run_shell_command",
            "tool_input": {"command": "touch x", "description": "Run it"},
        },
        {"hook_event_name": "PreToolUse", "tool_name": "run_shell_command", "tool_input": {}},
        {"hook_event_name": "Stop", "last_assistant_message": "Which colour?"},
    ),
    "gemini": (
        {"hook_event_name": "SessionStart", "session_id": "s-1", "source": "startup"},
        {"hook_event_name": "BeforeAgent", "session_id": "s-1", "prompt": "Begin."},
        {
            "hook_event_name": "BeforeTool",
            "tool_name": "run_shell_command",
            "tool_input": {"command": "touch x", "description": "Run it"},
        },
        {"hook_event_name": "AfterTool", "tool_name": "run_shell_command"},
        {
            "hook_event_name": "Notification",
            "notification_type": "ToolPermission",
            "message": "Tool Confirm Shell Command requires execution",
        },
        {"hook_event_name": "AfterTool", "tool_name": "run_shell_command"},
        {"hook_event_name": "AfterAgent", "prompt_response": "Which colour?"},
    ),
    "opencode": (
        {"type": "busy", "sessionID": "s-1"},
        {"type": "step_start", "sessionID": "s-1", "part": {"type": "step-start"}},
        {
            "type": "tool_use",
            "sessionID": "s-1",
            "part": {"tool": "write", "state": {"status": "completed", "input": {"filePath": "a"}}},
        },
        {
            "type": "step_finish",
            "sessionID": "s-1",
            "part": {"reason": "tool-calls", "tokens": {"input": 2652, "output": 10}, "cost": 0},
        },
        {"type": "asked", "sessionID": "s-1", "permission": "bash", "patterns": ["touch x"]},
        {"type": "busy", "sessionID": "s-1"},
        {"type": "text", "sessionID": "s-1", "part": {"type": "text", "text": "Which colour?"}},
        {"type": "step_finish", "sessionID": "s-1", "part": {"reason": "stop"}},
        {"type": "busy", "sessionID": "s-1"},
        {"type": "idle", "sessionID": "s-1"},
    ),
}  # fmt: skip
"""As the programs told them, the turn that `tests/agents_real` has them take, cut."""


def agent(name: str, **options: Any) -> Agent:
    """An agent of a family, on its terminal."""
    given = {"home": Path("/h"), "mode": Mode.INTERACTIVE, **options}
    return family(name)(Options(name, name, **given))


def screened(name: str) -> Screened:
    """The same, as one whose terminal is read."""
    found = agent(name)
    assert isinstance(found, Screened)
    return found


def folded(name: str, *events: Mapping[str, Any]) -> Facts:
    """What is known after these events."""
    facts = NO_FACTS
    for event in events:
        facts = agent(name).read(replace(facts, at=NOW), event)
    return facts


def screen(name: str) -> str:
    """A captured screen."""
    return (SCREENS / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_a_turn(name: str) -> None:
    """Work, a step that a person is asked for, and a turn's end, each as such."""
    events = EVENTS[name]
    assert folded(name, *events[:3]).working
    asked = next(i for i in range(len(events)) if folded(name, *events[: i + 1]).ask)
    facts = folded(name, *events[: asked + 1])
    assert facts.ask is not None
    assert facts.ask.kind is Asking.PERMISSION
    assert "touch x" in facts.ask.text
    facts = folded(name, *events[: asked + 2])
    assert (facts.working, facts.ask) == (True, None)
    facts = folded(name, *events)
    assert facts.ask is not None
    assert (facts.ask.kind, facts.ask.text) == (Asking.QUESTION, "Which colour?")
    assert (facts.working, facts.ended, facts.ok, facts.conversation) == (False, True, True, "s-1")
    assert facts.steps >= 1


def test_what_codex_edits() -> None:
    """A patch is told by the files that it changes."""
    assert folded("codex", *EVENTS["codex"][:3]).doing == "Edit: a.txt"


def test_codex_trusts_our_hooks() -> None:
    """The hash is the one that it keeps itself, once a person trusted such a hook (0.169.0)."""
    call = {"type": "command", "command": "/opt/hook.sh", "timeout": 10}
    wanted = "sha256:5c30d88d52a96ca16821e1ac2dc72ef942f1bbd5ac4bc5edd6f589f31b1eb85e"
    assert codex_hooks._hash("stop", call) == wanted
    state = codex_hooks.hook_settings()["state"]
    assert set(state) == {
        f"/<session-flags>/config.toml:{key}:0:0" for key in codex_hooks.EVENTS.values()
    }


def test_an_empty_answer_of_gemini_is_no_end() -> None:
    """It failed, or was interrupted: its screen tells which."""
    facts = folded(
        "gemini",
        *EVENTS["gemini"][:2],
        {"hook_event_name": "AfterAgent", "prompt_response": "[no response text]"},
    )
    assert (facts.working, facts.ended, facts.ask) == (True, False, None)
    facts = screened("gemini").look(facts, screen("gemini-0.61.0-error"))
    assert (facts.trouble, facts.working) == (Trouble.AUTH, False)


@pytest.mark.parametrize("name", ["gemini", "qwen"])
def test_a_request_that_failed(name: str) -> None:
    """While it tries again the row may say so; where it ended then, it is no crash."""
    event = {
        "type": "system",
        "subtype": "api_retry",
        "attempt": 1,
        "error": "The usage limit has been reached",
        "error_status": 429,
        "retry_delay_ms": 375_000,
    }
    facts = folded(name, *EVENTS[name][:2], event)
    assert (facts.trouble, facts.retrying) == (Trouble.LIMIT, True)
    result = agent(name).judge(Exit(Cause.EXIT, NOW, 1), None, facts)
    assert (result.ending, result.reason) == (Ending.HELD, "UsageLimit")
    assert result.until is not None
    assert (result.until - NOW).total_seconds() == 375
    free = {**event, "error": "You exceeded your current quota, please check your plan and billing"}
    known = Trouble.LIMIT if name == "gemini" else Trouble.RATE
    assert folded(name, {**free, "retry_delay_ms": 0}).trouble is known


def test_a_conversation_of_opencode_goes_on() -> None:
    """Its terminal takes no prompt there: our plugin says it, whatever it holds."""
    work = replace(WORK, begun=True, prompt='say "x"\n</script> ')
    launch = agent("opencode").launch(work, "/r")
    assert launch.argv[-2:] == ("--session", "c-1")
    said = f"const PROMPT = {json.dumps(work.prompt)}\n"
    assert said in launch.files["opencode-plugin.js"]
    assert 'const SESSION = "c-1"' in launch.files["opencode-plugin.js"]
    fresh = agent("opencode").launch(WORK, "/r")
    assert fresh.argv[-1] == "--prompt=do it"
    assert 'const SESSION = ""' in fresh.files["opencode-plugin.js"]


def test_an_interrupted_turn_of_opencode() -> None:
    """It waits for what to do instead."""
    facts = folded("opencode", *EVENTS["opencode"][:4], {"type": "idle", "sessionID": "s-1"})
    assert facts.ask is not None
    assert "interrupted" in facts.ask.text


def test_a_screen_tells_what_a_status_means() -> None:
    """The request to end an agent that cannot go on says it with its status."""
    text = "The caller does not have permission (status 403)"
    stop = StopRequest("controller", TROUBLED, text)
    result = agent("gemini").judge(Exit(Cause.STOP, NOW, stop=stop), None, NO_FACTS)
    assert (result.ending, result.reason) == (Ending.HELD, "AuthFailed")


ANSWERS = {
    "codex": ("codex-0.169.0-permission", "codex-0.169.0-working", "1"),
    "gemini": ("gemini-0.61.0-permission", "gemini-0.61.0-working", "1"),
    "opencode": ("opencode-1.18.33-permission", "opencode-1.18.33-working", "Enter"),
    "qwen": ("qwen-0.24.4-permission", "qwen-0.24.4-working", "1"),
}


@pytest.mark.parametrize("name", NAMES)
def test_answers(name: str) -> None:
    """A yes is a key, all else closes the dialog and is told; nothing is typed into its work."""
    one = screened(name)
    dialog, working, yes = ANSWERS[name]
    assert one.approach(screen(dialog), " Yes ") == Approach((yes,))
    assert one.approach(screen(dialog), "not that") == Approach(("Escape",), "not that")
    assert one.approach("", "/quit") == Approach(text="My answer: /quit")
    with pytest.raises(AgentError) as busy:
        one.approach(screen(working), "blue")
    assert busy.value.reason == BUSY


def test_what_only_a_terminal_decides() -> None:
    """No text answers it."""
    with pytest.raises(AgentError, match="only at its terminal"):
        screened("codex").approach(screen("codex-0.169.0-trust-hooks"), "yes")


def test_hooks_of_gemini_call_nothing_without_a_terminal(tmp_path: Path) -> None:
    """They stand in its home, for all its runs; what they call is in a run's environment."""
    one = agent("gemini", home=tmp_path)
    one.seed(WORK, {})
    settings = json.loads((tmp_path / ".gemini" / "settings.json").read_text())
    command = settings["hooks"]["AfterAgent"][0]["hooks"][0]["command"]
    environment = one.launch(WORK, "/r").environment
    called = {"SIDEKICK_HOOK": f"cat >{tmp_path}/told"}
    assert "shim/hook.py" in environment["SIDEKICK_HOOK"]
    for more in ({}, called):
        subprocess.run(["sh", "-c", command], input=b"{}", env=more, check=True, timeout=10)
    assert (tmp_path / "told").read_text() == "{}"
    headless = agent("gemini", home=tmp_path / "other", mode=Mode.HEADLESS)
    headless.seed(WORK, {})
    assert "hooks" not in json.loads((tmp_path / "other/.gemini/settings.json").read_text())


@given(st.sampled_from(NAMES), st.text() | st.text("│╭✕ >✦△■•\n(esc)"), st.text())
def test_nothing_is_raised(name: str, shown: str, text: str) -> None:
    """Whatever a screen shows, facts come out, and an answer or why it cannot be given."""
    one = screened(name)
    assert one.look(NO_FACTS, shown).message == one.look(NO_FACTS, shown).message.strip()
    with suppress(AgentError):
        assert isinstance(one.approach(shown, text), Approach)


def test_all_permissions_still_ask_nothing() -> None:
    """`all` needs no dialog anywhere."""
    launch = agent("codex", permission=Permission.ALL).launch(WORK, "/r")
    assert 'approval_policy="never"' in launch.argv
