"""Typing into a terminal program that shows what is pasted, and takes it with a key."""

import json
import sys
from pathlib import Path

import pytest

from controller.core.observed import Session
from controller.runtimes.base import RuntimeFault
from controller.runtimes.tmux import TmuxRuntime
from controller.runtimes.tmux_glance import Glance
from tests.runtimes.lab import Lab, sessions_of, wait_for

TUI = Path(__file__).with_name("tui.py")


class Desk:
    """A session with such a program in it."""

    def __init__(self, lab: Lab, runtime: TmuxRuntime) -> None:
        self.runtime = runtime
        request = lab.request("app", script=f'exec {sys.executable} {TUI} "$1"')
        self.folder = request.folder
        assert runtime.start([request]) == {}
        [self.session] = sessions_of(runtime)
        wait_for(lambda: "footer" in self.screen())

    def screen(self) -> str:
        """What it shows."""
        return self.runtime.screen(self.session, 10)

    def read(self) -> list[str]:
        """What it took."""
        file = self.folder / "read"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def refuses(self, text: str) -> str:
        """What a refusal says."""
        with pytest.raises(RuntimeFault) as caught:
            self.runtime.tell(self.session, text)
        assert caught.value.reason == "NotTaken"
        assert "The session app " in caught.value.message
        return caught.value.message


@pytest.fixture
def desk(lab: Lab, runtime: TmuxRuntime, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Patience is short: a refusal takes all of it."""
    monkeypatch.setattr(runtime._typist, "_patience", 0.4)
    return Desk(lab, runtime)


TEXTS = {
    "short": "y",
    "lines": "first\n\n  second;\n- third -x",
    "trailing semicolon": "do it;",
    "shell": "$(touch pwned) `id` 'a' \"b\" \\n #{pid} %1",
    "other scripts": "日本語 🚀 עברית e\u0301 ümläut",
    "only signs": "👍 →",
    "wider than the terminal": "word " * 60,
    "100 kB": "line of a log\n" * 7000 + "end",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_arrives_as_it_is(desk: Desk, text: str) -> None:
    """Whole and once, whatever it holds; no program interprets any of it."""
    desk.runtime._typist._patience = 5.0
    desk.runtime.tell(desk.session, text)
    assert desk.read() == [text.strip("\n")]


def test_what_does_not_show_is_not_sent(desk: Desk) -> None:
    """Where a program shows nothing of the text, Enter could mean anything; nothing is pressed."""
    (desk.folder / "deaf").touch()
    assert "does not show" in desk.refuses("no")
    assert desk.read() == []


def test_a_dialog_is_not_answered_by_chance(desk: Desk) -> None:
    """What came up over the draft is not confirmed with the key that was meant for the draft."""
    (desk.folder / "dialog").touch()
    desk.refuses("no")
    assert desk.read() == []


def test_a_draft_that_stands_is_not_typed_twice(desk: Desk) -> None:
    """A busy program leaves it there; told again, it is sent once and whole."""
    (desk.folder / "busy").touch()
    assert "not taken" in desk.refuses("take two")
    assert "not taken" in desk.refuses("take two")
    (desk.folder / "busy").unlink()
    desk.runtime.tell(desk.session, "take two")
    assert desk.read() == ["take two"]


def test_what_was_taken_late_is_not_told_again(desk: Desk, lab: Lab) -> None:
    """The draft went after nobody looked any more: it has arrived."""
    (desk.folder / "busy").touch()
    desk.refuses("take two")
    (desk.folder / "busy").unlink()
    lab.tmux("send-keys", "-t", "=app:", "Enter")
    wait_for(desk.read)
    desk.runtime.tell(desk.session, "take two")
    assert desk.read() == ["take two"]
    desk.runtime.tell(desk.session, "take two")
    assert desk.read() == ["take two", "take two"]


def test_a_person_who_scrolled_back(desk: Desk, lab: Lab) -> None:
    """Their view returns to the end, for keys would go to it and not to the program."""
    lab.tmux("copy-mode", "-t", "=app:")
    desk.runtime.tell(desk.session, "hello")
    assert desk.read() == ["hello"]
    assert lab.tmux("display-message", "-p", "-t", "=app:", "#{pane_in_mode}") == "0"


def test_only_the_pane_that_is_ours(desk: Desk, lab: Lab) -> None:
    """An id that another run's mark bears, or of another server, is nobody's."""
    ours = desk.session
    other = Session(ours.id, ours.name, "another-run", alive=True)
    gone = Session(ours.id.replace("@", "@9"), ours.name, ours.run, alive=True)
    for session in (other, gone):
        with pytest.raises(RuntimeFault) as caught:
            desk.runtime.tell(session, "hello")
        assert caught.value.reason == "SessionGone"
    assert desk.read() == []
    assert lab.tmux("list-buffers") == ""


def glance(*lines: str, column: int, row: int) -> Glance:
    """A screen with its cursor."""
    return Glance(dead=False, scrolled=False, column=column, row=row, lines=lines)


def test_where_a_draft_stands() -> None:
    """Right before the cursor; wrapped, framed or as a chip; and not elsewhere on the screen."""
    assert glance("❯ yes", "────", column=5, row=0).holds("yes")
    assert not glance("❯ yes", "❯", column=2, row=1).holds("no")
    assert glance("│ > a long", "│   text │", column=8, row=1).holds("a long text")
    assert glance("> [Pasted Content 1024 chars]", column=29, row=0).holds("x" * 1024)
    before = glance("❯ second", column=8, row=0)
    assert glance("first line", "second", "", column=0, row=2).took("second", before)
    assert not glance("❯ second", "  ", column=2, row=1).took("second", before)
