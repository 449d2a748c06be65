"""What Claude Code's hooks tell: streams of the real program, as our hook program kept them."""

import json
import shlex
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.agents.claude_hooks import HOOKS, hook_settings, read_hook
from controller.core.facts import NO_FACTS, Ask, Asking, Facts, Trouble

STREAMS = Path(__file__).parent / "streams"
NOW = datetime(2026, 11, 23, 20, 15, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def steps(scenario: str) -> list[Facts]:
    """The facts after each event of a stream that the real program told."""
    path = STREAMS / f"claude-2.1.330-hooks-{scenario}.jsonl"
    found, facts = [], NO_FACTS
    for line in path.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        at = datetime.fromtimestamp(told["at"], UTC)
        facts = read_hook(replace(facts, at=at), told["event"])
        found.append(facts)
    return found


def hook(name: str, **fields: Any) -> dict[str, Any]:
    """An event."""
    return {"hook_event_name": name, **fields}


def told(*events: dict[str, Any], at: datetime = NOW) -> Facts:
    """The facts of some events, a second apart."""
    facts = NO_FACTS
    for number, event in enumerate(events):
        facts = read_hook(replace(facts, at=at + timedelta(seconds=number)), event)
    return facts


PROMPT = hook("UserPromptSubmit", prompt="do it")
ASKED = hook("PermissionRequest", tool_name="Bash", tool_input={"command": "rm x"})
OVER = hook("Stop", last_assistant_message="Which one?", background_tasks=[])


def test_a_turn() -> None:
    """Begun, at work with its steps, and over: then a person says how it goes on."""
    facts = steps("work")
    first = next(each for each in facts if each.working)
    assert first.turn_at == first.at
    doing = [each.doing for each in facts if each.doing]
    assert doing[0] == "Write: /home/app/hello.txt"
    last = facts[-1]
    assert (last.working, last.ended, last.ok, last.steps) == (False, True, True, 1)
    assert last.said == "All done."
    assert last.ask == Ask(Asking.QUESTION, "All done.")
    assert last.ask.at is not None
    assert last.model == "claude-opus-5-5"
    assert len(last.conversation) == 36


def test_a_permission() -> None:
    """It is asked at once, and over as soon as the step is done."""
    facts = steps("permission")
    [asked] = [each for each in facts if each.ask and each.ask.kind is Asking.PERMISSION]
    assert asked.ask is not None
    assert asked.ask.text.startswith("may it do this? Bash: python3 -c 1")
    after = facts[facts.index(asked) + 1]
    assert (after.ask, after.working) == (None, True)


def test_a_question() -> None:
    """With its choices; the answer lets it go on."""
    facts = steps("question")
    asked = next(each for each in facts if each.ask)
    assert asked.ask == Ask(Asking.QUESTION, "Which colour? (Yes / No)")
    assert any(each.ask is None for each in facts[facts.index(asked) :])


TROUBLES = {
    "auth": (Trouble.AUTH, "Invalid API key"),
    "login": (Trouble.AUTH, "Not logged in"),
    "credit": (Trouble.CREDIT, "Credit balance is too low"),
    "limit-key": (Trouble.LIMIT, "API Error: Request rejected (429)"),
    "limit-5-hour": (Trouble.LIMIT, "You've hit your 5-hour limit"),
    "limit-weekly": (Trouble.LIMIT, "You've hit your weekly limit"),
    "refused": (Trouble.OFFLINE, "API Error: Connection refused"),
    "server-error": (Trouble.OVERLOADED, "API Error: 500 Internal server error"),
}


@pytest.mark.parametrize(("scenario", "expected"), TROUBLES.items(), ids=TROUBLES)
def test_troubles(scenario: str, expected: tuple[Trouble, str]) -> None:
    """Why it could not go on, in its words; the news that it is idle since is none."""
    last = steps(scenario)[-1]
    assert last.trouble is expected[0]
    assert last.message.startswith(expected[1])
    assert (last.working, last.retrying, last.ended, last.ok, last.ask) == (
        False, False, True, False, None,
    )  # fmt: skip


@pytest.mark.parametrize(("scenario", "hours"), [("limit-5-hour", 2), ("limit-weekly", 50)])
def test_until_when(scenario: str, hours: int) -> None:
    """The reset that the service told, to the minute."""
    last = steps(scenario)[-1]
    failed = next(each for each in steps(scenario) if each.trouble)
    assert last.until is not None
    assert failed.at is not None
    told = last.until - failed.at - timedelta(hours=hours)
    assert timedelta(0) < told <= timedelta(minutes=1)


def test_costs() -> None:
    """The status line tells what the whole conversation cost, also after it was resumed."""
    last = steps("cost")[-1]
    assert last.usage.dollars == pytest.approx(0.0391)
    assert last.whole
    assert last.model == "claude-sonnet-5-5"


def test_a_new_turn_ends_what_was_before() -> None:
    """A trouble, a question and what was said of them."""
    failed = hook("StopFailure", error="rate_limit", last_assistant_message="hit your limit")
    facts = told(PROMPT, failed, PROMPT)
    assert (facts.trouble, facts.message, facts.until, facts.working) == (None, "", None, True)
    assert told(PROMPT, OVER, PROMPT).ask is None
    assert told(PROMPT, OVER, PROMPT).turn_at == NOW + timedelta(seconds=2)


def test_who_waits_in_the_background_is_not_done() -> None:
    """A task that it began goes on, and then it does itself."""
    facts = told(PROMPT, hook("Stop", background_tasks=[{"id": "1"}]))
    assert (facts.working, facts.ask) == (True, None)


def test_a_notification_is_news_only_where_nothing_else_told() -> None:
    """It comes late, and again."""
    idle = hook("Notification", notification_type="idle_prompt", message="waiting for your input")
    prompt = hook("Notification", notification_type="permission_prompt", message="your permission")
    assert told(PROMPT, ASKED, prompt).ask == told(PROMPT, ASKED).ask
    assert told(PROMPT, OVER, idle).ask == Ask(Asking.QUESTION, "Which one?")
    assert told(PROMPT, prompt).ask == Ask(Asking.PERMISSION, "your permission")
    assert told(PROMPT, idle).ask == Ask(Asking.QUESTION, "waiting for your input")
    assert told(PROMPT, hook("Notification", notification_type="auth_success")).ask is None


def test_a_cleared_conversation_is_another() -> None:
    """A person may begin anew; it is that one that is resumed."""
    facts = told(
        hook("SessionStart", session_id="a"), hook("SessionEnd", reason="clear"),
        hook("SessionStart", session_id="b", source="clear"),
    )  # fmt: skip
    assert facts.conversation == "b"


@given(st.dictionaries(st.sampled_from(["hook_event_name", "tool_name", "tool_input", "error",
                                        "last_assistant_message", "cost", "notification_type"]),
                       st.sampled_from([*HOOKS, "x"]) | JSON))  # fmt: skip
def test_nothing_is_raised(event: dict[str, Any]) -> None:
    """Whatever an event holds, facts come out that can be kept."""
    facts = read_hook(replace(NO_FACTS, at=NOW), event)
    facts.message.encode()
    facts.said.encode()
    if facts.ask:
        facts.ask.text.encode()


def test_every_hook_calls_our_program(tmp_path: Path) -> None:
    """With a Python of ours that reads no site-packages; called so, it keeps the event."""
    settings = json.loads(hook_settings({"more": True}))
    assert settings["more"] is True
    assert set(settings["hooks"]) == set(HOOKS)
    calls = {settings["hooks"][name][0]["hooks"][0]["command"] for name in HOOKS}
    assert calls == {settings["statusLine"]["command"]}
    (tmp_path / "spec.json").touch()
    done = subprocess.run(
        shlex.split(calls.pop()), input=b'{"hook_event_name": "Stop"}', timeout=20, check=True,
        capture_output=True, env={"SIDEKICK_RUN_DIR": str(tmp_path)},
    )  # fmt: skip
    assert (done.stdout, done.stderr) == (b"", b"")
    kept = json.loads((tmp_path / "stream.jsonl").read_text())
    assert kept["event"] == {"hook_event_name": "Stop"}
    assert sys.executable in settings["statusLine"]["command"]
