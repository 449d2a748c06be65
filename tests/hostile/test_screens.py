"""Whatever a report says drives no terminal; tables and documents stay whole."""

import json
import re
from collections import deque
from dataclasses import replace
from io import StringIO

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.console import Console

from controller.cli import live
from controller.cli.columns import line, table, width
from controller.cli.forms import as_line, as_text
from controller.cli.live import LiveTable
from controller.core.conditions import Condition, ConditionType
from controller.core.events import Event
from controller.core.faults import shorten
from controller.core.names import as_argument, pick
from controller.core.report import ProjectView, Report, SourceView
from controller.printable import MARKS, clean
from controller.tick import Tick
from tests.cli.desk import NOW, Desk, a_project
from tests.hostile.corpus import CELLS, TEXTS, assert_tame

texts = st.text(st.characters(codec=None)) | st.sampled_from(list(TEXTS.values()))
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
"""What rich itself sends: colours and moves of the cursor."""


def project(text: str, number: int = 2) -> ProjectView:
    """A project of which everything is hostile that a row or an agent can choose."""
    return a_project(
        text, status=text, message=text, agent=text, agent_running=text, next_action=text,
        model=text, progress=text, last_exit=text, folder=text, conversation=text, line=number,
        session="one", progress_at=NOW,
        conditions=(Condition(ConditionType.ACCEPTED, False, "InvalidRow", text, NOW),),
    )  # fmt: skip


@pytest.fixture
def hostile(desk: Desk) -> Desk:
    """A desk with every text of the corpus in a report."""
    projects = [project(text, number) for number, text in enumerate(CELLS.values(), start=2)]
    events = [Event(NOW, text, "InvalidRow", text, warning=True) for text in CELLS.values()]
    source = SourceView("csv", "desired/priorities.csv", False, TEXTS["clear"], rows=9)
    desk.keep(
        *projects, events=events, source=source, suspended=TEXTS["title"], prune="abc",
        errors={"read": TEXTS["log"], "write": TEXTS["clipboard"]}, runtime_up=False,
        runtime_message=TEXTS["C1"],
    )  # fmt: skip
    return desk


@given(texts)
@example("\x9b31m")
@example("a" + "\u0301" * 100)
@settings(deadline=None)
def test_a_cleaned_text_is_one_tame_line(text: str) -> None:
    """It says every character, in order; marks do not pile up."""
    said = clean(text)
    assert_tame(said)
    assert "\n" not in said
    assert clean(said) == said
    assert not re.search(f"[\u0300-\u036f]{{{MARKS + 1}}}", said)
    assert_tame(shorten(text, 60))


@given(texts, st.integers(2, 50))
@settings(deadline=None)
def test_a_cut_line_fits(text: str, cells: int) -> None:
    """As much as fits, whatever is wide, narrow or of no width; a cut is seen."""
    cut = line(text, cells)
    assert width(cut) <= cells
    whole = clean(text)
    assert cut == whole if width(whole) <= cells else cut.endswith("…")


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=5))
@settings(deadline=None)
def test_a_table_has_a_line_a_row(rows: list[tuple[str, str]]) -> None:
    """Whatever the cells hold, and the second column stands in its place."""
    header, *lines = table(("one", "two"), [(a, "x" + b) for a, b in rows], (20, 0)).split("\n")
    assert len(lines) == len(rows)
    place = width(header[: header.index("TWO")])
    for text in lines:
        assert_tame(text)
        before = next(text[:at] for at in range(len(text) + 1) if width(text[:at]) == place)
        assert text[len(before) :].lstrip("".join(map(chr, range(0x300, 0x370)))).startswith("x")


@given(st.dictionaries(st.text(max_size=5), texts, max_size=4))
@settings(deadline=None)
def test_documents_are_tame_and_mean_the_same(values: dict[str, str]) -> None:
    """JSON and YAML give back each character; no terminal sees one that it would obey."""
    for text in (as_text(values, "json"), as_line(values)):
        assert_tame(text)
        assert json.loads(text) == values
    assert "\n" not in as_line(values)
    said = as_text(values, "yaml")
    assert_tame(said)
    if all(not 0xD800 <= ord(c) < 0xE000 for v in (*values, *values.values()) for c in v):
        assert yaml.safe_load(said) == values


COMMANDS = (
    "get", "get -o wide", "get -o json", "get -o yaml", "get -o name", "get --config config.yaml",
    "events -n 999", "events -o json", "events -o yaml", "status", "status -o json",
    "status -o yaml", "get nobody", "wait nobody --for Ready --timeout 0", "events nobody",
)  # fmt: skip


@pytest.mark.slow
def test_no_command_drives_the_terminal(hostile: Desk) -> None:
    """Both streams are tame; a list stays a line a row; a document says what the report says."""
    for words in COMMANDS:  # `get` takes a quick look, or with --config the long way
        code, out, err = hostile.sidekick(*words.split())
        assert code == (1 if "nobody" in words or words.startswith("status") else 0), err
        assert_tame(out)
        assert_tame(err)
        assert "defect" not in err
        if words in {"get", "get --config config.yaml", "events -n 999"}:
            assert len(out.splitlines()) == 1 + len(CELLS)
        if words == "get -o name":
            assert len(out.splitlines()) == len(CELLS)
        if words == "get -o json":
            told = json.loads(out)
            assert [item["next_action"] for item in told["projects"]] == list(CELLS.values())


@pytest.mark.slow
def test_everything_about_one_project(hostile: Desk) -> None:
    """`describe` of each, by its whole name; and by the name as it is shown."""
    for spelled in (CELLS["combining"], shorten(CELLS["clear"], 100), CELLS["help"]):
        code, out, err = hostile.sidekick("describe", "--", spelled)
        assert code == 0, err
        assert_tame(out)
        assert_tame(err)


@pytest.mark.parametrize("words", [("get", "\x1b]0;x\x07"), ("--\x1b[2J",), ("get", "-o", "\x9b")])
def test_words_that_are_off_are_told_tamely(
    desk: Desk, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """What a script hands over unread comes back spelled."""
    code, out, err = desk.sidekick(*words)
    assert code in {1, 2}
    assert_tame(out + err)


@given(texts.filter(lambda text: "\0" not in text))
@settings(deadline=None)
def test_what_is_to_be_pasted_is_one_word(name: str) -> None:
    """The shell that gets the hint hands the name over as it is, and never as an option."""
    import shlex

    words = shlex.split(as_argument(name))
    assert words[-1] == name
    assert len(words) == 1 or words[0] == "--"
    assert not name.startswith("-") or len(words) == 2


@given(st.lists(texts.filter(bool), unique=True, min_size=1, max_size=6))
@settings(deadline=None)
def test_a_whole_name_means_itself(names: list[str]) -> None:
    """Whatever other names there are."""
    for name in names:
        assert pick(name, names) == name


def test_the_live_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """It sends the terminal rich's own colours and moves, and no markup of a cell's counts."""
    out = StringIO()
    console = Console(file=out, force_terminal=True, width=140, height=300, color_system=None)
    shown = LiveTable(console, deque(["10:00:00 a line"]))
    source = SourceView("csv", TEXTS["clear"], False, TEXTS["clear"])
    views = [project(text, number) for number, text in enumerate(TEXTS.values(), start=2)]
    waiting = [
        replace(view, name=f"w{view.name}", status="Waiting", conditions=()) for view in views[::4]
    ]
    tick = Tick(NOW)
    tick.report = Report(
        NOW, source, (*views, *waiting), errors={"read": TEXTS["title"]}, server=TEXTS["link"],
        suspended=TEXTS["reset"],
    )  # fmt: skip
    monkeypatch.setattr(live, "clock", lambda: NOW)
    console.print(shown._draw())
    shown.show(tick)
    console.print(shown._draw())
    assert_tame(ESCAPE.sub("", out.getvalue()))
    assert "[red]x[/red]" in out.getvalue()
