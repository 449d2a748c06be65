"""Broken settings as people have them: each is refused with file, line, key and mend."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.settings import Settings, SettingsInvalid, find_config, load_settings
from controller.settings.environment import variables
from tests.corpus.cases import Case, cases
from tests.settings.conftest import REPOSITORY, Project
from tests.sources.benches import powerless

DEMO = "default_agent: demo\n"
CASES = cases("settings")


@pytest.mark.parametrize("case", [case for case in CASES if case.says("Says")], ids=str)
def test_a_broken_file_is_refused_with_its_place(project: Project, case: Case) -> None:
    """One line that names the file, the place, the setting and what to do."""
    (fault, *_) = project.faults(case.path.read_bytes())

    place = f":{case.says('Place')}" if case.says("Place") else ""
    assert fault.startswith(f"{place}: {case.says('Key')}")
    assert case.says("Says") in fault
    assert fault.isprintable()
    assert len(fault) < 800


@pytest.mark.parametrize("case", [case for case in CASES if case.says("Slots")], ids=str)
def test_an_odd_file_is_read_as_what_it_is(project: Project, case: Case) -> None:
    """What a person means by it counts."""
    loaded = project.load(case.path.read_bytes())

    assert str(loaded.slots) == case.says("Slots")
    assert ", ".join(loaded.models) == case.says("Models")


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to(path)])
def test_what_is_no_file_is_told_at_once(project: Project, make: object) -> None:
    """A folder, a pipe that would never answer, a link to itself."""
    assert callable(make)
    make(project.config)

    with pytest.raises(SettingsInvalid, match=r"config\.yaml: .*; mend it, or see --config"):
        load_settings(project.config, {})


def test_an_unreadable_file_and_folder_are_told(open_folder: Path) -> None:
    """By name, with the system's word; a folder that may not be entered has no config.yaml."""
    closed = open_folder / "closed"
    closed.mkdir()
    (closed / "config.yaml").write_text(DEMO)
    closed.chmod(0)
    file = open_folder / "config.yaml"
    file.write_text(DEMO)
    file.chmod(0)

    with powerless():
        with pytest.raises(SettingsInvalid, match=r"config\.yaml: Permission denied"):
            load_settings(file, {})
        with pytest.raises(SettingsInvalid, match=r"closed/config\.yaml: there is no such file"):
            find_config("closed/config.yaml", {}, open_folder)


def test_a_file_of_many_megabytes_is_refused_unread(project: Project) -> None:
    """Also where it only seems to be large, as a file with holes."""
    project.config.touch()
    os.truncate(project.config, 1 << 40)

    with pytest.raises(SettingsInvalid, match=r"larger than 256 KB"):
        load_settings(project.config, {})


NAMES = st.sampled_from(sorted(variables()))
TEXTS = st.one_of(
    st.text(st.characters(codec=None, exclude_characters="\0"), max_size=30),
    st.sampled_from([
        "1:30", "010", "1e400", ".nan", "-.inf", "~", "null", "yes", "2027-01-01", "&a [*a]",
        "!!python/name:os.system", "1:" * 300 + "1.5", "9" * 5000, "[" * 2000, "a: b",
        "\ufeff1", "?", "- ", "--- 1\n--- 2", "*x", "!x 1", "'", "%YAML 1.1", "\x85", "\u2028",
        "0x" + "f" * 400,
        "../..", "~nobody-at-all/x", "/dev/null", "/proc/self/mem", "127.0.0.1", "0.0.0.0",
    ]),
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(240)
@given(st.dictionaries(NAMES, TEXTS, max_size=4))
@example({"SIDEKICK_SLOTS": "1:" * 300 + "1.5"})
@example({"SIDEKICK_PATHS_SCHEMAS": "\x1b[31m"})
@settings(deadline=None)
def test_any_environment(shared: Project, environment: dict[str, str]) -> None:
    """Any variables give settings, or faults that name them."""
    shared.config.write_text(DEMO)
    try:
        assert isinstance(load_settings(shared.config, environment), Settings)
    except SettingsInvalid as error:
        assert all(fault.isprintable() for fault in error.faults)  # noqa: PT017 - either is right


LINES = st.sampled_from([
    "slots: 3", "times: {tick: 3}", "times:", "  tick: 3", "\ttick: 3", "agents:", "  a:",
    "    command: [x, '{prompt}']", "    <<: *a", "  b: *a", "models: {M: {agent: a}}", "- x",
    "---", "...", "? x", ": y", "&a", "*a", "!!set {a, b}", "!!omap [a: 1]", "!!binary aGk=",
    "%TAG ! x",
    "a: &a", "b: [*a, *a]", "{", "}", "[", "]", '"', "'", "|", ">", "# x", "demo: yes", "<<: {}",
    "projects: {a: b, a: c}", "~: ~", "2027-01-01: 1:30", "? [a]", "=: =", "\ufeff", "\u2028", "",
])  # fmt: skip


@given(st.lists(LINES, max_size=12), st.sampled_from(["\n", "\r\n", "\r"]))
@settings(deadline=None)
def test_any_lines(shared: Project, lines: list[str], end: str) -> None:
    """Any lines of YAML give settings, or faults with the file and one line each."""
    try:
        assert isinstance(shared.load(end.join([DEMO.strip(), *lines])), Settings)
    except SettingsInvalid as error:
        for fault in error.faults:  # either is right
            assert fault.startswith(f"{shared.config}:")
            assert fault.isprintable()


@pytest.mark.slow
@pytest.mark.parametrize(
    "pattern",
    ["[", "{a: ", "- ", "a: &a\n", '"\\x41', "1:", "- [", "!x ", "|\n", "# ", "\t", "\u2028"],
)
def test_no_file_takes_long(project: Project, pattern: str) -> None:
    """The largest file that is read, of any one thing over and over, in bounded time and memory."""
    content = DEMO + "a: " + pattern * (262_000 // len(pattern.encode()))
    project.config.write_text(content[:262_144])
    script = (
        "import sys; from pathlib import Path\n"
        "from controller.settings import load_settings, SettingsInvalid\n"
        "try: load_settings(Path(sys.argv[1]), {})\n"
        "except SettingsInvalid: pass\n"
    )

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))

    done = subprocess.run(
        [sys.executable, "-c", script, str(project.config)], cwd=REPOSITORY, preexec_fn=limit,
        capture_output=True, text=True, timeout=55, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
