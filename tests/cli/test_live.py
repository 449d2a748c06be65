"""The live table of `run`, drawn on a terminal that is played."""

import io
from collections import deque
from datetime import datetime

import pytest
from rich.console import Console

from controller.cli.live import LiveTable
from controller.core.report import Report, SourceView
from controller.tick import Tick
from tests.cli.desk import NOW, a_project


def drawn(width: int = 120) -> str:
    """What the terminal is sent."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, color_system="truecolor", width=width)
    table = LiveTable(console, deque(["10:00:00 One Start"]))
    projects = (
        a_project("One", agent_running="demo"),
        a_project("Two", status="Waiting", reason="AgentWaits", message="which way?"),
        a_project("Bad\x1b[2J", status="", reason="InvalidRow", accepted=False),
    )
    report = Report(NOW, SourceView("csv", "list.csv", True), projects, slots=4, demo=True)
    table.start()
    table.show(Tick(datetime.now().astimezone(), report=report))
    table.stop()
    return out.getvalue()


def coloured(text: str) -> bool:
    """Whether a foreground or background colour is set in it."""
    parts = [part.partition("m")[0].split(";") for part in text.split("\x1b[")[1:]]
    return any(
        code.isdigit() and (30 <= int(code) < 50 or 90 <= int(code) < 110)
        for part in parts
        for code in part[:1] + part[1:2]
    )


def test_colours_and_their_absence(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR leaves the same words without a colour."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert coloured(drawn())
    monkeypatch.setenv("NO_COLOR", "1")
    plain = drawn()
    assert not coloured(plain)
    for word in ("CTO Sidekick", "demo (claude)", "In Progress", "which way?", "no credit"):
        assert word in plain


def test_no_cell_moves_the_cursor() -> None:
    """What a row holds is spelled out."""
    assert "Bad\\x1b[2J" in drawn()
