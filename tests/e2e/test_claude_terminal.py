"""Claude Code on its own terminal: a real session, the real program, a mock of its API."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.lab import HEADER, SIDEKICK, Lab, alive, wait_for
from tests.e2e.terminal import Terminal
from tests.mock_claude.conftest import ROOT, Mock, mock, server  # noqa: F401 - fixtures

PROGRAM = Path(os.environ.get("SIDEKICK_AGENTS", ROOT / ".agents")) / "bin" / "claude"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.agents,
    pytest.mark.timeout(150),
    pytest.mark.skipif(
        not PROGRAM.exists(), reason="claude is not installed: deploy/install_agents.sh claude"
    ),
]
KEY = "sk-mock-0123456789-0123456789"
SECONDS = 40.0
"""A TUI of 240 MB takes some seconds to start on a busy machine."""
Begin = Callable[..., None]


@pytest.fixture
def begin(lab: Lab, mock: Mock) -> Begin:  # noqa: F811
    """Write a list with one project of a script, and start the controller."""

    def start(script: str, **agent: Any) -> None:
        claude = {
            "mode": "interactive",
            "program": str(PROGRAM),
            "base_url": mock.url,
            "environment": {"ANTHROPIC_API_KEY": KEY},
            **agent,
        }
        cell = f"Begin. [mock: {script}]".replace('"', '""')
        row = f'One,1,Pending,,,"{cell}",,,,,'
        times = {"tick": 1, "stop_grace": 2}
        lab.settle_in(row, header=f"{HEADER},Credits Used", agents={"claude": claude},
                      default_agent="claude", times=times)  # fmt: skip
        lab.start()

    return start


def test_from_prompt_to_done(lab: Lab, begin: Begin, terminal: Terminal) -> None:
    """Work, a permission, a question at a turn's end, and the agent's own word that it is done.

    Each is seen in the list and at the terminal; what a person answers is taken, and goes on.
    """
    begin(
        'write hello.txt "Hello"; run "python3 -c \'open(chr(97),chr(119))\'"; say "Which colour?";'
        ' run "sidekick report done Painted"; say "All done."'
    )
    folder = lab.root / "workspaces" / "one"
    row = lab.wait_status("One", "Waiting", SECONDS)
    assert row["Reason"].startswith("PermissionAsked: may it do this? Bash: python3 -c")
    assert (folder / "hello.txt").read_text() == "Hello"
    assert not (folder / "a").exists()
    terminal.type(f"{SIDEKICK} attach One")
    assert "This command requires approval" in terminal.shows("Do you want to proceed?")

    lab.sidekick("answer", "One", "yes", check=True)
    row = lab.wait_reason("One", "AgentWaiting: Which colour?", SECONDS)
    assert row["Status"] == "Waiting"
    assert (folder / "a").exists()
    terminal.shows("● Which colour?")
    [pid] = lab.agents().values()

    lab.sidekick("answer", "One", "blue;\nor 'red' -x", check=True)
    lab.wait_status("One", "Completed", SECONDS)
    assert "Painted" in lab.rows()["One"]["Reason"]
    wait_for("the session's end", lambda: not alive(pid), SECONDS)
    shown = lab.sidekick("logs", "One").stdout
    assert "or 'red' -x" in shown


def test_questions_and_refusals(lab: Lab, begin: Begin) -> None:
    """A choice is taken by its name; what is no choice closes the dialog and is told."""
    begin('ask "Shall I?"; run "python3 -V"; ask "Which colour?"; say "As you like."')
    lab.wait_reason("One", "AgentWaiting: Shall I? (Yes / No)", SECONDS)
    lab.sidekick("answer", "One", "no", check=True)
    lab.wait_reason("One", "PermissionAsked: may it do this? Bash: python3 -V", SECONDS)
    lab.sidekick("answer", "One", "Do not run Python!\nNever.", check=True)
    lab.wait_reason("One", "AgentWaiting: Which colour?", SECONDS)
    lab.sidekick("answer", "One", "/blue", check=True)
    row = lab.wait_reason("One", "AgentWaiting: As you like.", SECONDS)
    assert row["Credits Used"].startswith("$")
    [transcript] = (lab.root / "homes" / "claude" / "projects").glob("*/*.jsonl")
    # Claude writes it a moment later than its hook tells of the turn's end.
    answers = {"Do not run Python!\\nNever.", "My answer: /blue"}
    wait_for("the answers", lambda: all(told in transcript.read_text() for told in answers))
    assert len(lab.agents()) == 1


def test_a_limit_holds_the_agent_and_its_terminal_goes_on_later(lab: Lab, begin: Begin) -> None:
    """The terminal would wait for ever; it is ended, and resumed where it was."""
    limit = "fail usage_limit reset=3000 times=1"
    environment = {"CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-oat01-0123456789-0123456789"}
    begin(f'write a.txt "1"; {limit}; write b.txt "2"; say "Both."', environment=environment)
    row = lab.wait_reason("One", "UsageLimit", SECONDS)
    assert row["Status"] == "Queued"
    assert "goes on by itself" in row["Reason"]
    wait_for("the session's end", lambda: not lab.agents())
    lab.sidekick("release", "claude", check=True)
    lab.wait_reason("One", "AgentWaiting: Both.", SECONDS)
    folder = lab.root / "workspaces" / "one"
    assert ((folder / "a.txt").read_text(), (folder / "b.txt").read_text()) == ("1", "2")
    metas = [json.loads(path.read_text()) for path in (lab.root / "runs").glob("*/meta.json")]
    assert len(metas) == 2
    assert len({meta["conversation"] for meta in metas}) == 1


def test_a_dialog_that_nobody_foresaw(lab: Lab, begin: Begin, terminal: Terminal) -> None:
    """A server that the project itself brings: the row says where to decide, and then goes on."""
    folder = lab.root / "workspaces" / "one"
    folder.mkdir(parents=True)
    theirs = {"mcpServers": {"theirs": {"command": "false"}}}
    (folder / ".mcp.json").write_text(json.dumps(theirs))
    begin('say "Ready."')
    row = lab.wait_status("One", "Waiting", 60)
    assert row["Reason"].startswith("TrustAsked: ")
    assert "sidekick attach One" in row["Reason"]
    terminal.type(f"{SIDEKICK} attach One")
    terminal.shows("theirs")
    terminal.keys("Escape")
    lab.wait_reason("One", "AgentWaiting: Ready.", SECONDS)


def test_a_person_takes_over(lab: Lab, begin: Begin, terminal: Terminal) -> None:
    """What they type at the terminal counts as an answer; their `/exit` leaves the question."""
    begin('say "Which?"; say "Fine."')
    lab.wait_reason("One", "AgentWaiting: Which?", SECONDS)
    terminal.type(f"{SIDEKICK} attach One")
    terminal.shows("accept edits on")
    terminal.tmux("send-keys", "-t", "me", "-l", "that one")
    terminal.shows("that one")
    terminal.keys("Enter")
    lab.wait_reason("One", "AgentWaiting: Fine.", SECONDS)
    terminal.tmux("send-keys", "-t", "me", "-l", "/exit")
    terminal.shows("/exit")
    terminal.keys("Enter")
    wait_for("the end", lambda: not lab.agents(), SECONDS)
    row = lab.wait_status("One", "Waiting")
    assert row["Reason"] == "AgentWaiting: Fine."
