"""The command's words: help, usage errors, numbers and times."""

import argparse
import math
import re

import pytest

from controller import __version__
from controller.cli.amounts import count, duration
from controller.cli.parser import COMMANDS, Command, build_parser, command_of
from tests.cli.desk import Desk
from tests.e2e.lab import ROOT

WORDS = [word for command in COMMANDS for word in (command.name, *command.aliases)]
USAGE = [
    ((), "required: COMMAND"),
    (("frobnicate",), "invalid choice"),
    (("get", "-o", "xml"), "invalid choice"),
    (("get", "--frobnicate"), "unrecognized arguments"),
    (("describe",), "required: NAME"),
    (("events", "-n", "-1"), "'-1' is no whole number from 0, as 20"),
    (("logs", "One", "-n", "x"), "'x' is no whole number from 0"),
    (("wait", "One"), "required: --for"),
    (("wait", "One", "--for", "Ready", "--timeout", "5x"), "'5x' is no time; as 30s, 5m"),
    (("pause",), "required"),
    (("pause", "One", "--all"), "not allowed with"),
    (("restart",), "required: NAME"),
    (("report", "finished"), "invalid choice"),
    (("config",), "required: DEED"),
    (("config", "show", "-o", "table"), "invalid choice"),
    (("source",), "required: DEED"),
    (("adopt", "session"), "required: NAME"),
    (("completion", "powershell"), "invalid choice"),
    (("version", "now"), "unrecognized arguments"),
]


@pytest.mark.parametrize("word", WORDS)
def test_every_command_explains_itself(desk: Desk, word: str) -> None:
    """`COMMAND --help` works, says what it does, and is wide enough."""
    desk.patch.setenv("COLUMNS", "100")
    command = command_of(word)
    assert command is not None
    code, out, err = desk.sidekick(word, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: sidekick {command.name} ")
    assert command.text in " ".join(out.split())
    assert max(len(line) for line in out.splitlines()) <= 100


def test_the_whole_help_has_every_command_and_the_exit_codes(desk: Desk) -> None:
    """A person who knows nothing finds all of it."""
    code, out, _ = desk.sidekick("--help")
    assert code == 0
    for command in COMMANDS:
        assert re.search(rf"^    {command.name}\b", out, re.MULTILINE)
    assert "exit codes: 0 yes or done; 1 no" in out
    assert "130" in out


@pytest.mark.parametrize(("words", "text"), USAGE)
def test_a_usage_error_is_2_and_on_standard_error(
    desk: Desk, words: tuple[str, ...], text: str
) -> None:
    """Nothing on standard output, the usage and what is wrong on standard error."""
    code, out, err = desk.sidekick(*words)
    assert (code, out) == (2, "")
    assert err.startswith("usage: sidekick")
    assert text in err


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_one_command_alone_is_parsed_as_among_all(command: Command) -> None:
    """What a quick start leaves out makes no difference."""
    for word in (command.name, *command.aliases):
        for parser in (build_parser(command), build_parser()):
            words = {"get": ["a", "-w"], "wait": ["a", "--for", "Ready"]}.get(word)
            if words is not None:
                assert vars(parser.parse_args([word, *words])) == vars(
                    build_parser().parse_args([word, *words])
                )
            assert parser.format_usage() == build_parser().format_usage()


@pytest.mark.parametrize(
    "words",
    [
        ("--config", "c.yaml", "get"),
        ("get", "--config", "c.yaml"),
        ("snapshot", "list", "--config", "c.yaml"),
        ("config", "show", "--config", "c.yaml"),
    ],
)
def test_the_settings_may_be_named_before_and_after(desk: Desk, words: tuple[str, ...]) -> None:
    """`--config` stands where the user thinks of it."""
    code, _, err = desk.sidekick(*words)
    assert code == 2
    assert "c.yaml: there is no such file" in err
    (desk.root / "config.yaml").rename(desk.root / "c.yaml")
    assert desk.sidekick(*words)[0] == 0


def test_a_folder_is_no_file_of_settings(desk: Desk) -> None:
    """It is there, and what is to be named is told."""
    code, _, err = desk.sidekick("--config", "desired", "get")
    assert code == 2
    assert f"{desk.root}/desired: is a folder; name the file in it; see --config" in err


def test_the_version(desk: Desk) -> None:
    """As an option, as with most programs, and as a command."""
    assert desk.sidekick("--version") == desk.sidekick("version") == (
        0, f"sidekick {__version__}\n", "",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30), ("5m", 300), ("1h", 3600), ("1h30m", 5400), ("1d", 86_400), ("500ms", 0.5),
        ("1.5h", 5400), ("0", 0), ("0s", 0), ("-1s", -1), ("1m30s500ms", 90.5),
    ],
)  # fmt: skip
def test_durations(text: str, seconds: float) -> None:
    """As Go and kubectl write them."""
    assert math.isclose(duration(text), seconds)


@pytest.mark.parametrize("text", ["", "-", "5", "s", "1x", "1h5", "1.2.3s", "--1s", "1 s", "٣s"])
def test_no_durations(text: str) -> None:
    """A number without a unit means nothing."""
    with pytest.raises(argparse.ArgumentTypeError, match="is no time; as 30s"):
        duration(text)


@pytest.mark.parametrize("text", ["", "-1", "1.5", "x", "²", "٣"])
def test_no_counts(text: str) -> None:
    """Whole numbers from 0."""
    assert count("0") == 0
    assert count("12") == 12
    with pytest.raises(argparse.ArgumentTypeError, match="is no whole number"):
        count(text)


def test_the_page_of_the_commands_has_every_word() -> None:
    """docs/commands.md tells of every sub-command, alias and option."""
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`sidekick ([a-z-]+)", page))
    assert {command.name for command in COMMANDS} <= told
    assert told <= set(WORDS)
    for command in COMMANDS:
        section = re.search(rf"^### {command.name}$(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL)
        assert section, command.name
        for alias in command.aliases:
            assert f"`{alias}`" in section[1]
        usage = build_parser(command)
        for option in _options(usage, command.name) - {"-h", "--help", "--config"}:
            assert f"`{option}" in section[1] or f"{option} " in section[1], option


def _options(parser: object, name: str) -> set[str]:
    found: set[str] = set()
    pending = [parser]
    while pending:
        current = pending.pop()
        for action in current._actions:  # type: ignore[attr-defined]
            if isinstance(action.choices, dict):
                pending += action.choices.values()
            elif current is not parser:
                found |= set(action.option_strings)
    return found
