"""The controller's log, and `logs`: no forged line, no byte that drives a terminal."""

import io
import json
import logging
import os
import re
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.cli import main
from controller.log.lines import json_lines, text_lines
from controller.runs.printed import Plain, Printed, plain
from tests.cli.desk import Desk, a_project
from tests.hostile.corpus import TEXTS, assert_tame

texts = st.text(st.characters(codec=None)) | st.sampled_from(list(TEXTS.values()))
RUN = "01795450000000000-abcdef"
WILD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]")
"""What a terminal obeys, and what shows text in another order or on another line than it has."""


def record(message: str, error: BaseException | None = None, **more: object) -> logging.LogRecord:
    """A record of a log, with what belongs to it."""
    trace = (type(error), error, error.__traceback__) if error else None
    made = logging.LogRecord("x", logging.INFO, "x.py", 1, message, (), trace)
    made.__dict__.update(more)
    return made


@given(texts, texts, texts)
def test_an_event_is_one_line_of_text(project: str, reason: str, message: str) -> None:
    """Whatever a row or an agent says, it ends no line and begins none."""
    for result in ("success", "error"):
        line = text_lines().format(
            record(message, project=project, action="Stop", reason=reason, result=result)
        )
        assert_tame(line)
        assert "\n" not in line


@given(texts)
def test_colours_are_the_logs_own(text: str) -> None:
    """On a terminal that shows colours nothing but colours drives it."""
    line = text_lines(colours=True).format(record(text, project=text, reason=text))
    assert "\x1b[" in line
    assert_tame(re.sub(r"\x1b\[\d*m", "", line))


@given(texts)
def test_a_traceback_passes_for_no_line_of_log(text: str) -> None:
    """Its lines stand indented, those of a hostile message as well."""
    try:
        raise ValueError(text)
    except ValueError as error:
        told = text_lines().format(record("it failed", error))
    assert_tame(told)
    first, *below = told.split("\n")
    assert first.endswith("it failed")
    assert all(line.startswith("    ") for line in below)
    assert len(below) >= 3


@given(texts, texts)
def test_a_json_line_is_one_object_without_secrets(text: str, project: str) -> None:
    """Any text goes into it and comes out again; what is secret does not, in a traceback too."""
    try:
        raise ValueError(f"hunter2 {text}")
    except ValueError as error:
        one = record(f"said hunter2 {text}", error, project=project, reason="hunter2")
    line = json_lines(lambda told: told.replace("hunter2", "[redacted]")).format(one)
    assert_tame(line)
    assert "\n" not in line
    said = json.loads(line)
    assert said["event"] == f"said [redacted] {text}".replace("hunter2", "[redacted]")
    assert said["project"] == project.replace("hunter2", "[redacted]")
    assert said["reason"] == "[redacted]"
    assert "ValueError" in said["exception"]
    assert "hunter2" not in line
    assert list(said) == [
        "timestamp", "level", "event", "logger", "project", "reason", "exception",
    ]  # fmt: skip


def test_a_formatter_changes_no_record() -> None:
    """Other handlers see it as it was."""
    try:
        raise ValueError("x")
    except ValueError as error:
        one = record("it failed", error, project="One")
    for formatter in (text_lines(), json_lines()):
        texts = [formatter.format(one) for _ in range(2)]
        assert texts[0] == texts[1]
    assert one.exc_info
    assert one.getMessage() == "it failed"


@given(texts)
def test_printed_text_is_plain(text: str) -> None:
    """Nothing is left that a terminal obeys, or that shows text in another order than it has."""
    said = plain(text)
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]", said
    )


def test_words_stay_apart() -> None:
    """Where a program moves the cursor on instead of writing a space."""
    assert plain("Do\x1b[Cyou\x1b[1Cwant\x1b[12Cto\x1b[31m") == "Do you want to"


@given(st.lists(texts, max_size=6), st.lists(st.integers(0, 200), max_size=8))
def test_a_stream_is_plain_wherever_it_is_cut(parts: list[str], cuts: list[int]) -> None:
    """The same text comes of it, in one piece or in many."""
    data = "".join(parts).encode("utf-8", "replace")
    stream, told, before = Plain(), "", 0
    for cut in sorted({min(cut, len(data)) for cut in cuts}):
        told += stream.feed(data[before:cut])
        before = cut
    told += stream.feed(data[before:], last=True)
    assert told == plain(data.decode())


@pytest.fixture
def folder(desk: Desk) -> Path:
    """The run's folder of a project on the desk."""
    desk.keep(a_project("One", run=RUN))
    made = desk.root / "runs" / RUN
    made.mkdir(parents=True)
    return made


def logs(desk: Desk, *words: str) -> str:
    """What `logs` prints; it does not hang."""
    found: list[tuple[int, str, str]] = []
    caller = threading.Thread(target=lambda: found.append(desk.sidekick("logs", *words, "One")))
    caller.daemon = True
    caller.start()
    caller.join(20)
    assert found, "it hangs"
    code, out, err = found[0]
    assert code == 0, err
    assert "defect" not in err
    return out


def test_logs_show_text(desk: Desk, folder: Path) -> None:
    """Every text of the corpus, old files first; the newest lines alone on demand."""
    (folder / "output.log.1").write_text("\n".join(TEXTS.values()) + "\n", encoding="utf-8")
    (folder / "output.log").write_text("one\ntwo\x1b]52;c;eA==\x07\nthree", encoding="utf-8")
    (folder / "output.log.1x").write_text("never")
    (folder / "output.log.99999").write_text("never")
    out = logs(desk)
    assert out.endswith("one\ntwo\nthree")
    assert "$(touch canary)" in out
    assert "never" not in out
    assert not WILD.search(out)
    assert logs(desk, "-n", "2") == "two\nthree"
    assert logs(desk, "-n", "0") == ""


def test_logs_are_raw_on_demand(desk: Desk, folder: Path) -> None:
    """Byte by byte, whatever it is."""
    (folder / "output.log").write_bytes(b"\x1b[31m\xff\0\r\nlast")
    for words, expected in (((), b"\x1b[31m\xff\0\r\nlast"), (("-n", "1"), b"last")):
        data = io.BytesIO()
        out = io.TextIOWrapper(data, encoding="utf-8")
        desk.patch.setattr(sys, "stdout", out)
        assert main(["logs", "--raw", *words, "One"]) == 0
        assert data.getvalue() == expected


def test_logs_show_events(desk: Desk, folder: Path) -> None:
    """The events alone, old files first, as the same JSON that does nothing to a terminal."""
    tricky = [{"text": text} for text in TEXTS.values()]
    kept = [f'{{"at": 1.5, "event": {json.dumps(each, ensure_ascii=False)}}}' for each in tricky]
    (folder / "stream.jsonl.1").write_text("\n".join(kept) + "\n", "utf-8", "surrogatepass")
    (folder / "stream.jsonl").write_text(
        '{"at": 2, "event": {"n":  1.0}}\n\ncut"}\n{"at": 3, "event": 5}\n'
        '{"at": 4.5, "event": {"n": 2}}\n{"at": 5, "event": {"unfin'
    )
    out = logs(desk, "--events")
    assert not WILD.search(out)
    *old, one, two = out.splitlines()
    assert (one, two) == ('{"n":  1.0}', '{"n": 2}')
    assert [json.loads(line)["text"].encode("utf-8", "replace") for line in old] == [
        each["text"].encode("utf-8", "replace") for each in tricky
    ]
    assert logs(desk, "--events", "-n", "1") == '{"n": 2}\n'
    assert desk.sidekick("logs", "--events", "--raw", "One")[0] == 2


def test_what_is_moved_while_it_is_followed(tmp_path: Path) -> None:
    """The end of the old file is read before the new one, and nothing of either twice."""
    newest = tmp_path / "stream.jsonl"
    newest.write_text("one\n")
    printed = Printed(tmp_path, 1000, newest.name)
    assert b"".join(printed.so_far()) == b"one\n"
    with newest.open("a") as file:
        file.write("two\n")
    newest.rename(tmp_path / "stream.jsonl.1")
    assert b"".join(printed.more()) == b"two\n"
    newest.write_text("three\n")
    assert b"".join(printed.more()) == b"three\n"
    assert b"".join(printed.more()) == b""


@pytest.mark.parametrize("kind", ["pipe", "link", "folder", "linked folder"])
def test_logs_read_plain_files_of_the_run_alone(desk: Desk, folder: Path, kind: str) -> None:
    """A pipe holds nobody up, and a link shows nothing from elsewhere."""
    elsewhere = desk.root / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "output.log").write_text("secret\n")
    match kind:
        case "pipe":
            os.mkfifo(folder / "output.log")
            os.mkfifo(folder / "output.log.1")
        case "link":
            (folder / "output.log").symlink_to(elsewhere / "output.log")
        case "folder":
            (folder / "output.log").mkdir()
        case _:
            folder.rmdir()
            folder.symlink_to(elsewhere)
            assert desk.sidekick("logs", "One")[0] == 1
            return
    assert logs(desk) == ""


def test_a_log_without_end_is_read_at_its_end(tmp_path: Path) -> None:
    """Of a file that an agent blew up, as much as a log may have; a line of it is no limit."""
    with (tmp_path / "output.log").open("wb") as file:
        file.truncate(10 << 30)
        file.seek(0, os.SEEK_END)
        file.write(b"end\n")
    read = b"".join(Printed(tmp_path, 1000).so_far())
    assert len(read) == 1000
    assert read.endswith(b"\0end\n")
