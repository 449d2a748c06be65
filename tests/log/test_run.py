"""The log of a controller that a person runs at a terminal."""

import json

import pytest

from controller.cli.run import LOG_FILE
from tests.e2e.lab import SIDEKICK, Lab, wait_for
from tests.e2e.terminal import Terminal


@pytest.mark.parametrize("colours", [True, False])
def test_a_person_reads_text_and_the_file_holds_objects(
    lab: Lab, terminal: Terminal, colours: bool
) -> None:
    """In colours, unless they said no to them; the file is for what collects logs."""
    lab.settle_in("My App,1,Pending,,,exec sleep 1000,,,,")
    terminal.type(f"clear; {'' if colours else 'NO_COLOR=1 '}{SIDEKICK} run --plain")
    terminal.shows("My App Start: its turn has come reason=Wanted result=success duration_seconds=")
    assert ("\x1b[1mMy App" in terminal.screen("-e")) == colours
    terminal.keys("C-c")
    screen = terminal.shows("agents keep working.")
    assert "INFO    the controller ended" in screen
    lines = (lab.root / "logs" / LOG_FILE).read_text().splitlines()
    (start,) = [line for line in map(json.loads, lines) if line.get("action") == "Start"]
    assert start["project"] == "My App"
    assert start["event"] == "its turn has come"


def test_text_is_text_everywhere(lab: Lab) -> None:
    """Where the settings say so: printed, and in the file, without a colour."""
    lab.settle_in("My App,1,Pending,,,exec sleep 1000,,,,", log_format="text")
    lab.start()
    wait_for("the start", lambda: "INFO    My App Start: its turn has come" in lab.output())
    lab.stop()
    text = (lab.root / "logs" / LOG_FILE).read_text()
    assert "INFO    My App Start: its turn has come" in text
    assert "\x1b" not in text + lab.output()
