"""The demo program, run as the demo agent starts it: a process with a folder and a prompt."""

import json
import os
import re
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from controller.agents.demo import DemoAgent
from controller.core.observed import Words
from controller.core.workload import Workload
from controller.runs.records import read_reports
from tests.shim.world import wait_for

WORK = Workload("My App", "my-app", "demo", "", "build it", "/", Words("d"))
RESULT = "SIDEKICK_DEMO.md"


def start(
    folder: Path, prompt: str, seconds: float = 0.02, project: str = "My App", **environment: str
) -> subprocess.Popen[bytes]:
    """Start it in a folder."""
    work = replace(WORK, prompt=prompt, project=project)
    argv = DemoAgent(1, seconds).launch(work, "/runs/1").argv
    pipe = subprocess.PIPE
    return subprocess.Popen(
        argv, cwd=folder, stdin=pipe, stdout=pipe, stderr=pipe,
        env={"PATH": os.defpath, "LANG": "C.UTF-8", **environment},
    )  # fmt: skip


def plain(screen: bytes) -> str:
    """What a screen shows, without colours."""
    return re.sub(r"\x1b\[\d*m", "", screen.decode())


def test_it_works_and_writes(tmp_path: Path) -> None:
    """It says what it does, step by step, writes its file, and ends well."""
    with start(tmp_path, "build it\nand test it") as process:
        screen, errors = process.communicate(timeout=20)

    assert (process.returncode, errors) == (0, b"")
    assert [path.name for path in tmp_path.iterdir()] == [RESULT]
    text = (tmp_path / RESULT).read_text()
    assert text.startswith("# My App\n")
    assert "> build it\n> and test it\n" in text
    assert "demo: false" in text
    shown = plain(screen)
    assert "no credit is spent" in shown
    assert "5/5 check the result ···· ok" in shown
    assert shown.endswith(f"done: wrote {tmp_path / RESULT}\n")


@pytest.mark.parametrize("prompt", ["Research the options", "Which one?\n", "re-RESEARCH it"])
def test_it_asks(tmp_path: Path, prompt: str) -> None:
    """Research ends in a question: it reports that it waits, and goes on with the answer."""
    run, work = tmp_path / "run", tmp_path / "work"
    run.mkdir()
    work.mkdir()
    with start(work, prompt, SIDEKICK_RUN_DIR=str(run)) as process:
        waiting = wait_for(lambda: read_reports(run).state, "a report")
        assert waiting
        assert (
            waiting.state, waiting.message,
        ) == ("waiting", "Which of the options shall I go on with?")  # fmt: skip
        assert process.poll() is None
        assert not (work / RESULT).exists()
        screen, errors = process.communicate(b"  the second \n", timeout=20)

    assert (process.returncode, errors) == (0, b"")
    lines = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    assert [line["state"] for line in lines] == ["waiting", "working"]
    assert all(line["type"] == "report" and line["at"] > 1.7e9 for line in lines)
    assert "A person answered: the second\n" in (work / RESULT).read_text()
    assert "? Which of the options shall I go on with?" in plain(screen)


def test_it_asks_nobody_else(tmp_path: Path) -> None:
    """Any other prompt is worked off without a question or a report."""
    run = tmp_path / "run"
    run.mkdir()
    with start(tmp_path, "build it", SIDEKICK_RUN_DIR=str(run)) as process:
        process.communicate(timeout=20)
    assert list(run.iterdir()) == []


def test_without_a_session(tmp_path: Path) -> None:
    """Outside a session it asks all the same, and reports to nobody."""
    with start(tmp_path, "research") as process:
        process.communicate(b"x\n", timeout=20)
    assert process.returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == [RESULT]


def test_nobody_answers(tmp_path: Path) -> None:
    """An input that is closed is an empty answer; it ends all the same."""
    with start(tmp_path, "research") as process:
        process.communicate(timeout=20)
    assert process.returncode == 0
    assert "answered" not in (tmp_path / RESULT).read_text()


@pytest.mark.parametrize("prompt", ["build", "research"])
def test_ctrl_c(tmp_path: Path, prompt: str) -> None:
    """Ctrl-C, at work or at the question, ends it with 130 and no traceback."""
    with start(tmp_path, prompt, 60 if prompt == "build" else 0.02) as process:
        assert process.stdout
        wanted = b"1/5" if prompt == "build" else b"> "
        seen = b""
        while wanted not in seen:
            seen += os.read(process.stdout.fileno(), 4096)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (130, b"")
    assert not (tmp_path / RESULT).exists()


@pytest.mark.parametrize(
    "environment",
    [
        {"LANG": "C"},
        {"LC_ALL": "POSIX"},
        {"LANG": "nn_NO.ISO8859-1"},
        {"PYTHONIOENCODING": "ascii"},
    ],
)
def test_any_locale(tmp_path: Path, environment: dict[str, str]) -> None:
    """Its bullets and the prompt's letters do no harm in a poor locale."""
    with start(tmp_path, "größer 日本", 0.02, "My App", **environment) as process:
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, b"")
    assert "> größer 日本\n" in (tmp_path / RESULT).read_text("utf-8")


@pytest.mark.parametrize(
    ("project", "prompt"),
    [
        ("My App", "-rf"),
        ("My App", "--seconds"),
        ("My App", "--"),
        pytest.param(
            "-x", "build"),
        pytest.param("--seconds", "build"),
    ],
)  # fmt: skip
def test_words_like_options(tmp_path: Path, project: str, prompt: str) -> None:
    """A name or a prompt that looks like an option is none."""
    with start(tmp_path, prompt, project=project) as process:
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, b"")
    assert (tmp_path / RESULT).read_text().startswith(f"# {project}\n")


def test_standard_library_only(tmp_path: Path) -> None:
    """A module of the project's folder that bears a library's name is not imported."""
    for name in ("json.py", "argparse.py", "time.py"):
        (tmp_path / name).write_text("raise SystemExit('imported')")
    with start(tmp_path, "build it", PYTHONPATH=str(tmp_path)) as process:
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, b"")
