"""Streams as the real programs printed them, folded into facts."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.agents import claude_hooks, codex_events, gemini_hooks
from controller.agents.claude_stream import read_claude
from controller.agents.gemini_stream import read_gemini
from controller.agents.opencode_stream import read_opencode
from controller.core.facts import NO_FACTS, Ask, Asking, Facts, Trouble, Usage

Fold = Callable[[Facts, dict[str, Any]], Facts]
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
STREAMS = Path(__file__).parent / "streams"
FOLDS: dict[str, Fold] = {
    "claude": read_claude,
    "gemini": read_gemini,
    "opencode": read_opencode,
    "qwen": read_claude,
}


def fold(name: str, most: int | None = None) -> Facts:
    """The facts of a captured stream; its lines are as the shim keeps them."""
    facts = NO_FACTS
    for line in (STREAMS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()[:most]:
        entry = json.loads(line)
        at = datetime.fromtimestamp(entry["at"], UTC)
        facts = FOLDS[name.partition("-")[0]](replace(facts, at=at), entry["event"])
    return facts


def stream(name: str) -> tuple[datetime, Facts]:
    """When a captured stream ended, and its facts."""
    facts = fold(name)
    assert facts.at is not None
    return facts.at, facts


WORKED = {
    "claude-2.1.330-work": ("Write: /work/hello.txt", "Bash: touch x; python3 -V"),
    "gemini-0.61.0-work": ("write_file: /work/hello.txt", "run_shell_command: touch x"),
    "opencode-1.18.33-work": ("write: /work/hello.txt", "bash: touch x"),
    "qwen-0.24.4-work": ("write_file: /work/hello.txt", "run_shell_command: touch x"),
}


@pytest.mark.parametrize("name", WORKED)
def test_work(name: str) -> None:
    """A file was written, one command was allowed, the next one not; then it said a word."""
    first, last = WORKED[name]
    facts = fold(name)
    assert facts.steps == 3
    assert facts.doing == last
    assert facts.denied == (last,)
    assert facts.said == "it is done"
    assert (facts.ended, facts.ok, facts.working) == (True, True, False)
    assert facts.trouble is None
    assert len(facts.conversation) >= 20
    assert facts.usage.fresh > 1000
    assert 10 < facts.usage.output < 1000
    assert (facts.usage.dollars is not None) == facts.whole == name.startswith("claude")
    doing = [fold(name, most).doing for most in range(20)]
    assert first in doing


@pytest.mark.parametrize("name", ["claude-2.1.330-work", "qwen-0.24.4-work"])
def test_what_was_spent_so_far(name: str) -> None:
    """Each message counts once, so that a budget holds, and a run that is killed is charged."""
    whole = fold(name)
    steps = [fold(name, most).usage.fresh for most in range(20)]
    seen = sorted({fresh for fresh in steps if fresh})
    assert len(seen) >= 4
    assert steps == sorted(steps)
    assert seen[-1] == whole.usage.fresh
    assert seen[-2] >= 0.7 * whole.usage.fresh


@pytest.mark.parametrize("name", WORKED)
def test_before_the_end(name: str) -> None:
    """A stream that breaks off anywhere tells no end."""
    count = len((STREAMS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())
    for most in range(count):
        facts = fold(name, most)
        assert (facts.ended, facts.ok) == (False, False)
        assert facts.working == bool(facts.conversation)


TROUBLES = {
    "claude-2.1.330-limit": (Trouble.LIMIT, "You've hit your 5-hour limit · resets 9:11pm (UTC)"),
    "claude-2.1.330-auth": (Trouble.AUTH, "Invalid API key · Fix external API key"),
    "claude-2.1.330-credit": (Trouble.CREDIT, "Credit balance is too low"),
    "gemini-0.61.0-limit": (
        Trouble.LIMIT,
        "You have exhausted your capacity on this model. Your quota will reset after 3000s.",
    ),
    "gemini-0.61.0-rate": (
        Trouble.RATE,
        "Resource has been exhausted (e.g. check quota).\nSuggested retry after 7s.",
    ),
    "gemini-0.61.0-auth": (Trouble.AUTH, "API key not valid. Please pass a valid API key."),
    "gemini-0.61.0-overloaded": (
        Trouble.OVERLOADED,
        "The model is overloaded. Please try again later.",
    ),
    "gemini-0.61.0-broken": (Trouble.OFFLINE, "terminated"),
    "opencode-1.18.33-limit": (Trouble.LIMIT, "The usage limit has been reached"),
    "opencode-1.18.33-auth": (Trouble.AUTH, "Incorrect API key provided."),
    "qwen-0.24.4-auth": (Trouble.AUTH, "[API Error: 401 Incorrect API key provided.]"),
    "qwen-0.24.4-limit": (
        Trouble.LIMIT,
        "[API Error: 429 The usage limit has been reached]\nPossible quota limitations in place "
        "or slow response times detected. Please wait and try again later.",
    ),
}
UNTIL = {
    "claude-2.1.330-limit": 3000,
    "gemini-0.61.0-limit": 3000,
    "gemini-0.61.0-rate": 7,
    "opencode-1.18.33-limit": 3000,
}
"""Seconds from the end of the stream, where the end of the trouble is told."""


@pytest.mark.parametrize("name", TROUBLES)
def test_trouble(name: str) -> None:
    """Why it could not go on, in the service's words, and until when where that was said."""
    at, facts = stream(name)
    trouble, message = TROUBLES[name]
    assert (facts.trouble, facts.message) == (trouble, message)
    assert not facts.ok
    if name not in UNTIL:
        assert facts.until is None
    else:
        assert facts.until is not None
        assert abs((facts.until - at).total_seconds() - UNTIL[name]) < 10


@pytest.mark.parametrize(
    ("name", "trouble"),
    [
        ("claude-2.1.330-again", Trouble.OVERLOADED),
        ("opencode-1.18.33-again", Trouble.RATE),
    ],
)
def test_trying_again(name: str, trouble: Trouble) -> None:
    """While it tries again, it says why; after that all is well."""
    tries = [facts for most in range(20) if (facts := fold(name, most)).retrying]
    assert {facts.trouble for facts in tries} == {trouble}
    facts = fold(name)
    assert (facts.ok, facts.retrying, facts.trouble, facts.until) == (True, False, None, None)
    assert facts.said == "ok"


def test_a_service_that_claude_does_not_reach() -> None:
    """It calls a refused connection `unknown`, without a status, as long as it tries again."""
    name = "claude-2.1.330-offline"
    tries = [facts for most in range(20) if (facts := fold(name, most)).retrying]
    told = {(facts.trouble, facts.message) for facts in tries}
    assert told == {(Trouble.OFFLINE, "no answer from the service")}


def test_a_denied_question_is_asked() -> None:
    """Headless, Claude Code refuses itself the tool for questions: the person is asked instead."""
    denial = {
        "tool_name": "AskUserQuestion",
        "tool_input": {"questions": [{"question": "Which one?", "options": []}]},
    }
    other = {"tool_name": "Bash", "tool_input": {"command": "rm x"}}
    event = {"type": "result", "is_error": False, "permission_denials": [denial, other]}
    facts = read_claude(replace(NO_FACTS, at=NOW), event)
    assert facts.ask == Ask(Asking.QUESTION, "Which one?")
    assert facts.denied == ("Bash: rm x",)


RESULTS = {
    "turns": ({"subtype": "error_max_turns", "errors": ["Reached maximum number of turns (1)"]},
              Trouble.TURNS, "Reached maximum number of turns (1)"),
    "budget": ({"subtype": "error_max_budget_usd", "errors": []}, Trouble.BUDGET, "BudgetExceeded"),
    "lost": ({"subtype": "error_during_execution", "errors": ["No conversation found with session "
              "ID: 1"]}, Trouble.CONVERSATION, "No conversation found with session ID: 1"),
    "a model that is not there": (
        {"subtype": "success", "api_error_status": 404, "result": "There's an issue"},
        Trouble.REQUEST, "There's an issue"),
    "a lost connection": (
        {"subtype": "success", "api_error": "connection_failed", "result": "API Error: lost"},
        Trouble.OFFLINE, "API Error: lost"),
    "overloaded": (
        {"subtype": "success", "api_error_status": 529, "result": "API Error: 529 Overloaded."},
        Trouble.OVERLOADED, "API Error: 529 Overloaded."),
    "nothing said": ({}, Trouble.ERROR, "AgentError"),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "trouble", "message"), RESULTS.values(), ids=RESULTS)
def test_results_of_claude(fields: dict[str, object], trouble: Trouble, message: str) -> None:
    """`is_error` tells that it failed, whatever `subtype` says; the other fields tell why."""
    facts = read_claude(NO_FACTS, {"type": "result", "is_error": True, **fields})
    assert (facts.trouble, facts.message, facts.ok) == (trouble, message, False)
    assert facts.ended


def test_an_aborted_turn_is_not_well() -> None:
    """A turn that somebody interrupted is no error, and not done either."""
    event = {"type": "result", "is_error": False, "terminal_reason": "aborted_streaming"}
    assert not read_claude(NO_FACTS, event).ok


def test_a_turn_after_a_trouble_begins_anew() -> None:
    """What was said of an earlier turn does not hold for the next one."""
    before = replace(
        NO_FACTS, denied=("x",), trouble=Trouble.RATE, message="m", until=NOW, ended=True, ok=True
    )
    for name, read in FOLDS.items():
        if name != "opencode":
            kind = {"type": "init"} if name == "gemini" else {"type": "system", "subtype": "init"}
            facts = read(before, {**kind, "session_id": "c", "model": "m"})
            assert facts == Facts(conversation="c", model="m", working=True)


def test_what_a_limit_of_money_is() -> None:
    """More that is paid for is no limit; a window that is only nearly used up is none either."""
    for told in ({"status": "rejected", "isUsingOverage": True}, {"status": "allowed_warning"}):
        assert (
            read_claude(NO_FACTS, {"type": "rate_limit_event", "rate_limit_info": told}) == NO_FACTS
        )


def test_usage_of_qwen() -> None:
    """It counts tokens from the cache among those that it read."""
    usage = {"input_tokens": 10, "cache_read_input_tokens": 4, "output_tokens": 3}
    usage["total_tokens"] = 13
    facts = read_claude(NO_FACTS, {"type": "result", "is_error": False, "usage": usage})
    assert facts.usage == Usage(6, 4, 3)


def test_several_results() -> None:
    """Helpers in the background bring Claude Code another turn: its last result counts, once."""

    def result(said: str, dollars: float) -> dict[str, Any]:
        return {"type": "result", "result": said, "is_error": False, "total_cost_usd": dollars}

    said = {"type": "assistant", "message": {"content": [{"type": "text", "text": "Back."}]}}
    helper = {**said, "parent_tool_use_id": "toolu_1"}
    facts = read_claude(NO_FACTS, {"type": "system", "subtype": "init", "session_id": "c-1"})
    facts = read_claude(facts, result("The helper is at it.", 0.25))
    assert (facts.ended, facts.ok, facts.working) == (True, True, False)
    facts = read_claude(facts, helper)
    assert (facts.ended, facts.ok, facts.said) == (True, True, "The helper is at it.")
    facts = read_claude(facts, said)
    assert (facts.ended, facts.ok, facts.working) == (False, False, True)
    facts = read_claude(facts, result("All is done.", 0.75))
    assert (facts.ended, facts.ok, facts.said) == (True, True, "All is done.")
    assert (facts.usage.dollars, facts.whole) == (0.75, True)


def test_a_path_that_gemini_may_not_write() -> None:
    """Its tools call that an error of their parameters; it is refused work all the same."""
    call = {"type": "tool_use", "tool_name": "write_file", "parameters": {"file_path": "/etc/x"}}
    outside = {
        "type": "tool_result",
        "tool_id": "write_file__write_file_1_0",
        "status": "error",
        "output": 'Path not in workspace: Attempted path "/etc/x" resolves outside the allowed',
        "error": {"type": "invalid_tool_params", "message": "Path not in workspace: …"},
    }
    facts = read_gemini(read_gemini(NO_FACTS, call), outside)
    assert facts.denied == ("write_file: /etc/x",)
    missing = {**outside, "output": "File not found."}
    assert read_gemini(read_gemini(NO_FACTS, call), missing).denied == ()


_KEYS = (
    "type subtype message content role delta error data part state tokens cache reason status "
    "stats session_id sessionID timestamp permission_denials tool_name tool_input questions usage "
    "rate_limit_info resetsAt errors result is_error responseBody responseHeaders retry-after next "
    "severity api_error_status retry_delay_ms error_status total_cost_usd input_tokens"
)
_WORDS = (
    "system init api_retry permission_denied assistant user rate_limit_event result message "
    "tool_use tool_result error step_start text step_finish retry rejected success \ud800"
)
KEYS = st.sampled_from(_KEYS.split())
WORDS = st.sampled_from(_WORDS.split())
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | WORDS
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(), inner, max_size=5)
    ),
    max_leaves=20,
)
events = st.dictionaries(KEYS, anything, max_size=8).flatmap(
    lambda event: WORDS.map(lambda word: {**event, "type": word})
)


@pytest.mark.parametrize("name", FOLDS)
@given(found=st.lists(events, max_size=4))
def test_any_event(name: str, found: list[dict[str, Any]]) -> None:
    """Whatever a program prints, nothing is raised, and the facts can be written down."""
    facts = replace(NO_FACTS, at=NOW)
    for event in found:
        facts = FOLDS[name](facts, event)
    assert isinstance(facts, Facts)
    "".join((facts.said, facts.doing, facts.message, facts.conversation, *facts.denied)).encode()


REFUSALS: dict[str, Callable[[int], list[dict[str, Any]]]] = {
    "claude": lambda n: [
        {"type": "assistant", "message": {"content": [
            {"type": "tool_use", "name": "Bash", "input": {"command": f"step {n}"}}]}},
        {"type": "system", "subtype": "permission_denied", "tool_name": "Bash"},
    ],
    "gemini": lambda n: [
        {"type": "tool_use", "tool_name": "Bash", "parameters": {"command": f"step {n}"}},
        {"type": "tool_result", "tool_id": "Bash__1", "error": {"type": "policy_violation"}},
    ],
    "opencode": lambda n: [
        {"type": "tool_use", "part": {"tool": "Bash", "state": {
            "input": {"command": f"step {n}"}, "error": "The user rejected it"}}},
    ],
    "codex": lambda n: [
        {"type": "item.completed", "item": {
            "type": "command_execution", "status": "declined", "command": f"step {n}"}},
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_an_agent_that_is_refused_without_end(name: str) -> None:
    """Each step is told once, and only the first ones: what is known of a run stays small."""
    read: Fold = {**FOLDS, "codex": codex_events.fold}[name]
    facts = NO_FACTS
    for n in (0, 0, *range(100)):
        for event in REFUSALS[name](n):
            facts = read(facts, event)
    tool = "Run" if name == "codex" else "Bash"
    assert facts.denied == tuple(f"{tool}: step {n}" for n in range(20))


def test_a_result_that_tells_refusals_without_end() -> None:
    """They take the place of those that were told before; no more of them are kept."""
    denials = [{"tool_name": "Bash", "tool_input": {"command": f"step {n}"}} for n in range(100)]
    event = {"type": "result", "is_error": False, "permission_denials": [*denials, *denials]}
    facts = read_claude(replace(NO_FACTS, denied=("before",)), event)
    assert facts.denied == tuple(f"Bash: step {n}" for n in range(20))


ALL_READS: dict[str, Fold] = {
    **FOLDS,
    "codex": codex_events.fold,
    "claude hook": claude_hooks.read_hook,
    "gemini hook": gemini_hooks.read,
}


@pytest.mark.parametrize(
    "named", ["--yolo", "-x", "a b", "../x", "x" * 201, "", "{", 5, None, ["c0ffee"]]
)
def test_a_conversation_that_can_be_none(named: object) -> None:
    """It becomes an argument of the agent's: what could pass for an option is no id."""
    for name, read in ALL_READS.items():
        for event in (
            {"type": "system", "subtype": "init", "session_id": named},
            {"type": "init", "session_id": named},
            {"type": "result", "session_id": named},
            {"type": "thread.started", "thread_id": named},
            {"type": "step_start", "sessionID": named},
            {"hook_event_name": "SessionStart", "session_id": named},
        ):
            assert read(Facts(conversation="before"), event).conversation == "before", name


def test_a_service_that_cannot_be_reached_is_told_while_it_is_tried_again() -> None:
    """Claude calls it `unknown`, without a status: offline, and none of that word."""
    event = {
        "type": "system", "subtype": "api_retry", "attempt": 1, "max_retries": 3,
        "retry_delay_ms": 563, "error_status": None, "error": "unknown",
    }  # fmt: skip
    facts = ALL_READS["claude"](NO_FACTS, event)
    assert (facts.trouble, facts.retrying) == (Trouble.OFFLINE, True)
    assert facts.message == "no answer from the service"
    facts = ALL_READS["claude"](NO_FACTS, {**event, "error_status": 418})
    assert (facts.trouble, facts.message) == (Trouble.REQUEST, "")


@pytest.mark.parametrize("words", ["quota ", "hit your ", " ", "reset in 1h ", "429 "])
def test_a_trouble_in_endless_words(words: str) -> None:
    """It is told from their beginning, in no time, and no more of them is kept."""
    text = words * (2_000_000 // len(words))
    began = time.process_time()
    for read in ALL_READS.values():
        for event in (
            {"type": "error", "severity": "error", "message": text},
            {"type": "error", "error": {"name": text, "data": {"message": text}}},
            {"type": "retry", "message": text},
            {"type": "turn.failed", "error": {"message": text}},
            {"type": "result", "status": "error", "error": {"message": text}, "is_error": True},
            {"type": "assistant", "error": "unknown", "message": {"content": [{"text": text}]}},
            {"type": "system", "subtype": "init", "model": text},
            {"type": "system", "subtype": "api_retry", "error": text},
            {"type": "system", "subtype": "permission_denied", "tool_name": text},
            {"type": "tool_result", "tool_id": text, "error": {"type": "policy_violation"}},
            {"hook_event_name": "StopFailure", "last_assistant_message": text},
        ):
            facts = read(NO_FACTS, event)
            assert len(json.dumps(asdict(facts))) < 20_000
    assert time.process_time() - began < 3
