"""Exit codes and errors that all commands share; what each answers besides is in its own file."""

import pytest

from controller.cli import quick
from controller.cli.parser import COMMANDS, Command
from tests.cli.desk import Desk, a_project

ARGUMENTS = {
    "describe": ("One",), "wait": ("One", "--for", "Ready"), "logs": ("One",), "attach": ("One",),
    "pause": ("One",), "resume": ("One",), "restart": ("One",), "source": ("approve",),
    "snapshot": ("list",), "sheets": ("init",),
    "adopt": ("mine", "One"), "answer": ("One", "yes"), "release": ("sh",),
    "config": ("show",), "notify": ("test",),
}  # fmt: skip
"""What a command needs besides its own word."""
READING = [command for command in COMMANDS if command.settings]


@pytest.mark.parametrize("command", READING, ids=lambda command: command.name)
def test_faulty_settings_are_2(desk: Desk, command: Command) -> None:
    """Where, which and why on standard error; nothing on standard output, nothing done."""
    (desk.root / "config.yaml").write_text("default_agent: sh\nagents: {sh: 1}\nslots: -1\n")
    before = sorted(desk.root.rglob("*"))
    code, out, err = desk.sidekick(command.name, *ARGUMENTS.get(command.name, ()))
    assert (code, out) == (2, "")
    assert "config.yaml:3:1: slots -1" in err
    assert "agents.sh" in err
    assert "Traceback" not in err
    assert sorted(desk.root.rglob("*")) == before


@pytest.mark.parametrize("command", READING, ids=lambda command: command.name)
def test_no_settings_are_2(desk: Desk, command: Command) -> None:
    """Far from any project the user is told where to go."""
    desk.patch.chdir("/")
    code, out, err = desk.sidekick(command.name, *ARGUMENTS.get(command.name, ()))
    assert (code, out) == (2, "")
    assert "no config.yaml" in err


@pytest.mark.parametrize("word", ["describe", "logs", "attach", "pause", "resume", "restart"])
def test_an_unknown_project_is_1(desk: Desk, word: str) -> None:
    """The answer is no, with those that there are."""
    desk.keep(a_project("One"))
    code, out, err = desk.sidekick(word, "Zebra")
    assert (code, out) == (1, "")
    assert "there are: One" in err


def test_without_a_run_there_are_no_logs_and_without_a_session_no_seat(desk: Desk) -> None:
    """1, and why."""
    desk.keep(a_project("One", session="", status="Queued", reason="Capacity"))
    code, out, err = desk.sidekick("logs", "one")
    assert (code, out) == (1, "")
    assert "has not run yet" in err
    code, out, err = desk.sidekick("attach", "one")
    assert (code, out) == (1, "")
    assert "One has no session (Queued: Capacity)" in err


def test_an_interrupt_is_130(desk: Desk) -> None:
    """As shells count Ctrl-C."""

    def interrupt(_options: object) -> bool:
        raise KeyboardInterrupt

    desk.patch.setattr(quick, "get", interrupt)
    assert desk.sidekick("get") == (130, "", "")


def test_a_defect_is_2_and_no_traceback(desk: Desk) -> None:
    """One line says what, the next one what to do; who wants the trace gets it."""

    def fail(_options: object) -> bool:
        raise ZeroDivisionError("nothing \x1b to divide by")

    desk.patch.setattr(quick, "get", fail)
    code, out, err = desk.sidekick("get")
    assert (code, out) == (2, "")
    assert "ZeroDivisionError: nothing \\x1b to divide by" in err
    assert "LOG_LEVEL=DEBUG" in err
    assert "Traceback" not in err
    desk.patch.setenv("LOG_LEVEL", "DEBUG")
    with pytest.raises(ZeroDivisionError):
        desk.sidekick("get")


def test_the_version(desk: Desk) -> None:
    """It needs no settings."""
    desk.patch.chdir("/")
    code, out, err = desk.sidekick("version")
    assert (code, err) == (0, "")
    assert out.startswith("sidekick ")
