"""`events`: what happened, from a real journal."""

import json
import subprocess
from datetime import timedelta
from queue import Queue
from threading import Thread
from typing import IO

import yaml

from controller.core.events import Event
from tests.cli.desk import NOW, Desk, a_project
from tests.e2e.lab import SIDEKICK


def happened(minutes: int, project: str, reason: str, message: str = "it did") -> Event:
    """An event some minutes ago."""
    return Event(NOW - timedelta(minutes=minutes), project, reason, message)


def fill(desk: Desk) -> None:
    """Leave a journal."""
    desk.keep(
        a_project("One"), a_project("Two"),
        events=[
            happened(90, "One", "Start"), happened(60, "Two", "Start"),
            *(happened(30 - number, "One", "Crashed") for number in range(3)),
            happened(20, "", "PruneBlocked", "many rows\x1b[31m vanished"),
            happened(10, "Long Gone", "RowDeleted"),
        ],
    )  # fmt: skip


def test_the_table(desk: Desk) -> None:
    """Oldest first, with age, count, reason, project and message; no escapes."""
    fill(desk)
    code, out, err = desk.sidekick("events")
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["AGE", "COUNT", "REASON", "PROJECT", "MESSAGE"]
    assert [line[2] for line in lines[1:]] == [
        "Start", "Start", "Crashed", "PruneBlocked", "RowDeleted",
    ]  # fmt: skip
    assert lines[3][1] == "x3"
    assert [line[1] for line in lines[1:3]] == ["x1", "x1"]
    assert "\x1b" not in out


def test_of_one_project(desk: Desk) -> None:
    """The name may be shortened, and may be of a project that is gone."""
    fill(desk)
    assert [line.split()[2] for line in desk.sidekick("events", "one")[1].splitlines()[1:]] == [
        "Start", "Crashed",
    ]  # fmt: skip
    assert "RowDeleted" in desk.sidekick("events", "long")[1]
    code, out, err = desk.sidekick("events", "zebra")
    assert (code, out) == (1, "")
    assert "One" in err


def test_the_last_n(desk: Desk) -> None:
    """As many as asked for, the newest."""
    fill(desk)
    assert len(desk.sidekick("events", "-n", "2")[1].splitlines()) == 3
    assert "RowDeleted" in desk.sidekick("events", "-n", "1")[1]
    assert desk.sidekick("events", "-n", "0")[1] == "no events\n"


def test_documents(desk: Desk) -> None:
    """JSON and YAML hold the same list, with the version of its form."""
    fill(desk)
    document = json.loads(desk.sidekick("events", "One", "-o", "json")[1])
    assert document == yaml.safe_load(desk.sidekick("events", "One", "-o", "yaml")[1])
    assert document["version"] == "sidekick/v1"
    assert [(e["reason"], e["count"]) for e in document["events"]] == [("Start", 1), ("Crashed", 3)]


def test_nothing_happened_yet(desk: Desk) -> None:
    """Before the first controller there is no journal, and that is no error."""
    assert desk.sidekick("events") == (0, "no events\n", "")
    assert json.loads(desk.sidekick("events", "-o", "json")[1])["events"] == []


def test_follow(desk: Desk) -> None:
    """A JSON object a line: those that are there, then those that come, each as it comes."""
    fill(desk)
    process = subprocess.Popen(
        [SIDEKICK, "events", "-f", "-n", "1", "-o", "json", "One"], cwd=desk.root,
        env=desk.lab.environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    lines: Queue[str] = Queue()
    assert process.stdout is not None
    reader = Thread(target=_read, args=(process.stdout, lines))
    reader.start()
    try:
        assert json.loads(lines.get(timeout=10))["count"] == 3
        desk.keep(a_project("One", reason="X"), events=[happened(0, "Two", "Not"),
                                                       happened(0, "One", "Came")])  # fmt: skip
        event = json.loads(lines.get(timeout=10))
        assert (event["project"], event["reason"]) == ("One", "Came")
        assert event["version"] == "sidekick/v1"
    finally:
        process.terminate()
        process.wait(timeout=10)
        reader.join(timeout=10)
        process.stdout.close()


def _read(stream: IO[str], lines: "Queue[str]") -> None:
    for line in stream:
        lines.put(line)


def test_follow_from_before_the_first_event(desk: Desk) -> None:
    """The table grows by lines that stand below each other, and Ctrl-C is no error of ours."""
    process = subprocess.Popen(
        [SIDEKICK, "events", "--follow"], cwd=desk.root, env=desk.lab.environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        assert process.stdout.readline().split()[0] == "AGE"
        desk.keep(a_project("One"), events=[happened(5, "One", "First")])
        first = process.stdout.readline()
        desk.keep(a_project("One", reason="X"), events=[happened(500, "One", "AnotherReason")])
        second = process.stdout.readline()
        assert first.index("One") == second.index("One ")
        assert first.index("it did") == second.index("it did")
    finally:
        process.send_signal(2)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (130, "", "")
