"""`get`: the quick way and the long way say the same, whatever the report holds."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date, timedelta
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.cli import quick
from controller.layout import DATABASE
from tests.cli.desk import LONG_AGO, NOW, Desk, a_project
from tests.e2e.lab import SIDEKICK

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
FORMS = ("table", "wide", "name", "json")
HEAVY = (
    "pydantic", "jsonschema", "yaml", "rich", "starlette", "uvicorn", "asyncio", "libtmux",
    "prometheus_client", "dataclasses", "inspect", "typing", "pathlib", "shutil", "subprocess",
    "http", "urllib", "logging", "structlog", "unicodedata", "argcomplete", "inotify_simple",
)  # fmt: skip


def both_ways(desk: Desk, *words: str) -> tuple[tuple[int, str, str], tuple[int, str, str]]:
    """What the quick and the long way say."""
    if quick.look() is None:
        assert desk.sidekick("get", "-o", "yaml")[0] == 0  # leaves the stamp
        assert quick.look() is not None
    fast = desk.sidekick("get", *words)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quick, "get", lambda _options: False)
        slow = desk.sidekick("get", *words)
    return fast, slow


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("running", [False, True])
def test_both_ways_agree(desk: Desk, form: str, running: bool) -> None:
    """Every cell, in every form that both know, with a running controller and without."""
    projects = (
        a_project("One"),
        a_project(
            "Ünïcode 日本 🚀", deadline=date(2026, 1, 2), overdue=True, gpu=True, model="Opus"
        ),
        a_project("Two\twith\x1bodd", agent="", priority=None, since=None, next_action="a\nb" * 40),
        a_project("Demo", agent="claude", agent_running="demo", since=NOW - timedelta(days=9)),
        a_project("Never", status="", reason="InvalidRow", line=None, accepted=False),
    )
    if running:
        played = desk.play_controller(
            {"GET /healthz": (200, {"status": "ok", "faults": {"store": "the disk is full"}})}
        )
        desk.keep(*projects, server=played.url)
    else:
        desk.keep(*projects)
    fast, slow = both_ways(desk, "-o", form)
    assert fast == slow
    code, out, err = fast
    assert code == 0
    if form == "json":
        assert len(json.loads(out)["projects"]) == len(projects)
    else:
        assert len(out.splitlines()) == len(projects) + (form != "name")
    assert ("the disk is full" if running else "no controller runs") in err


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.tuples(TEXTS, TEXTS, TEXTS, st.none() | st.integers(1, 999)), max_size=4),
    st.sampled_from(FORMS),
)
def test_both_ways_agree_on_any_row(
    desk: Desk, rows: list[tuple[str, str, str, int | None]], form: str
) -> None:
    """Whatever the cells hold."""
    desk.keep(*(
        a_project(name, status=status, next_action=action, priority=priority, message=action)
        for name, status, action, priority in rows
    ))  # fmt: skip
    fast, slow = both_ways(desk, "-o", form)
    assert fast == slow


def test_both_ways_choose_alike(desk: Desk) -> None:
    """Names may be shortened, in any order; a wrong one is told with those that there are."""
    desk.keep(a_project("Antenna ML"), a_project("Bee"), a_project("Beetle"))
    fast, slow = both_ways(desk, "beetle", "ant")
    assert fast == slow
    assert [line.split("  ")[0] for line in fast[1].splitlines()[1:]] == ["Antenna ML", "Beetle"]
    for names in (("zebra",), ("be",)):
        fast, slow = both_ways(desk, *names)
        assert fast == slow
        assert (fast[0], fast[1]) == (1, "")
        assert "Beetle" in fast[2]


def test_the_demo_is_told_on_a_terminal_by_both(desk: Desk) -> None:
    """On a terminal standard error says that no credit is spent."""
    desk.lab.settle_in("One,1,Paused,,,x,,,,", demo=True)
    desk.keep(a_project("One"))
    desk.patch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    fast, slow = both_ways(desk)
    assert fast == slow
    assert "no credit is spent" in fast[2]


def test_a_quick_look_imports_little(desk: Desk) -> None:
    """What takes long to import is not there after a quick look, which the stamp allows."""
    desk.keep(*(a_project(f"Project {number}") for number in range(30)))
    code = "import sys; from controller.cli import main; main(['get']); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=desk.root, env=desk.lab.environment,
        capture_output=True, text=True, timeout=20, check=True,
    )  # fmt: skip
    assert "pydantic" in done.stdout.split()  # the long way, which leaves the stamp
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=desk.root, env=desk.lab.environment,
        capture_output=True, text=True, timeout=20, check=True,
    )  # fmt: skip
    assert "Project 29" in done.stdout
    modules = set(done.stdout.splitlines()[-1].split())
    assert not modules & set(HEAVY)
    assert {name for name in modules if name.startswith("controller.core")} <= {
        "controller.core", "controller.core.errors", "controller.core.names",
        "controller.core.words",
    }  # fmt: skip


def _edit_settings(desk: Desk) -> None:
    text = (desk.root / "config.yaml").read_text()
    (desk.root / "config.yaml").write_text(text + "# a comment\n")


def _edit_schema(desk: Desk) -> None:
    path = desk.root / "schemas" / "config.schema.json"
    path.write_text(path.read_text() + "\n")


def _set_a_variable(desk: Desk) -> None:
    desk.patch.setenv("SIDEKICK_SLOTS", "3")


def _take_the_stamp(desk: Desk) -> None:
    (desk.state / "settings.stamp").unlink()


def _break_the_stamp(desk: Desk) -> None:
    (desk.state / "settings.stamp").write_text("[" * 100_000)


def _another_version(desk: Desk) -> None:
    path = desk.state / "settings.stamp"
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": "0.0.1"}))


def _another_document(desk: Desk) -> None:
    _change_report(desk, version="sidekick/v0")


def _no_projects(desk: Desk) -> None:
    _change_report(desk, projects=None)


def _an_older_project(desk: Desk) -> None:
    _change_report(desk, projects=[{"name": "One"}])


def _no_report(desk: Desk) -> None:
    (desk.state / DATABASE).unlink()


def _change_report(desk: Desk, **values: Any) -> None:
    with closing(sqlite3.connect(desk.state / DATABASE)) as db, db:
        (value,) = db.execute("SELECT value FROM facts WHERE name = 'report'").fetchone()
        changed = json.dumps({**json.loads(value), **values}).encode()
        db.execute("UPDATE facts SET value = ? WHERE name = 'report'", (changed,))
    db.close()


@pytest.mark.parametrize(
    "change",
    [
        _edit_settings, _edit_schema, _set_a_variable, _take_the_stamp, _break_the_stamp,
        _another_version, _another_document, _no_projects, _an_older_project, _no_report,
    ],
)  # fmt: skip
def test_whatever_is_out_of_the_ordinary_takes_the_long_way(desk: Desk, change: Any) -> None:
    """Changed settings are checked; a report of another form is never guessed at."""
    desk.keep(a_project("One"))
    desk.sidekick("get", "-o", "yaml")
    ways: list[str] = []
    from controller.cli import watch

    desk.patch.setattr(watch, "watch", lambda _options: ways.append("long"))
    assert desk.sidekick("get")[0] == 0
    assert ways == []
    change(desk)
    assert desk.sidekick("get")[0] == 0
    assert ways == ["long"]


def test_faulty_settings_are_told_at_once(desk: Desk) -> None:
    """A stamp of good settings does not hide that they are faulty now."""
    desk.keep(a_project("One"))
    desk.sidekick("get", "-o", "yaml")
    assert desk.sidekick("get")[0] == 0
    (desk.root / "config.yaml").write_text("slots: many\n")
    code, out, err = desk.sidekick("get")
    assert (code, out) == (2, "")
    assert "config.yaml:1:1: slots 'many'" in err


@pytest.mark.parametrize("how", ["file", "variable"])
def test_a_state_folder_elsewhere_is_found(desk: Desk, how: str) -> None:
    """The quick way knows the state folder that the settings name."""
    elsewhere = desk.root / "some where%20?#"
    if how == "file":
        desk.lab.settle_in("One,1,Paused,,,x,,,,", paths={"state": str(elsewhere)})
    else:
        desk.patch.setenv("SIDEKICK_PATHS_STATE", "some where%20?#")
    desk.state = elsewhere
    desk.keep(a_project("One"))
    fast, slow = both_ways(desk)
    assert fast == slow
    assert (elsewhere / "settings.stamp").stat().st_mode & 0o777 == 0o600


def test_from_a_folder_below_and_by_a_named_file(desk: Desk) -> None:
    """The settings are found as the long way finds them."""
    desk.keep(a_project("One"))
    below = desk.root / "a" / "b"
    below.mkdir(parents=True)
    desk.patch.chdir(below)
    fast, slow = both_ways(desk)
    assert fast == slow
    desk.patch.chdir("/")
    desk.patch.setenv("SIDEKICK_CONFIG", str(desk.root / "config.yaml"))
    fast, slow = both_ways(desk)
    assert fast == slow
    desk.patch.setenv("SIDEKICK_CONFIG", "nowhere.yaml")
    assert desk.sidekick("get")[0] == 2


def test_json_and_yaml_are_one_versioned_document(desk: Desk) -> None:
    """Both hold all that is known, with the version of their form."""
    desk.keep(a_project("One"), a_project("Two"))
    report = json.loads(desk.sidekick("get", "two", "-o", "json")[1])
    assert report == yaml.safe_load(desk.sidekick("get", "Two", "-o", "yaml")[1])
    assert report["version"] == "sidekick/v1"
    (project,) = report["projects"]
    assert (project["name"], project["status"], project["priority"]) == ("Two", "In Progress", 1)
    assert project["conditions"][0]["type"] == "Accepted"
    assert project["since"] == LONG_AGO.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("agent", "running", "shown"),
    [
        ("claude", "claude", "claude"), ("Claude", "claude", "Claude"), ("claude", "", "claude"),
        ("claude", "demo", "demo (claude)"), ("", "demo", "demo"), ("", "", ""),
    ],
)  # fmt: skip
def test_the_agent_column(desk: Desk, agent: str, running: str, shown: str) -> None:
    """What really runs, with the row's word behind it where that is another."""
    desk.keep(a_project("One", agent=agent, agent_running=running, reason="R"))
    header, row = desk.sidekick("get")[1].splitlines()
    assert row[header.index("AGENT") : header.index("PRI")].strip() == shown


def test_watch_prints_again_what_changed(desk: Desk) -> None:
    """One table at once, another when something changed; the words on the side come once."""
    desk.keep(a_project("One"))
    process = subprocess.Popen(
        [SIDEKICK, "get", "-w", "-o", "name"], cwd=desk.root, env=desk.lab.environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "project/One\n"
        desk.keep(a_project("One"), a_project("Two"))
        assert [process.stdout.readline() for _ in range(2)] == ["project/One\n", "project/Two\n"]
    finally:
        process.terminate()
        _, err = process.communicate(timeout=10)
    assert 1 <= err.count("no controller runs") <= 2
