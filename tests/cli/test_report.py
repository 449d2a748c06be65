"""`report`: an agent's word, in its run's folder and nowhere else."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from controller.cli import report as module
from controller.core.observed import ReportState
from controller.runs.records import read_reports
from tests.cli.desk import Desk
from tests.e2e.lab import SIDEKICK

STATES = [state.value for state in ReportState]


@pytest.fixture
def folder(desk: Desk) -> Path:
    """A run's folder, and the environment of its agent."""
    folder = desk.root / "runs" / "1-a"
    folder.mkdir(parents=True)
    (folder / "spec.json").write_text("{}")
    desk.patch.setenv("SIDEKICK_RUN_DIR", str(folder))
    desk.patch.chdir("/")
    return folder


def lines(folder: Path) -> list[dict[str, object]]:
    """What was reported."""
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines() if line]


@pytest.mark.parametrize("state", STATES)
def test_a_line_as_the_controller_reads_it(desk: Desk, folder: Path, state: str) -> None:
    """Type, state, message and time; the controller understands every state."""
    assert desk.sidekick("report", state, "-m", "größe \n \x1b \udcff") == (0, "", "")
    (event,) = lines(folder)
    assert event["type"] == "report"
    assert event["state"] == state
    assert event["message"] == "größe \n \x1b ?"
    assert abs(float(str(event["at"])) - time.time()) < 5
    seen = read_reports(folder).state
    assert (seen.state if seen else None) == (None if state in {"progress", "next"} else state)
    assert (folder / "events.jsonl").stat().st_mode & 0o777 == 0o600


def test_lines_are_appended(desk: Desk, folder: Path) -> None:
    """Behind what is there, be it cut off; no message is a report, too."""
    (folder / "events.jsonl").write_text('{"type": "hook"}\n{"cut o')
    assert desk.sidekick("report", "waiting", "-m", "for you")[0] == 0
    assert desk.sidekick("report", "working")[0] == 0
    text = (folder / "events.jsonl").read_text()
    assert text.startswith('{"type": "hook"}\n{"cut o\n')
    assert [json.loads(line)["state"] for line in text.splitlines()[2:]] == ["waiting", "working"]


def test_a_long_message_is_cut(desk: Desk, folder: Path) -> None:
    """What the controller would not read is not written."""
    desk.sidekick("report", "done", "-m", "🚀" * 100_000)
    (event,) = lines(folder)
    assert event["message"] == "🚀" * 4096


def test_the_file_stays_small_and_the_word_that_stands_is_kept(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An agent that reports for ever fills no disk, and progress hides no question of its."""
    monkeypatch.setattr(module, "FILE_LIMIT", 20_000)
    monkeypatch.setattr(module, "_TAIL_BYTES", 20_000)
    desk.sidekick("report", "waiting", "-m", "which way?")
    for _ in range(60):
        assert desk.sidekick("report", "progress", "-m", "x" * 1000)[0] == 0
        assert (folder / "events.jsonl").stat().st_size <= 20_000
    seen = read_reports(folder).state
    assert seen is not None
    assert seen.message == "which way?"
    desk.sidekick("report", "done", "-m", "y" * 4000)
    seen = read_reports(folder).state
    assert seen is not None
    assert seen.state is ReportState.DONE
    assert sorted(entry.name for entry in folder.iterdir()) == ["events.jsonl", "spec.json"]


def test_many_at_once(folder: Path, desk: Desk) -> None:
    """Every line of every process arrives whole."""
    environment = {**desk.lab.environment, "SIDEKICK_RUN_DIR": str(folder)}
    started = [
        subprocess.Popen([SIDEKICK, "report", "working", "-m", str(n) * 3000], env=environment)
        for n in range(8)
    ]
    assert [process.wait(timeout=20) for process in started] == [0] * 8
    assert sorted(str(event["message"])[0] for event in lines(folder)) == list("01234567")


def _unset(folder: Path, patch: pytest.MonkeyPatch) -> None:
    patch.delenv("SIDEKICK_RUN_DIR")


def _gone(folder: Path, patch: pytest.MonkeyPatch) -> None:
    (folder / "spec.json").unlink()
    folder.rmdir()


def _no_spec(folder: Path, patch: pytest.MonkeyPatch) -> None:
    (folder / "spec.json").unlink()


def _a_file(folder: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("SIDEKICK_RUN_DIR", str(folder / "spec.json"))


@pytest.mark.parametrize("change", [_unset, _gone, _no_spec, _a_file])
def test_outside_of_a_session(
    desk: Desk, folder: Path, change: Callable[[Path, pytest.MonkeyPatch], None]
) -> None:
    """A clear message, exit 2, and no file is made anywhere."""
    change(folder, desk.patch)
    before = sorted(desk.root.rglob("*"))
    code, out, err = desk.sidekick("report", "done", "-m", "x")
    assert (code, out) == (2, "")
    assert "SIDEKICK_RUN_DIR" in err or "run" in err
    assert "Traceback" not in err
    assert sorted(desk.root.rglob("*")) == before


@pytest.mark.parametrize("kind", ["pipe", "folder", "link"])
def test_what_is_no_file(desk: Desk, folder: Path, kind: str) -> None:
    """A pipe holds nobody up, and a link leads to no other file."""
    events = folder / "events.jsonl"
    if kind == "pipe":
        os.mkfifo(events)
    elif kind == "folder":
        events.mkdir()
    else:
        (desk.root / "mine").write_text("mine")
        events.symlink_to(desk.root / "mine")
    code, _, err = desk.sidekick("report", "done", "-m", "x")
    assert code == 2
    assert "events.jsonl" in err
    if kind == "link":
        assert (desk.root / "mine").read_text() == "mine"


def test_it_starts_quickly(desk: Desk, folder: Path) -> None:
    """Nothing is imported that a line of JSON does without, and no settings are read."""
    code = (
        "import sys; from controller.cli import main; main(['report', 'done']); print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd="/", text=True, capture_output=True, timeout=20,
        env={"PATH": os.environ["PATH"], "SIDEKICK_RUN_DIR": str(folder)}, check=True,
    )  # fmt: skip
    heavy = {"pydantic", "jsonschema", "yaml", "rich", "sqlite3", "socket", "dataclasses", "shutil"}
    assert not heavy & set(done.stdout.split())
    assert len(lines(folder)) == 1
