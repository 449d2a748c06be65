"""A program that config.yaml alone describes, in a real tmux: what its ends mean for its rows."""

import json

import pytest

from tests.e2e.lab import Lab

SHELL: dict[str, object] = {
    "command": ["sh", "-c", "{prompt}"], "slots": 9,
    "exit_codes": {3: "blocked", 7: "completed"},
    "patterns": [
        {"outcome": "waiting", "pattern": "^ASK: (?P<text>.+)"},
        {"outcome": "limit", "pattern": "limit reached, resets (?P<reset>.+)"},
    ],
}  # fmt: skip


def test_ends_and_lines_of_a_command(lab: Lab) -> None:
    """Exit codes and patterns become the row's status, the reason, and a hold until its end."""
    lab.environment["TZ"] = "UTC"
    lab.settle_in(
        "Stuck,1,Pending,,,echo no way; exit 3,,,,",
        "Done,1,Pending,,,echo limit reached; exit 7,,,,",
        "Asks,1,Pending,,,echo ASK: which one; exit 1,,,,",
        'Full,1,Pending,other,,"echo limit reached, resets 4h; exit 1",,,,',
        agents={"sh": SHELL, "other": SHELL},
    )
    lab.start()
    assert "no way" in lab.wait_status("Stuck", "Blocked")["Reason"]
    lab.wait_status("Done", "Completed")
    assert "which one" in lab.wait_status("Asks", "Waiting")["Reason"]
    assert "other" in lab.wait_reason("Full", "UsageLimit")["Reason"]


@pytest.mark.slow
def test_lines_of_a_terminal(lab: Lab) -> None:
    """On a terminal the patterns tell, too; a person's answer is typed, and the work goes on."""
    lab.settle_in(
        "Seat,1,Pending,tty,,echo ASK: red or blue; read answer; test $answer = red; exit 7,,,,",
        agents={"sh": SHELL, "tty": {**SHELL, "mode": "interactive"}},
    )
    lab.start()
    assert "red or blue" in lab.wait_status("Seat", "Waiting", 40)["Reason"]
    lab.sidekick("answer", "Seat", "red", check=True)
    lab.wait_status("Seat", "Completed")


def test_a_pattern_without_an_end(lab: Lab) -> None:
    """On some line it takes for ever: its agent's end counts, and the server answers as before."""
    lab.settle_in(
        f"Slow,1,Pending,,,echo {'ab' * 40}!; exit 1,,,,",
        agents={"sh": {**SHELL, "patterns": [{"outcome": "auth", "pattern": "(?:ab|a|b)+$"}]}},
    )
    lab.start()
    lab.wait_reason("Slow", "CrashBackoff")
    detail = lab.get("/api/v1/projects/Slow")
    assert detail is not None
    assert [run["reason"] for run in json.loads(detail)["runs"]][-1:] == ["Crashed"]
    assert lab.get("/healthz") is not None
