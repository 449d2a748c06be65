"""Codex: its command line, its home, and what its events and last words mean."""

import json
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.agents.base import Mode, Options, Permission
from controller.agents.codex import VENDOR, Codex
from controller.core.exits import Cause, Exit
from controller.core.facts import NO_FACTS, Facts, Trouble, Usage
from controller.core.observed import Ending, Words
from controller.core.workload import Workload

STREAMS = Path(__file__).parent / "streams"
THREAD = "01a20a0c-1119-7b22-8218-7df4ee6516f2"
NOW = datetime(2026, 11, 23, 20, 15, tzinfo=UTC)
WORK = Workload("App", "app", "codex", "", "do it", '/w/"ä" b', Words("digest"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ITEMS = ["agent_message", "command_execution", "file_change", "mcp_tool_call", "web_search"]
KINDS = ["thread.started", "turn.started", "item.started", "item.completed", "error",
         "turn.completed", "turn.failed"]  # fmt: skip


def codex(**changes: Any) -> Codex:
    """Codex with some settings."""
    return Codex(Options(**{"name": "codex", "program": "codex", "home": Path("/h"), **changes}))


def folded(scenario: str, facts: Facts = NO_FACTS) -> Facts:
    """The facts of a stream that the real program printed."""
    path = STREAMS / f"codex-0.169.0-{scenario}.jsonl"
    for line in path.read_text(encoding="utf-8").splitlines():
        facts = codex().read(facts, json.loads(line))
    return facts


def settings(argv: tuple[str, ...]) -> dict[str, Any]:
    """What `-c` sets, read as Codex does: as TOML."""
    pairs = (argv[i + 1].partition("=") for i, each in enumerate(argv) if each == "-c")
    return {name: tomllib.loads(f"value = {value}")["value"] for name, _, value in pairs}


def test_a_fresh_headless_run() -> None:
    """The prompt is the last argument; the sandbox lets it edit its folder and report."""
    launch = codex().launch(WORK, "/runs/1")
    assert launch.argv[:5] == ("codex", "exec", "--json", "--skip-git-repo-check", "--add-dir")
    assert launch.argv[5] == "/runs/1"
    assert launch.argv[-2:] == ("--", "do it")
    assert launch.environment["CODEX_HOME"] == "/h"
    given = settings(launch.argv)
    assert (given["sandbox_mode"], given["approval_policy"]) == ("workspace-write", "never")
    assert given["projects"] == {WORK.folder: {"trust_level": "trusted"}}
    assert not given["analytics.enabled"]
    assert "model_provider" not in given


def test_a_conversation_goes_on() -> None:
    """It is resumed by its id; an interrupted one is told to go on, a changed prompt is said."""
    begun = replace(WORK, conversation=THREAD, begun=True)
    launch = codex().launch(begun, "/r")
    assert launch.argv[-4:] == ("resume", THREAD, "--", "do it")
    resumed = replace(begun, resume=True)
    assert codex().launch(resumed, "/r").argv[-2:] == ("--", "continue")
    assert "resume" not in codex().launch(replace(WORK, begun=True), "/r").argv


def test_interactive() -> None:
    """On a terminal it asks, leaves no daemon, and its hooks tell of it."""
    launch = codex(mode=Mode.INTERACTIVE).launch(WORK, "/r")
    assert launch.hooks
    hooks = settings(launch.argv)["hooks"]
    assert "shim/hook.py" in hooks["Stop"][0]["hooks"][0]["command"]
    assert "hooks" not in settings(codex().launch(WORK, "/r").argv)
    assert launch.argv[:2] == ("codex", "--no-daemon")
    assert settings(launch.argv)["approval_policy"] == "on-request"
    assert launch.stream is None


@pytest.mark.parametrize(
    ("permission", "sandbox"),
    [(Permission.PLAN, "read-only"), (Permission.ALL, "danger-full-access")],
)
def test_permissions(permission: Permission, sandbox: str) -> None:
    """Permissions are its sandbox; only one that may edit is given the run's folder."""
    argv = codex(permission=permission).launch(WORK, "/r").argv
    assert settings(argv)["sandbox_mode"] == sandbox
    assert "--add-dir" not in argv


def test_the_provider() -> None:
    """A key or an address makes a provider; without them the login in its home counts."""
    own = settings(codex(base_url="http://x/v1").launch(WORK, "/r").argv)
    assert own["model_providers.sidekick"]["base_url"] == "http://x/v1"
    assert own["model_providers.sidekick"]["env_key"] == "OPENAI_API_KEY"
    by_key = settings(codex(inherit=("CODEX_API_KEY",)).launch(WORK, "/r").argv)
    assert by_key["model_providers.sidekick"]["env_key"] == "CODEX_API_KEY"
    assert by_key["model_providers.sidekick"]["base_url"] == VENDOR


@given(st.text(), st.text(min_size=1))
def test_texts_are_texts(preamble: str, folder: str) -> None:
    """Whatever a preamble or a folder's name holds, Codex reads it as it is."""
    work = replace(WORK, folder=folder)
    given = settings(codex(preamble=f"x{preamble}").launch(work, "/r").argv)
    assert given["developer_instructions"] == f"x{preamble}"
    assert list(given["projects"]) == [folder]


def test_seeding(tmp_path: Path) -> None:
    """Only our own file of rules is written, and goes when nothing is allowed any more."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text("model = 'mine'\n")
    allowing = codex(home=home, allow=("npm test", "make 'a b'"))
    allowing.seed(WORK, {})
    rules = home / "rules" / "sidekick.rules"
    before = rules.stat()
    assert rules.read_text().splitlines() == [
        'prefix_rule(pattern=["npm", "test"], decision="allow")',
        'prefix_rule(pattern=["make", "a b"], decision="allow")',
    ]
    allowing.seed(WORK, {})
    assert rules.stat() == before
    codex(home=home).seed(WORK, {})
    assert sorted(path.name for path in home.iterdir()) == ["config.toml", "rules"]
    assert not rules.exists()
    assert (home / "config.toml").read_text() == "model = 'mine'\n"


def test_work() -> None:
    """Steps are counted and shown; the end of the turn tells what was spent."""
    facts = folded("work")
    assert (facts.ended, facts.ok, facts.working, facts.trouble) == (True, True, False, None)
    assert (facts.conversation, facts.steps, facts.doing) == (THREAD, 3, "Run: false")
    assert facts.said == "All done.\\nTwo lines."
    assert (facts.usage, facts.whole) == (Usage(55780, 0, 61), True)
    assert facts.denied == ()


def test_a_refused_command_is_told() -> None:
    """What the sandbox refused is known, though the turn went well."""
    assert folded("denied").denied == ("Run: sleep 0.5; touch /home/no",)


def test_a_step_under_way() -> None:
    """While a command runs, it is shown without the shell around it."""
    command = "/bin/bash -lc 'echo '\\''a'\\'''"
    item = {"type": "command_execution", "command": command}
    begun = {"type": "item.started", "item": item}
    assert codex().read(NO_FACTS, begun).doing == "Run: echo 'a'"


TROUBLES = {
    "rate-limit": Trouble.RATE,
    "usage-limit": Trouble.LIMIT,
    "usage-limit-days": Trouble.LIMIT,
    "usage-limit-open": Trouble.LIMIT,
    "unauthorized": Trouble.AUTH,
    "forbidden": Trouble.AUTH,
    "no-key": Trouble.AUTH,
    "billing": Trouble.CREDIT,
    "overloaded": Trouble.OVERLOADED,
    "server-error": Trouble.OVERLOADED,
    "broken": Trouble.OFFLINE,
    "malformed": Trouble.OFFLINE,
    "offline": Trouble.OFFLINE,
}


@pytest.mark.parametrize(("scenario", "trouble"), TROUBLES.items(), ids=TROUBLES)
def test_troubles(scenario: str, trouble: Trouble) -> None:
    """Each way to fail is told from the others by the program's own words."""
    facts = folded(scenario)
    assert (facts.trouble, facts.ended, facts.ok, facts.retrying) == (trouble, True, False, False)
    assert facts.message


@pytest.mark.parametrize("scenario", ["rate-limit-short", "unknown-model"])
def test_a_trouble_that_passed(scenario: str) -> None:
    """What it got over by itself, or only warns of, leaves no trouble."""
    facts = folded(scenario)
    assert (facts.ok, facts.trouble, facts.retrying, facts.message) == (True, None, False, "")


def test_retrying() -> None:
    """While it tries again, the trouble is not the end."""
    error = {"type": "error", "message": "Reconnecting... 1/2 (Connection failed: x)"}
    facts = codex().read(NO_FACTS, error)
    assert (facts.trouble, facts.retrying) == (Trouble.OFFLINE, True)
    assert facts.message == "Connection failed: x"


def test_the_end_of_a_limit() -> None:
    """It is told to the minute, of today or of another day, or not at all."""
    end = Exit(Cause.EXIT, NOW, 1)
    untils = [
        codex().judge(end, None, folded(scenario)).until
        for scenario in ("usage-limit", "usage-limit-days", "usage-limit-open")
    ]
    assert untils == [
        NOW.replace(hour=20, minute=57), NOW.replace(day=26, hour=20, minute=29), None,
    ]  # fmt: skip
    late = Exit(Cause.EXIT, NOW.replace(hour=22), 1)
    assert codex().judge(late, None, folded("usage-limit")).until == NOW.replace(
        day=24, hour=20, minute=57
    )


@pytest.mark.parametrize(
    ("said", "after"),
    [
        ("try again in 3 days 4 hours 5 minutes.", timedelta(days=3, hours=4, minutes=6)),
        ("try again in 1 hour", timedelta(hours=1, minutes=1)),
        ("try again at Feb 30th, 2027 1:00 PM", None),
    ],
)
def test_other_words_of_a_limit(said: str, after: timedelta | None) -> None:
    """Spans, as other versions tell them, count too; a day that is none tells nothing."""
    event = {"type": "error", "message": f"You've hit your usage limit, {said}"}
    facts = codex().read(Facts(at=NOW), event)
    assert facts.trouble is Trouble.LIMIT
    assert facts.until == (None if after is None else NOW + after)


def test_last_words() -> None:
    """What is told on standard error alone counts: a lost conversation, a refused patch."""
    lost = "Error: thread/resume: thread/resume failed: no rollout found for thread id x"
    result = codex().judge(Exit(Cause.EXIT, NOW, 1, tail=("{}", lost)), None, NO_FACTS)
    assert (result.ending, result.reason) == (Ending.FORGOTTEN, "ConversationLost")

    rejected = "ERROR codex_core: error=patch rejected: writing outside of the project; rejected"
    end = Exit(Cause.EXIT, NOW, 0, tail=(f"{rejected} by user approval settings",))
    result = codex().judge(end, None, Facts(ended=True, ok=True))
    assert (result.ending, result.reason) == (Ending.WAITING, "PermissionDenied")
    assert "writing outside of the project" in result.message


def test_an_end_without_words() -> None:
    """A stream that broke off is no success, and an event is no last word for a person."""
    facts = codex().read(NO_FACTS, {"type": "turn.started"})
    end = Exit(Cause.EXIT, NOW, 143, tail=("oh dear", '{"type":"turn.started"}'))
    assert codex().judge(end, None, facts).message == "exit status 143: oh dear"
    assert codex().judge(Exit(Cause.EXIT, NOW, 0), None, facts).reason == "NoResult"


@given(st.fixed_dictionaries({"type": st.sampled_from(KINDS) | JSON}, optional={
    "thread_id": JSON, "message": JSON, "error": JSON | st.fixed_dictionaries({"message": JSON}),
    "usage": JSON | st.dictionaries(st.sampled_from(["input_tokens", "output_tokens"]), JSON),
    "item": JSON | st.fixed_dictionaries({"type": st.sampled_from(ITEMS)}, optional={
        "text": JSON, "command": JSON, "changes": JSON, "status": st.just("failed") | JSON,
        "aggregated_output": JSON, "server": JSON, "tool": JSON, "query": JSON}),
}))  # fmt: skip
def test_nothing_is_raised(event: dict[str, Any]) -> None:
    """Whatever an event holds, facts come out, and all their texts can be written."""
    facts = codex().read(Facts(at=NOW), event)
    " ".join((facts.conversation, facts.doing, facts.said, facts.message)).encode()
    assert facts.usage.tokens >= 0
