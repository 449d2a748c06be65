"""No secret that the agent was given is in what its run leaves: the log, the events, the record."""

import json
import os
import signal
from pathlib import Path

import pytest

from tests.shim.world import Run, Tmux, wait_for

GIVEN, OWN = "canary-given-81f3", "canary-own-52aa"
SHAPED = "sk-ant-api03-0123456789abcdefghij"
PRINT = 'printf "%s and %s\\n" "$A_KEY" "$OTHER"; echo ' + SHAPED


@pytest.fixture
def told(run: Run, tmp_path: Path) -> Run:
    """A run whose agent is given secrets in both ways."""
    secrets = tmp_path / "agent.env"
    secrets.write_text(f"OTHER={OWN}\n")
    run.put("env", json.dumps({"A_KEY": GIVEN, "NAME": "a-plain-value"}))
    run.shell("true", secrets=str(secrets))
    return run


def script(run: Run, text: str, **fields: object) -> None:
    """Say what the agent does."""
    run.put("spec.json", json.dumps(run.read("spec.json") | {"argv": ["sh", "-c", text]} | fields))


def leaks(run: Run) -> list[str]:
    """The files of the run's folder that hold a secret."""
    secrets = (GIVEN, OWN, SHAPED)
    files = {path.name: path.read_text(errors="replace") for path in run.folder.iterdir()}
    del files["spec.json"]  # the prompt is the user's own word
    return [name for name, text in files.items() if any(secret in text for secret in secrets)]


def test_a_headless_agent(told: Run) -> None:
    """Its output, its standard error and its last lines hold none, though it came byte by byte."""
    split = f"for part in {' '.join(GIVEN)}; do printf %s $part; sleep 0.005; done; echo"
    script(told, f'{PRINT}; {PRINT} >&2; echo "$NAME"; {split}; printf %s "$A_KEY"')
    record = told.complete()
    line = "[redacted] and [redacted]\n[redacted]\n"
    assert told.log() == f"{line}{line}a-plain-value\n[redacted]\n[redacted]"
    assert record["tail"][-1] == "[redacted]"
    assert leaks(told) == []


def test_its_events(told: Run) -> None:
    """They are kept without, and are JSON still; so is what hooks tell."""
    hook = Path(__file__).parents[2] / "controller" / "shim" / "hook.py"
    say = """printf '{"type": "x", "text": "%s %s\\\\n%s"}\\n' "$A_KEY" "$OTHER" """ + SHAPED
    script(told, f'{say}; {say} | python3 -I -S {hook}; echo "$OTHER" >&2', stream="codex")
    told.complete()
    kept = (told.folder / "stream.jsonl").read_text().splitlines()
    event = {"type": "x", "text": "[redacted] [redacted]\n[redacted]"}
    assert [json.loads(line)["event"] for line in kept] == [event, event]
    assert leaks(told) == []


def test_an_interactive_agent(told: Run, tmux: Tmux) -> None:
    """Its terminal gets every byte at once; in the log stars stand over them, as many."""
    script(
        told, f"{PRINT}; printf 'Go on? '; read answer; printf %s \"$A_KEY\"", mode="interactive"
    )
    tmux.start(told)
    tmux.shows("Go on?")
    assert f"{GIVEN} and {OWN}" in tmux.screen()
    stars = f"{'*' * len(GIVEN)} and {'*' * len(OWN)}\r\n{'*' * len(SHAPED)}\r\n"
    wait_for(lambda: told.log() == f"{stars}Go on? ", "stars")
    tmux.keys("y", "Enter")
    record = told.exit()
    assert told.log() == f"{stars}Go on? y\r\n{'*' * len(GIVEN)}"
    assert record["tail"][-1] == "*" * len(GIVEN)
    assert leaks(told) == []


def test_where_the_inner_shim_is_killed(told: Run, tmux: Tmux) -> None:
    """Who takes over covers them, too."""
    script(told, f"{PRINT}; printf ready; sleep 1000", mode="interactive")
    tmux.start(told)
    told.printed("ready")
    os.kill(told.started()["shim"][1], signal.SIGKILL)
    assert told.exit()["cause"] == "lost"
    assert leaks(told) == []
