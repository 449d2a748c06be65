"""What is wrong with config.yaml is said with place, setting, value and what is allowed."""

import pytest

from controller.settings import SettingsInvalid, load_settings
from controller.settings.agents import FAMILIES
from tests.settings.conftest import Project

DEMO = "default_agent: demo\n"
NO_FAMILY = f"no such family; give a command, or a type: {', '.join(FAMILIES)}"
SETTINGS = (
    "agents, budgets, default_agent, demo, gpus, isolation, log_format, log_level, models, "
    "notifications, paths, preamble, prices, priority_source, project_isolation, projects, "
    "resume_prompt, retention, server, slots, times, tmux"
)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("slots: many", "2:1: slots 'many': must be of type integer"),
        ("slots: true", "2:1: slots True: must be of type integer"),
        ("slots: 3.5", "2:1: slots 3.5: must be of type integer"),
        ("slots:", "2:1: slots: must be of type integer"),
        ("demo: 'no'", "2:1: demo 'no': must be of type boolean"),
        ("server: 5", "2:1: server 5: must be of type object"),
        ("agents: {c: {command: x}}", "2:14: agents.c.command 'x': must be of type array"),
        (
            "agents: {c: {command: [x], environment: {A: 1}}}",
            "2:42: agents.c.environment.A 1: must be of type string",
        ),
    ],
)
def test_wrong_type(project: Project, line: str, fault: str) -> None:
    """A value of a wrong type: its place, its name, itself, and the type it must have."""
    assert [f":{fault}"] == project.faults(DEMO + line)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("slots: 0", "2:1: slots 0: must be more than 0"),
        ("gpus: -1", "2:1: gpus -1: must be at least 0"),
        ("server: {port: 65536}", "2:10: server.port 65536: must be at most 65535"),
        ("times:\n  tick: 0.0", "3:3: times.tick 0.0: must be more than 0"),
        ("times: {tick: .nan}", "2:9: times.tick nan: Input should be less than or equal to 86400"),
        ("times: {tick: .inf}", "2:9: times.tick inf: must be at most 86400.0"),
        (
            "server: {host: example.org}",
            "2:10: server.host 'example.org': must be an IP address, or localhost",
        ),
        ("log_level: LOUD", "2:1: log_level 'LOUD': allowed: DEBUG, INFO, WARNING, ERROR"),
        ("agents: {c: {command: []}}", f"2:10: agents.c.type: {NO_FAMILY}"),
        ("agents: {c: {slots: 1}}", f"2:10: agents.c.type: {NO_FAMILY}"),
        (
            "agents: {c: {type: command}}",
            "2:10: agents.c.command: a command line is needed, as [program, argument]",
        ),
        (
            "agents: {claude: {resume: [x]}}",
            "2:19: agents.claude.resume: is for `command` alone, and this is of the family claude",
        ),
        (
            "agents: {c: {command: [x], allow: [ls]}}",
            f"2:28: agents.c.allow: is for the families {', '.join(FAMILIES)}",
        ),
        ("models: {Opus: []}", "2:10: models.Opus: names no agent"),
        (
            "project_isolation: {A: worktree}",
            "2:21: project_isolation.A 'worktree': names no project that has a folder in projects",
        ),
    ],
)
def test_out_of_range(project: Project, line: str, fault: str) -> None:
    """A value out of its range: the range, or the words that are allowed."""
    assert [f":{fault}"] == project.faults(DEMO + line)


def test_several_faults(project: Project) -> None:
    """Every fault has a line of its own."""
    faults = project.faults(DEMO + "slots: 0\ngpus: x\ntimes: {tick: -1}\n")

    assert faults == [
        ":3:1: gpus 'x': must be of type integer",
        ":2:1: slots 0: must be more than 0",
        ":4:9: times.tick -1: must be more than 0",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (DEMO + "slotz: 4", f":2:1: slotz: no such setting; there are {SETTINGS}"),
        (
            DEMO + "server:\n  prot: 1\n",
            ":3:3: server.prot: no such setting; there are host, names, port",
        ),
        (DEMO + "null: 1", f":2:1: null: no such setting; there are {SETTINGS}"),
    ],
)
def test_unknown_key(project: Project, text: str, fault: str) -> None:
    """An unknown key: its place, and the keys that there are."""
    assert [fault] == project.faults(text)


def test_unknown_keys(project: Project) -> None:
    """Two unknown keys in one section are both named."""
    faults = project.faults(DEMO + "slotz: 4\ngpuz: 1\n")
    assert [fault.rpartition(":")[0] for fault in faults] == [":3:1: gpuz", ":2:1: slotz"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (DEMO + "slots: 1\nslots: 2", ":3:1: the key slots stands twice; keep one"),
        (
            DEMO + "server:\n  port: 1\n  host: localhost\n  port: 2\n",
            ":5:3: the key port stands twice; keep one",
        ),
        (DEMO + "projects: {1: a, '1': b}", ":2:18: the key 1 stands twice; keep one"),
    ],
)
def test_duplicate_key(project: Project, text: str, fault: str) -> None:
    """A key that stands twice is shown where it stands the second time."""
    assert [fault] == project.faults(text)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("slots: [", ":1:9: "),
        ("a: b: c", ":1:5: "),
        (DEMO + "\tslots: 1", ":2:1: "),
        (DEMO + "slots: *nobody", ":2:8: "),
        (DEMO + "? [a]\n: 1", ":2:3: "),
        (DEMO + "slots: !!python/name:os.system 4", ":2:8: "),
        (DEMO + "---\nslots: 2", ":2:1: "),
        (DEMO + "slots: 'open", ":2:13: "),
        ("- a list", ":1:1: must be a mapping of settings, as slots: 4"),
        ("a word", ":1:1: must be a mapping of settings, as slots: 4"),
    ],
)
def test_bad_yaml(project: Project, text: str, place: str) -> None:
    """What is no YAML, or no mapping, is told with its place."""
    (fault,) = project.faults(text)
    assert fault.startswith(place)


def test_not_utf8_line(project: Project) -> None:
    """A byte that is not UTF-8 is told with line and column."""
    (fault,) = project.faults(DEMO.encode() + b"resume_prompt: \xff")
    assert fault.startswith(":2:16: ")


def test_control_character(project: Project) -> None:
    """A character that YAML does not allow is told with line and column, on one line."""
    (fault,) = project.faults(DEMO + "resume_prompt: \x01")
    assert fault.startswith(":2:16: ")
    assert "\n" not in fault


def test_byte_order_mark(project: Project) -> None:
    """A BOM, as Windows' editors write it, is no fault and moves no column."""
    assert project.load("\ufeff" + DEMO + "slots: 7").slots == 7
    assert project.faults("\ufeffslots: 0\ndefault_agent: demo") == [
        ":1:1: slots 0: must be more than 0"
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("default_agent: nobody", ":1:1: default_agent 'nobody': no such agent; allowed: demo"),
        (
            "",
            ":1:1: default_agent 'claude': no such agent; allowed: demo; to have it, add "
            "agents: { claude: {} }",
        ),
        (
            DEMO + "agents: {b: {command: [x]}, a: {command: [x]}}\nmodels: {Opus: {agent: c}}",
            ":3:17: models.Opus.agent 'c': no such agent; allowed: demo, a, b",
        ),
        (
            DEMO + "agents: {demo: {command: [x]}}",
            ":2:10: agents.demo: the name demo is taken by the built-in agent",
        ),
        (DEMO + "models: {Opus: {model: x}}", ":2:10: models.Opus: 'agent' is a required property"),
    ],
)
def test_wrong_reference(project: Project, text: str, fault: str) -> None:
    """A name that must be defined elsewhere in the file: the names that are."""
    assert [fault] == project.faults(text)


def test_wrong_references_together(project: Project) -> None:
    """Every name that is not defined has its line."""
    faults = project.faults("default_agent: x\nmodels: {A: {agent: y}, B: {agent: z}}")
    assert [fault.partition(": no such")[0] for fault in faults] == [
        ":1:1: default_agent 'x'",
        ":2:14: models.A.agent 'y'",
        ":2:29: models.B.agent 'z'",
    ]


def test_models_that_mean_the_same(project: Project) -> None:
    """Two words of the Model column that differ by case and blanks only are a fault."""
    agents = "agents: {a: {command: [x]}, b: {command: [x]}}\n"
    (fault,) = project.faults(
        DEMO + agents + "models:\n  Sonnet 4: {agent: a}\n  sonnet4: {agent: b}\n"
    )
    assert fault.startswith(":5:3: ")


def test_a_sheet_must_be_named(project: Project) -> None:
    """The kind alone says not which sheet."""
    (fault,) = project.faults(DEMO + "priority_source: {type: sheets}")
    assert fault.startswith(":2:")
    assert fault.endswith("which sheet? set priority_source.sheets.url or spreadsheet_name")


def test_a_sheet_is_not_read_too_often(project: Project) -> None:
    """Google's quotas hold by construction."""
    (fault,) = project.faults(DEMO + "priority_source: {sheets: {poll_interval: 5}}")
    assert "poll_interval" in fault


@pytest.mark.parametrize(
    "line",
    ["agents: {c: {command: [5]}}", "agents: {c: {command: [[a, [b]]]}}", "paths: {socket: 5}"],
)
def test_one_of_several_types(project: Project, line: str) -> None:
    """Where several types are allowed, the message names them."""
    (fault,) = project.faults(DEMO + line)
    assert "any of the given schemas" not in fault
    assert "string" in fault


def test_wrong_name_of_an_agent(project: Project) -> None:
    """A name that no agent may have is named as it stands in the file."""
    (fault,) = project.faults(DEMO + "agents: {Claude: {command: [x]}}")
    assert fault.startswith(":2:10: agents.Claude: ")


UNTIDY = "escapes load_settings as another exception, and the command shows a traceback"


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("x: 2001-99-99", id="a date that is none"),
        pytest.param("slots: !!int x", id="a tag that its text does not fit"),
        pytest.param("a: !!bool x", id="bool"),
        pytest.param("a: !!timestamp x", id="timestamp"),
        pytest.param("slots: " + "9" * 5000, id="an endless number"),
        pytest.param("2001-01-01: 3", id="a date for a key"),
        pytest.param("a: &a [*a]", id="an alias to itself"),
        pytest.param("a: " + "[" * 1000, id="deep"),
        pytest.param("paths: {state: ~no-such-user/x}", id="nobody's home"),
        pytest.param('paths: {schemas: "\\0"}', id="a NUL in a path"),
        pytest.param('projects: {a: "\\0"}', id="a NUL in a project's folder"),
        pytest.param('projects: {a: "\\ud800"}', id="a path that cannot be encoded"),
    ],
)
def test_hostile_document(project: Project, line: str) -> None:
    """Whatever stands in the file, it is refused as a fault of the settings."""
    assert project.faults(DEMO + line)


def test_no_file_and_a_folder(project: Project) -> None:
    """A file that cannot be read is named with the system's word for it."""
    project.config.mkdir()
    with pytest.raises(SettingsInvalid, match=r"config\.yaml: Is a directory"):
        load_settings(project.config, {})
    with pytest.raises(SettingsInvalid, match=r"nix\.yaml: No such file or directory"):
        load_settings(project.folder / "nix.yaml", {})


@pytest.mark.parametrize(
    "content",
    [
        None,
        "{",
        "[]x",
        pytest.param('{"type": 5}'),
    ],
)
def test_broken_schema(project: Project, content: str | None) -> None:
    """A schema that is missing or broken is named, with the setting that says where it is."""
    folder = project.folder / "other"
    folder.mkdir()
    schema = folder / "config.schema.json"
    if content is not None:
        schema.write_text(content)
    (fault,) = project.faults(DEMO + "paths: {schemas: other}")
    assert fault.startswith(f"{schema}: ")
    assert fault.endswith("; see paths.schemas")
    assert ("copy the program's folder of schemas there" in fault) is (content is None)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (
            "agents: {c: {command: [x], patterns: [{outcome: auth, pattern: 'a('}]}}",
            "2:55: agents.c.patterns.0.pattern 'a(': is no regular expression: missing ), "
            "unterminated subpattern at position 1",
        ),
        (
            "agents: {c: {command: [x], patterns: [{outcome: auth, pattern: '(a+)+$'}]}}",
            "2:55: agents.c.patterns.0.pattern '(a+)+$': takes too long on some lines; it repeats "
            "a repetition, as (a+)+",
        ),
        (
            "agents: {claude: {exit_codes: {1: auth}}}",
            "2:19: agents.claude.exit_codes: is for `command` alone, and this is of the family "
            "claude",
        ),
    ],
)
def test_what_an_end_means(project: Project, line: str, fault: str) -> None:
    """A pattern that cannot be used is named with its place; a family knows its own ends."""
    assert [f":{fault}"] == project.faults(DEMO + line)


@pytest.mark.parametrize("code", ["256", "-1", "01", "x"])
def test_an_exit_code_that_is_none(project: Project, code: str) -> None:
    """It is told, with what it would mean."""
    (fault,) = project.faults(
        DEMO + f"agents: {{c: {{command: [x], exit_codes: {{{code!r}: auth}}}}}}"
    )
    assert "agents.c.exit_codes" in fault


def test_an_outcome_that_is_none(project: Project) -> None:
    """What there is, is told."""
    (fault,) = project.faults(DEMO + "agents: {c: {command: [x], exit_codes: {1: tired}}}")
    assert "agents.c.exit_codes.1 'tired': allowed: completed, waiting, blocked" in fault
