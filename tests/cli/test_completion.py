"""`completion`: real shells ask the real command."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from controller.cli.parser import COMMANDS
from tests.cli.desk import Desk, a_project
from tests.e2e.lab import SIDEKICK, wait_for

NAMES = ("One", "Antenna ML", "O'Neil $HOME `x`", "Größe", "a:b")
BASH = """
source <(sidekick completion bash)
COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9 COMP_CWORD=0
_python_argcomplete sidekick
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def filled(desk: Desk) -> Desk:
    """A desk with projects of awkward names, and the command on its PATH."""
    desk.keep(*(a_project(name) for name in NAMES))
    assert desk.sidekick("get", "-o", "yaml")[0] == 0
    desk.patch.setenv("PATH", f"{SIDEKICK.parent}:{os.environ['PATH']}")
    desk.patch.setenv("LANG", "C.UTF-8")
    return desk


def bash(line: str) -> list[str]:
    """What bash would offer behind a line."""
    done = subprocess.run(
        ["bash", "--norc", "-c", BASH, "bash", line],
        capture_output=True, text=True, timeout=20, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    return [word.strip() for word in done.stdout.splitlines() if word.strip()]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("sidekick de", ["describe"]),
        ("sidekick st", ["status", "stop"]),
        ("sidekick describe An", ["Antenna\\ ML"]),
        ("sidekick pause O", ["One", "O\\'Neil\\ \\$HOME\\ \\`x\\`"]),
        ("sidekick get One Gr", ["Größe"]),
        ("sidekick get -o ", ["table", "wide", "json", "yaml", "name"]),
        ("sidekick get --wa", ["--watch"]),
        ("sidekick wait One --for Re", ["Ready"]),
        ("sidekick report ", ["done", "blocked", "waiting", "working", "progress", "next"]),
        ("sidekick config s", ["show", "schema"]),
        ("sidekick source ", ["approve"]),
        ("sidekick completion ", ["bash", "zsh", "fish"]),
    ],
)
def test_bash(filled: Desk, line: str, words: list[str]) -> None:
    """Sub-commands, options, their values, and the projects of the newest report."""
    assert bash(line) == words


def test_bash_offers_every_command_and_the_projects_as_they_are(filled: Desk) -> None:
    """Another report is another answer; where there is none, none is made up."""
    assert bash("sidekick ") == [
        word for command in COMMANDS for word in (command.name, *command.aliases)
    ]
    assert len(bash("sidekick logs ")) == len(NAMES)
    filled.keep(a_project("Other"))
    assert bash("sidekick logs ") == ["Other"]
    (filled.state / "sidekick.db").unlink()
    assert bash("sidekick logs ") == []


@pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish")
def test_fish(filled: Desk) -> None:
    """The same, with what each word does."""
    script = "sidekick completion fish | source; complete --do-complete="
    for line, words in (
        ("sidekick desc", ["describe\teverything about one project"]),
        ("sidekick describe An", ["Antenna ML"]),
    ):
        done = subprocess.run(
            ["fish", "--no-config", "-c", f"{script}'{line}'"],
            capture_output=True, text=True, timeout=20, check=True,
        )  # fmt: skip
        assert done.stdout.splitlines() == words


class Zsh:
    """A person's zsh, in a tmux of its own."""

    def __init__(self, desk: Desk) -> None:
        self._socket = desk.root / "zsh"
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", "160", "-y", "30", "zsh", "-f")
        self.keys("autoload -Uz compinit; compinit -u -D; PS1='%% '", "Enter")
        self.keys("source <(sidekick completion zsh); clear", "Enter")

    def tmux(self, *arguments: str) -> str:
        """Ask its tmux."""
        done = subprocess.run(
            ["tmux", "-u", "-S", self._socket, *arguments],
            capture_output=True, text=True, timeout=10, check=False,
        )  # fmt: skip
        return done.stdout

    def keys(self, *keys: str) -> None:
        """Press keys."""
        self.tmux("send-keys", *keys)

    def line(self) -> str:
        """The line that is typed in."""
        lines = [text for text in self.tmux("capture-pane", "-p").splitlines() if "% " in text]
        return lines[-1].partition("% ")[2] if lines else ""


@pytest.fixture
def zsh(filled: Desk) -> Iterator[Zsh]:
    """A zsh that knows the completion."""
    zsh = Zsh(filled)
    try:
        yield zsh
    finally:
        zsh.tmux("kill-server")


@pytest.mark.skipif(shutil.which("zsh") is None, reason="there is no zsh")
def test_zsh(zsh: Zsh) -> None:
    """A person types the beginning and presses Tab."""
    wait_for("a prompt", lambda: zsh.tmux("capture-pane", "-p").strip() == "%")
    zsh.keys("sidekick descr", "Tab")
    wait_for("the command", lambda: zsh.line() == "sidekick describe")
    zsh.keys(" Ant", "Tab")
    wait_for("the project", lambda: zsh.line().startswith("sidekick describe Antenna\\ ML"))


def test_an_answer_imports_little(filled: Desk) -> None:
    """A Tab is no reason to wait: the projects come from the report's file."""
    line = "sidekick describe An"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", SIDEKICK], capture_output=True, text=True, timeout=20,
        env={
            **os.environ, "_ARGCOMPLETE": "1", "_ARGCOMPLETE_IFS": "\v", "COMP_LINE": line,
            "COMP_POINT": str(len(line)), "_ARGCOMPLETE_STDOUT_FILENAME": str(filled.root / "out"),
        }, check=True,
    )  # fmt: skip
    assert (filled.root / "out").read_text().strip() == "Antenna\\ ML"
    modules = {text.rpartition("|")[2].strip() for text in done.stderr.splitlines()}
    assert "controller.cli.quick" in modules
    assert not {"pydantic", "jsonschema", "yaml", "rich", "controller.app"} & modules
