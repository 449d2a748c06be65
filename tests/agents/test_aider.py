"""Aider: its command line, its home, and what its last lines mean."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.agents.aider import Aider, facts_of
from controller.agents.base import Options, Permission
from controller.core.exits import Cause, Exit
from controller.core.facts import NO_FACTS
from controller.core.observed import Ending, Words
from controller.core.workload import Workload

NOW = datetime(2026, 11, 23, 20, 15, tzinfo=UTC)
ID = "3f1c8f4e-5b0a-4c57-9d0e-2a7f6f0f9a11"
WORK = Workload("App", "app", "aider", "gpt-5", "do it", "/w", Words("d"), conversation=ID)
QUOTA = """\
litellm.RateLimitError: RateLimitError: OpenAIException - You exceeded your
current quota, please check your plan and billing details.
The API provider has rate limited you. Try again later or check your quotas."""
BROKEN = """\
This answer breaks off in the litellm.APIConnectionError: APIConnectionError: OpenAIException - peer
connection without sending complete message body (incomplete chunked read)"""
KEY = """\
litellm.AuthenticationError: AuthenticationError: OpenAIException - Incorrect
API key provided.
The API provider is not able to authenticate you. Check your API key."""
LIMIT = """\
litellm.RateLimitError: RateLimitError: OpenAIException - The usage limit has
been reached
The API provider has rate limited you. Try again later or check your quotas."""
DONE = "Tokens: 1.9k sent, 16 received. Cost: $0.0025 message, $0.0025 session."
LINES = {
    "refused key": (KEY, Ending.HELD, "AuthFailed"),
    "no money": (QUOTA, Ending.HELD, "OutOfCredit"),
    "limit": (f"{QUOTA}\nRetrying in 0.2 seconds...\n{LIMIT}", Ending.HELD, "UsageLimit"),
    "broken": (BROKEN, Ending.UNAVAILABLE, "Offline"),
    "answered at last": (f"{BROKEN}\nRetrying in 0.2 seconds...\nso\n{DONE}", Ending.COMPLETED,
                         "Finished"),
    "edited": (f"{DONE}\n\nApplied edit to hello.txt", Ending.COMPLETED, "Finished"),
    "gave up": (f"{DONE}\nOnly 3 reflections allowed, stopping.", Ending.CRASHED, "AgentError"),
    "nothing": ("", Ending.COMPLETED, "Finished"),
}  # fmt: skip


def aider(**changes: Any) -> Aider:
    """Aider with some settings."""
    return Aider(Options(**{"name": "aider", "program": "aider", "home": Path("/h"), **changes}))


@pytest.mark.parametrize(("lines", "ending", "reason"), LINES.values(), ids=LINES)
def test_last_lines(lines: str, ending: Ending, reason: str) -> None:
    """Its status is 0 whatever happened: its words tell, the newest of them."""
    result = aider().judge(Exit(Cause.EXIT, NOW, 0, tail=tuple(lines.split("\n"))), None, NO_FACTS)
    assert (result.ending, result.reason) == (ending, reason)


def test_the_message_is_whole() -> None:
    """An error that is broken over lines is told on one, without what aider adds."""
    assert facts_of(tuple(KEY.split("\n"))).message == (
        "litellm.AuthenticationError: AuthenticationError: OpenAIException - Incorrect"
        " API key provided."
    )


@given(st.lists(st.text() | st.sampled_from([*QUOTA.split("\n"), DONE])))
def test_nothing_is_raised(lines: list[str]) -> None:
    """Whatever it printed last, facts come out."""
    assert len(facts_of(tuple(lines)).message) <= 400


def test_launch() -> None:
    """The prompt is one argument; the conversation is a file of its home."""
    launch = aider(base_url="http://x/v1", preamble="hi").launch(WORK, "/r")
    assert launch.argv[-1] == "--message=do it"
    assert launch.argv[1:3] == ("--model", "openai/gpt-5")
    assert f"/h/history/{ID}.md" in launch.argv
    assert "--restore-chat-history" not in launch.argv
    assert "--no-auto-commits" in launch.argv
    assert launch.environment["HOME"] == "/h"
    assert launch.environment["OPENAI_API_BASE"] == "http://x/v1"
    begun = aider().launch(replace(WORK, begun=True, resume=True), "/r")
    assert "--restore-chat-history" in begun.argv
    assert begun.argv[-1] == "--message=continue"
    plan = aider(permission=Permission.PLAN).launch(WORK, "/r").argv
    assert plan[plan.index("--chat-mode") + 1] == "ask"


@pytest.mark.parametrize("prompt", ["!touch pwned", "/run touch pwned"])
def test_a_prompt_is_no_command(prompt: str) -> None:
    """A row cannot reach aider's shell: nothing begins as its commands do."""
    assert aider().launch(replace(WORK, prompt=prompt), "/r").argv[-1] == f"--message= {prompt}"


def test_seeding(tmp_path: Path) -> None:
    """Its home is made ready; what a person put there stays, and nothing is written twice."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\n\tname = Me\n")
    agent = aider(home=home, preamble="Report with `sidekick report`.")
    agent.seed(WORK, {})
    first = {path: path.stat() for path in home.iterdir()}
    agent.seed(WORK, {})
    assert {path: path.stat() for path in home.iterdir()} == first
    assert (home / ".gitconfig").read_text() == "[user]\n\tname = Me\n"
    assert (home / "sidekick-preamble.md").read_text() == "Report with `sidekick report`."
    assert (home / "history").is_dir()

    other = tmp_path / "other"
    aider(home=other).seed(WORK, {})
    assert f'path = "{Path.home()}/.gitconfig"' in (other / ".gitconfig").read_text()
