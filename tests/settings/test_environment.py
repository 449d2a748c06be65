"""Environment variables beat the file."""

from functools import reduce
from pathlib import Path

import pytest
from pydantic import SecretStr

from controller.core.standing import Kind
from controller.settings.environment import SHORT_NAMES, variables
from tests.settings.conftest import REPOSITORY, Project

FILE = "default_agent: demo\npriority_source: {type: csv}\n"
URLS = (SecretStr("ntfy://a"), SecretStr("mailto://b"))
ANY = None
"""No text is wrong."""

CASES: dict[str, tuple[str, object, str | None]] = {
    "PRIORITY_SOURCE_TYPE": ("csv", "csv", "excel"),
    "PRIORITY_SOURCE_CSV_FILE": ("/l/my list.csv", Path("/l/my list.csv"), ANY),
    "PRIORITY_SOURCE_CSV_WATCH_INTERVAL": ("0.5", 0.5, "often"),
    "PRIORITY_SOURCE_CSV_EDITOR_WAIT": ("0", 0.0, "-1"),
    "PRIORITY_SOURCE_CSV_BACKUPS": ("0", 0, "-1"),
    "PRIORITY_SOURCE_CSV_ENCODING": ("cp1252", "cp1252", ANY),
    "PRIORITY_SOURCE_SHEETS_CREDENTIALS_FILE": ("/k.json", Path("/k.json"), ANY),
    "PRIORITY_SOURCE_SHEETS_SPREADSHEET_NAME": ("My Sheet", "My Sheet", ANY),
    "PRIORITY_SOURCE_SHEETS_WORKSHEET_NAME": ("Tab", "Tab", ANY),
    "PRIORITY_SOURCE_SHEETS_URL": ("https://x/y", "https://x/y", ANY),
    "PRIORITY_SOURCE_SHEETS_POLL_INTERVAL": ("30", 30.0, "5"),
    "PRIORITY_SOURCE_SHEETS_ENDPOINT": ("http://127.0.0.1:1", "http://127.0.0.1:1", "x"),
    "DEMO": ("true", True, "maybe"),
    "SLOTS": ("8", 8, "0"),
    "GPUS": ("0", 0, "-1"),
    "DEFAULT_AGENT": ("demo", "demo", "nobody"),
    "ISOLATION": ("worktree", "worktree", "container"),
    "RESUME_PROMPT": ("go on", "go on", ANY),
    "PATHS_STATE": ("/s", Path("/s"), ANY),
    "PATHS_LOGS": ("/l", Path("/l"), ANY),
    "PATHS_RUNS": ("/r", Path("/r"), ANY),
    "PATHS_WORKSPACES": ("/w", Path("/w"), ANY),
    "PREAMBLE": ("Be brief", "Be brief", ANY),
    "BUDGETS_ROW_DOLLARS": ("1.5", 1.5, "-1"),
    "BUDGETS_ROW_TOKENS": ("5", 5, "x"),
    "BUDGETS_DAY_DOLLARS": ("1", 1.0, "x"),
    "BUDGETS_DAY_TOKENS": ("5", 5, "-1"),
    "PATHS_HOMES": ("/h", Path("/h"), ANY),
    "PATHS_SCHEMAS": (f"{REPOSITORY}/schemas", REPOSITORY / "schemas", ANY),
    "PATHS_SOCKET": ("/t", Path("/t"), ANY),
    "TIMES_TICK": ("1.5", 1.5, "0"),
    "TIMES_STOP_GRACE": ("1", 1.0, "-1"),
    "TIMES_WAITING_KEEPS_SLOT": ("1", 1.0, "x"),
    "TIMES_ENDED_SCREENS": ("1", 1.0, "x"),
    "TIMES_MIN_RUN_TIME": ("0", 0.0, "-1"),
    "TIMES_HUNG": ("1", 1.0, "0"),
    "TIMES_DEMO_WORK": ("1", 1.0, "x"),
    "RETENTION_DAYS": ("1", 1.0, "x"),
    "RETENTION_BYTES": ("1", 1, "1.5"),
    "RETENTION_LOG_BYTES": ("1", 1, "x"),
    "RETENTION_LOG_FILES": ("1", 1, "x"),
    "SERVER_HOST": ("0.0.0.0", "0.0.0.0", "example.org"),
    "SERVER_NAMES": ("controller, my.host", ("controller", "my.host"), "a/b"),
    "SERVER_PORT": ("0", 0, "65536"),
    "NOTIFICATIONS_URLS": ("ntfy://a, mailto://b", URLS, ANY),
    "NOTIFICATIONS_URLS_FILE": ("/u", Path("/u"), ANY),
    "NOTIFICATIONS_ON": ("Waiting,Hold", (Kind.WAITING, Kind.HOLD), "Never"),
    "NOTIFICATIONS_QUIET": ("0", 0.0, "-1"),
    "NOTIFICATIONS_RETRY_FOR": ("60", 60.0, "0"),
    "NOTIFICATIONS_PAGE": ("https://my.host", "https://my.host", "my.host"),
    "LOG_LEVEL": ("debug", "DEBUG", "loud"),
    "LOG_FORMAT": ("json", "json", "xml"),
    "TMUX_SERVER": ("external", "external", "none"),
}


def value(settings: object, path: tuple[str, ...]) -> object:
    """A setting by its path."""
    found: object = reduce(getattr, path, settings)
    return found


def test_every_setting_has_a_variable() -> None:
    """The cases below are all that there are, so that none is forgotten."""
    assert {f"SIDEKICK_{name}" for name in CASES} | set(SHORT_NAMES) == set(variables())


@pytest.mark.parametrize("name", CASES)
def test_override(project: Project, name: str) -> None:
    """Every variable beats the file's value."""
    text, expected, _ = CASES[name]
    variable = f"SIDEKICK_{name}"
    assert expected == value(project.load(FILE, **{variable: text}), variables()[variable])


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case[2] is not None])
def test_wrong_value(project: Project, name: str) -> None:
    """A wrong value is refused with the variable's name, and the setting's."""
    variable = f"SIDEKICK_{name}"
    wrong = CASES[name][2]
    assert wrong is not None
    (fault,) = project.faults(FILE, **{variable: wrong})
    setting = ".".join(variables()[variable])
    assert fault.startswith(f"{variable}: {setting} ")


@pytest.mark.parametrize("level", ["debug", "DEBUG", "Debug"])
def test_short_names(project: Project, level: str) -> None:
    """LOG_LEVEL, in any case, and PRIORITY_SOURCE work without the prefix."""
    loaded = project.load("default_agent: demo\n", LOG_LEVEL=level, PRIORITY_SOURCE="csv")
    assert (loaded.log_level, loaded.priority_source.type) == ("DEBUG", "csv")
    (fault,) = project.faults(FILE, PRIORITY_SOURCE="excel")
    assert fault == "PRIORITY_SOURCE: priority_source.type 'excel': allowed: auto, csv, sheets"


def test_an_empty_variable_is_none(project: Project) -> None:
    """An empty variable leaves the file's value, as Compose sets what nobody set."""
    assert project.load(FILE + "slots: 3\n", SIDEKICK_SLOTS="").slots == 3


def test_a_variable_mends_the_file(project: Project) -> None:
    """What a variable overrides need not be right in the file."""
    assert project.load(FILE + "slots: many\n", SIDEKICK_SLOTS="3").slots == 3


def test_other_variables_are_left_alone(project: Project) -> None:
    """Variables that are no settings change nothing."""
    others = {"SIDEKICK_RUN_ID": "x", "SIDEKICK_CONFIG": "y", "SLOTS": "9", "sidekick_slots": "9"}
    assert project.load(FILE) == project.load(FILE, **others)


@pytest.mark.parametrize("text", ["many", "[1", "1 2", "0x", "{}", "null", "1e3"])
def test_no_number(project: Project, text: str) -> None:
    """What is no number is refused, whatever YAML makes of it."""
    (fault,) = project.faults(FILE, SIDEKICK_SLOTS=text)
    assert fault.startswith("SIDEKICK_SLOTS: slots")
    assert fault.endswith("must be of type integer")


@pytest.mark.parametrize(
    "text", ["yes", "2026", "go on: now", "go on # now", "2024-01-01", "null", "'quoted'", "- x"]
)
def test_text_is_taken_as_it_is(project: Project, text: str) -> None:
    """A setting that is a text takes the variable's text, whatever it would be in YAML."""
    assert text == project.load(FILE, SIDEKICK_RESUME_PROMPT=text).resume_prompt


@pytest.mark.parametrize("text", ["2001-99-99", "[" * 1000, "!!int x", "9" * 5000])
def test_hostile_text(project: Project, text: str) -> None:
    """A variable that YAML stumbles over is refused as any other."""
    (fault,) = project.faults(FILE, SIDEKICK_SLOTS=text)
    assert fault.startswith("SIDEKICK_SLOTS: slots")
