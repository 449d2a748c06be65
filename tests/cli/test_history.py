"""A project's history: what its runs' folders tell, whatever an agent put there."""

import json
import os
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from controller.agents.verdict import judge_exit
from controller.core.observed import Words
from controller.runs import history as module
from controller.runs.folders import RunFolders
from controller.runs.history import history, tail
from controller.runs.meta import Meta
from controller.runs.printed import plain
from controller.runs.spec import Spec

NOW = datetime.now().astimezone()
SPEC = Spec(("sh",), "/tmp", "headless", None, 1.0, 1000, 1)


@pytest.fixture
def runs(tmp_path: Path) -> RunFolders:
    """An empty folder of runs."""
    runs = RunFolders(tmp_path / "runs")
    runs.load()
    return runs


def make(runs: RunFolders, project: str, slug: str = "", age: int = 0) -> str:
    """A run's folder; returns its id."""
    at = NOW - timedelta(seconds=age)
    run = runs.new_id(at)
    runs.create(
        run, SPEC, Meta(project, slug or project.lower(), "claude", "/", Words(""), at), "", {}
    )
    return run


def test_the_newest_first_and_no_more_than_wanted(runs: RunFolders) -> None:
    """Only the project's own, and only so many."""
    mine = [make(runs, "One" if number % 2 else "Two") for number in range(23)][1::2]
    found = history(runs.root, "One", judge_exit)
    assert [run.id for run in found] == mine[:0:-1]
    assert all(run.ending == "" and run.ended_at is None for run in found)
    assert history(runs.root, "Three", judge_exit) == ()
    assert history(runs.root / "nowhere", "One", judge_exit) == ()


def test_runs_under_an_earlier_name(runs: RunFolders) -> None:
    """A renamed project keeps its slug, and with it its history; a new one has but its own."""
    old, new = make(runs, "Uno", "one"), make(runs, "One", "one")
    other = make(runs, "Uno", "uno")
    assert [run.id for run in history(runs.root, "One", judge_exit)] == [new, old]
    assert [run.id for run in history(runs.root, "Uno", judge_exit)] == [other]


def test_how_runs_ended(runs: RunFolders) -> None:
    """Judged as the controller judges them: by cause, word and status."""
    at = NOW.timestamp()
    ends = [
        ({"cause": "exit", "status": 0, "started_at": at - 5, "ended_at": at}, "Completed", 0),
        ({"cause": "exit", "status": 7, "ended_at": at}, "Crashed", 7),
        ({"cause": "stop", "status": 143, "stop": {"by": "user", "reason": "X"}}, "Stopped", 143),
        ({"cause": "start", "reason": "ProgramMissing"}, "Fault", None),
        ({"cause": "lost"}, "Lost", None),
        ([], "Lost", None),
    ]
    for record, _, _ in ends:
        (runs.root / make(runs, "One") / "exit.json").write_text(json.dumps(record))
    found = history(runs.root, "One", judge_exit)[::-1]
    assert [(run.ending, run.status) for run in found] == [(e, status) for _, e, status in ends]
    assert found[0].started_at is not None
    assert found[0].ended_at is not None
    assert (found[0].ended_at - found[0].started_at).total_seconds() == pytest.approx(5)
    assert found[3].reason == "ProgramMissing"


def test_folders_that_are_no_runs(runs: RunFolders, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken notes and strange names are passed over; the search is bounded."""
    run = make(runs, "One", age=60)
    (runs.root / "zzz").mkdir()
    (runs.root / "a file").write_text("x")
    broken = runs.root / make(runs, "One")
    (broken / "meta.json").write_text("{")
    assert [item.id for item in history(runs.root, "One", judge_exit)] == [run]
    monkeypatch.setattr(module, "SCANNED", 2)
    assert history(runs.root, "One", judge_exit) == ()


def test_the_last_lines(tmp_path: Path) -> None:
    """Without escapes, over a rotation, whole lines only."""
    (tmp_path / "output.log.1").write_text("one\ntwo\n")
    (tmp_path / "output.log").write_text("\x1b]0;title\x07three\r\n\x1b[1mfour\x1b[0m  \n")
    assert tail(tmp_path) == ("one", "two", "three", "four")
    assert tail(tmp_path, 1) == ("four",)
    (tmp_path / "output.log").write_bytes(b"x" * 100_000 + b"\n" + "ünï".encode() * 20_000 + b"\n")
    (last,) = tail(tmp_path, 1)
    assert set(last) == set("ünï")


def test_the_last_lines_of_the_record(tmp_path: Path) -> None:
    """Where there is no log, the record of the end has some."""
    assert tail(tmp_path) == ()
    (tmp_path / "exit.json").write_text(json.dumps({"cause": "exit", "tail": ["a", "\x1b[1mb"]}))
    assert tail(tmp_path) == ("a", "b")


@pytest.mark.parametrize("kind", ["pipe", "folder", "link"])
def test_what_an_agent_puts_in_place_of_its_log(tmp_path: Path, kind: str) -> None:
    """A pipe does not hold us up, a link leads nowhere, and no descriptor is lost."""
    log = tmp_path / "output.log"
    if kind == "pipe":
        os.mkfifo(log)
    elif kind == "folder":
        log.mkdir()
    else:
        (tmp_path / "secret").write_text("secret\n")
        log.symlink_to(tmp_path / "secret")
    open_files = Path("/proc/self/fd")
    before = len(list(open_files.iterdir()))
    assert tail(tmp_path) == ()
    assert len(list(open_files.iterdir())) == before


@pytest.mark.parametrize(
    "text", ["\x1b]" * 30_000, "\x1bP" + "x" * 60_000, "\x1b[1;" * 15_000, "\x1b" + " " * 60_000]
)
def test_endless_escapes_take_no_time(text: str) -> None:
    """Whatever an agent prints is cleaned in linear time."""
    began = time.process_time()
    plain(text)
    assert time.process_time() - began < 0.5
