"""The log's lines: fields of ours, texts of everybody, and each on the way that it should go."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import datetime

import pytest

from controller.log.forms import LogFormat
from controller.log.lines import has_colours, json_lines, text_lines
from controller.log.setup import log_to, printer


class Terminal(io.StringIO):
    """A stream that says that it is one."""

    def isatty(self) -> bool:
        """It is."""
        return True


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """The test's own log stays as pytest has it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    for name in ("libtmux", "uvicorn"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def to_stream(formatter: logging.Formatter) -> tuple[logging.Handler, io.StringIO]:
    """A handler, and what it writes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    return handler, stream


@pytest.mark.parametrize(
    ("form", "out", "err", "is_text"),
    [
        ("auto", False, False, False), ("auto", True, True, True), ("auto", True, False, True),
        ("auto", False, True, True), ("text", False, False, True), ("json", True, True, False),
    ],
)  # fmt: skip
def test_people_at_a_terminal_get_text(
    monkeypatch: pytest.MonkeyPatch, form: str, out: bool, err: bool, is_text: bool
) -> None:
    """On standard error; elsewhere JSON lines on standard output; a word in the settings counts."""
    streams = {True: Terminal, False: io.StringIO}
    stdout, stderr = streams[out](), streams[err]()
    monkeypatch.setattr("sys.stdout", stdout)
    monkeypatch.setattr("sys.stderr", stderr)
    log_to(printer(LogFormat(form)))
    logging.getLogger("controller.x").info("hello")
    if is_text:
        assert "hello" in stderr.getvalue()
        assert stdout.getvalue() == ""
    else:
        assert json.loads(stdout.getvalue())["event"] == "hello"
        assert stderr.getvalue() == ""


def test_colours_are_for_terminals_that_show_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for a file, a dumb terminal, or whoever set NO_COLOR (https://no-color.org)."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert has_colours(Terminal())
    assert not has_colours(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not has_colours(Terminal())
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not has_colours(Terminal())


def test_records_of_libraries_go_the_same_way() -> None:
    """With their texts, and without fields of their own; what only tells of each call is quiet."""
    handler, stream = to_stream(json_lines(lambda text: text.replace("hunter2", "…")))
    log_to(handler)
    logging.getLogger("libtmux.server").warning(
        "%d refused: %s", 3, "hunter2", extra={"color_message": "\x1b[1mno", "tmux_cmd": "x"}
    )
    logging.getLogger("uvicorn.error").info("each call")
    logging.getLogger("libtmux.common").info("each call")
    logging.getLogger("controller.x").debug("too much")
    said = json.loads(stream.getvalue())
    assert said.pop("timestamp")
    assert said == {"level": "warning", "event": "3 refused: …", "logger": "libtmux.server"}


def test_one_record_has_one_time_everywhere() -> None:
    """That of the event: RFC 3339 with the zone and microseconds, in text the same to the ms."""
    record = logging.LogRecord("x", logging.INFO, "x.py", 1, "it", (), None)
    record.created = 1_795_449_600.0
    told = json.loads(json_lines().format(record))["timestamp"]
    at = datetime.fromisoformat(told)
    assert at.timestamp() == record.created
    assert at.utcoffset() is not None
    assert ".000000" in told
    assert text_lines().format(record).startswith(f"{at:%Y-%m-%d %H:%M:%S}.000 INFO    it")
    assert text_lines(brief=True).format(record) == f"{at:%H:%M:%S} it"


def test_a_line_for_people_says_whose_what_and_the_rest() -> None:
    """The action that was done, or why not; the rest by name, with quotes where it needs them."""
    record = logging.LogRecord("x", logging.WARNING, "x.py", 1, "the disk is full", (), None)
    record.__dict__ |= {"project": "My App", "action": "Start", "reason": "Full",
                        "result": "error", "duration_seconds": 0.25}  # fmt: skip
    told = text_lines().format(record)
    assert told[24:] == (
        "WARNING My App Full: the disk is full action=Start result=error duration_seconds=0.25"
    )
    record.__dict__ |= {"result": "success", "reason": "a b"}
    told = text_lines().format(record)
    assert told[24:] == (
        "WARNING My App Start: the disk is full reason='a b' result=success duration_seconds=0.25"
    )


def test_a_stack_is_told_too() -> None:
    """As a text in JSON, indented below the line for people."""
    record = logging.LogRecord("x", logging.INFO, "x.py", 1, "here", (), None)
    record.stack_info = "Stack (most recent call last):\n  File x.py"
    assert json.loads(json_lines().format(record))["stack"] == record.stack_info
    assert text_lines().format(record).endswith(
        "here\n    Stack (most recent call last):\n      File x.py"
    )  # fmt: skip


def test_a_level_of_a_librarys_own_is_no_fault() -> None:
    """It is called as `logging` calls it."""
    record = logging.LogRecord("x", 15, "x.py", 1, "odd", (), None)
    assert json.loads(json_lines().format(record))["level"] == "level 15"
    assert "LEVEL 15 odd" in text_lines().format(record)
