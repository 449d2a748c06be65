"""The program that an agent's hooks call: it keeps the event, and never disturbs the agent."""

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.shim.world import SHIM

HOOK = [sys.executable, "-I", "-S", str(SHIM.with_name("hook.py"))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run's folder."""
    (tmp_path / "spec.json").write_text("{}")
    return tmp_path


def call(folder: Path | str | None, text: str = "", *arguments: str) -> None:
    """Call the hook; it says nothing, and ends with 0."""
    environment = {} if folder is None else {"SIDEKICK_RUN_DIR": str(folder)}
    done = subprocess.run(
        [*HOOK, *arguments], input=text.encode(), env=environment, capture_output=True, timeout=20,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def kept(folder: Path, name: str = "stream.jsonl") -> list[dict[str, Any]]:
    """The lines that were kept."""
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def test_an_event_is_kept_as_it_came(folder: Path) -> None:
    """From the standard input or the argument, on one line, with its time."""
    call(folder, '{"hook_event_name": "Stop",\r\n "a": 1.0, "ä": "\\n"}\n')
    call(folder, "", '{"type": "agent-turn-complete"}')
    first, second = kept(folder)
    assert first["event"] == {"hook_event_name": "Stop", "a": 1.0, "ä": "\n"}
    assert second["event"] == {"type": "agent-turn-complete"}
    assert 1e9 < first["at"] <= second["at"]
    assert (
        '{"hook_event_name": "Stop",   "a": 1.0, "ä": "\\n"}}'
        in (folder / "stream.jsonl").read_text()
    )
    assert (folder / "stream.jsonl").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "no JSON", "[1]", '{"a": NaN}', '{"a": 1', "[" * 99_999])
def test_what_is_no_event_is_none(folder: Path, text: str) -> None:
    """Nothing is kept, and nothing is said."""
    call(folder, text)
    assert not (folder / "stream.jsonl").exists()


def test_no_run(tmp_path: Path) -> None:
    """Outside of a run, or where its folder is gone, nothing is made."""
    for where in (None, "", tmp_path, tmp_path / "gone"):
        call(where, '{"a": 1}')
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["pipe", "link", "folder"])
def test_something_else_in_place_of_the_file(folder: Path, kind: str) -> None:
    """It is neither waited for nor written through."""
    (folder / "important").write_text("important")
    place = folder / "stream.jsonl"
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
    else:
        place.symlink_to(folder / "important")
    call(folder, '{"a": 1}')
    assert (folder / "important").read_text() == "important"


def test_a_long_event_loses_its_long_values(folder: Path) -> None:
    """What a person or the controller wants to know of it is short."""
    event = {"hook_event_name": "PostToolUse", "n": 5, "ok": True, "tool_response": "x" * 300_000,
             "tool_input": {"content": "x" * 300_000}}  # fmt: skip
    call(folder, json.dumps(event))
    call(folder, '{"a": "' + "x" * 9_000_000 + '"}')
    [line] = kept(folder)
    assert line["event"] == {"hook_event_name": "PostToolUse", "n": 5, "ok": True}


def test_the_file_is_bounded(folder: Path) -> None:
    """A full file becomes the older one, unless a shim, which rotates it by itself, holds it."""
    stream = folder / "stream.jsonl"
    line = b'{"at": 1, "event": {}}\n'
    stream.write_bytes(line * (8_388_608 // len(line)))
    with stream.open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        call(folder, '{"a": 1}')
    assert not (folder / "stream.jsonl.1").exists()
    call(folder, '{"a": 2}')
    assert [each["event"] for each in kept(folder)] == [{"a": 2}]
    assert (folder / "stream.jsonl.1").read_text().endswith('"event": {"a": 1}}\n')


@pytest.mark.slow
def test_an_agent_that_does_not_finish(folder: Path) -> None:
    """A standard input that nobody closes holds the agent up for two seconds at most."""
    hook = subprocess.Popen(
        HOOK, stdin=subprocess.PIPE, env={"SIDEKICK_RUN_DIR": str(folder)}, start_new_session=True
    )
    assert hook.wait(20) == 0
    assert not (folder / "stream.jsonl").exists()
    assert hook.stdin
    hook.stdin.close()
