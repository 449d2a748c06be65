"""`status`: a health check for people and for programs."""

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest
import yaml

from controller.core.report import AgentView, SourceView
from tests.cli.desk import Desk, a_project

OK = {"GET /healthz": (200, {"status": "ok", "faults": {}}), "GET /readyz": (200, {})}


def test_healthy_whatever_the_list_says(desk: Desk) -> None:
    """0 while the loop makes progress; what needs a person is named."""
    played = desk.play_controller(OK)
    desk.keep(
        a_project("One"),
        a_project("Two", status="", reason="InvalidRow", accepted=False, message='Status "x": no'),
        a_project("", status="", reason="InvalidRow", accepted=False, line=7),
        a_project("Three", status="Waiting", reason="AgentWaits"),
        a_project("Four", status="Blocked", reason="UserBlocked", stalled=False),
        a_project("Five", status="Queued", reason="NoNextAction", stalled=True),
        server=played.url, slots=4, restart_needed=("paths.runs",),
    )  # fmt: skip
    code, out, err = desk.sidekick("status")
    assert (code, err) == (0, "")
    assert "healthy (ok)" in out
    assert "paths.runs changed" in out
    assert [line.split()[2] for line in out.splitlines() if line.startswith("needs you")] == [
        "Two:", "row", "Three:", "Five:",
    ]  # fmt: skip
    assert '\n            desired/priorities.csv:2: Status "x": no\n' in out
    assert "needs you   row 7: InvalidRow" in out
    assert "2 invalid, 1 Waiting" in out


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_the_document(desk: Desk, form: str) -> None:
    """The report without the projects, and the loop's own word."""
    played = desk.play_controller(
        {**OK, "GET /healthz": (200, {"status": "ok", "faults": {"store": "full"}})}
    )
    desk.keep(a_project("One"), server=played.url, slots=4)
    (desk.state / "token").write_text("t0k\n")
    code, out, _ = desk.sidekick("status", "-o", form)
    document = json.loads(out) if form == "json" else yaml.safe_load(out)
    assert code == 0
    assert document["version"] == "sidekick/v1"
    assert (document["healthy"], document["ready"]) == (True, True)
    assert (document["faults"], document["slots"]) == ({"store": "full"}, 4)
    assert "projects" not in document
    assert ("GET /readyz", "Bearer t0k") in played.asked


@pytest.mark.parametrize(
    ("answers", "word"),
    [
        ({**OK, "GET /healthz": (503, {"status": "stuck", "faults": {}})}, "unhealthy (stuck)"),
        ({**OK, "GET /healthz": (200, [])}, "cannot be understood"),
    ],
)
def test_unhealthy(desk: Desk, answers: dict[str, tuple[int, object]], word: str) -> None:
    """1 where the loop is stuck, or nobody can tell."""
    played = desk.play_controller(answers)
    desk.keep(a_project("One"), server=played.url)
    code, out, _ = desk.sidekick("status")
    assert code == 1
    assert word in out


@pytest.mark.parametrize("answer", [200, 503])
def test_quiet(desk: Desk, answer: int) -> None:
    """The exit code alone, the same by the long way, which leaves a stamp, and by the quick one."""
    played = desk.play_controller({**OK, "GET /healthz": (answer, {"status": "", "faults": {}})})
    desk.keep(a_project("One"), server=played.url)
    for asked in (2, 3):  # the long way asks for more
        code, out, err = desk.sidekick("status", "--quiet")
        assert (code, out, err) == (int(answer != 200), "", "")
        assert len(played.asked) == asked
    desk.keep(a_project("One"), server="http://127.0.0.1:1")
    assert desk.sidekick("status", "-q") == (1, "", "")


def test_quiet_where_none_runs(desk: Desk) -> None:
    """1, also where the report of an earlier one names a server that answers."""
    assert desk.sidekick("status", "--quiet") == (1, "", "")
    played = desk.play_controller(OK)
    desk.keep(a_project("One"), server=played.url, at=datetime(2020, 1, 1, tzinfo=UTC))
    for _ in range(2):
        assert desk.sidekick("status", "--quiet") == (1, "", "")


def test_a_quiet_look_imports_little(desk: Desk) -> None:
    """It is asked every few seconds, for ever."""
    played = desk.play_controller(OK)
    desk.keep(a_project("One"), server=played.url)
    code = (
        "import sys; from controller.cli import main; print(main(['status', '-q']), *sys.modules)"
    )
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=desk.root, env=desk.lab.environment,
            capture_output=True, text=True, timeout=20, check=True,
        )  # fmt: skip
    healthy, *modules = done.stdout.split()
    assert healthy == "0"
    assert not set(modules) & {"pydantic", "yaml", "rich", "dataclasses", "pathlib", "http"}


def test_no_answer(desk: Desk) -> None:
    """1 where its server is gone, or has not said its address yet."""
    desk.play_controller({})
    code, out, _ = desk.sidekick("status")
    assert (code, "starting" in out) == (1, True)
    desk.keep(a_project("One"), server="http://127.0.0.1:1")
    code, out, _ = desk.sidekick("status")
    assert (code, "does not answer" in out) == (1, True)


def test_none_runs(desk: Desk) -> None:
    """1, with what was known last, and which kind of list is meant."""
    code, out, _ = desk.sidekick("status")
    first, second = out.splitlines()
    assert (code, first) == (1, "controller  not running; start it with: sidekick run")
    assert second == "source      csv (auto: the settings name no sheet)"
    desk.keep(a_project("One"))
    code, out, _ = desk.sidekick("status")
    assert code == 1
    assert "1 In Progress" in out
    assert out.splitlines()[1].startswith("as of       20")
    code, out, _ = desk.sidekick("status", "-o", "json")
    assert code == 1
    assert json.loads(out)["healthy"] is False


def test_sessions_before_the_first_read(desk: Desk) -> None:
    """Agents of before may work; whose they are the list must tell first."""
    played = desk.play_controller(OK)
    desk.keep(server=played.url, slots=4, source=SourceView("csv", "list.csv"))
    _, out, _ = desk.sidekick("status")
    assert "of 4 slots" not in out
    assert "before the list was read once; tmux up" in out


def test_a_day_whose_budget_is_spent(desk: Desk) -> None:
    """Told once, though every agent has to keep to it."""
    played = desk.play_controller(OK)
    text = "all agents together spent $5.00 of $5.00 today; they go on tomorrow"
    agents = tuple(AgentView(name, 2, 0, exhausted=text) for name in ("claude", "codex"))
    desk.keep(a_project("One"), server=played.url, agents=agents)
    _, out, _ = desk.sidekick("status")
    assert out.count(text) == 1


def test_what_starts_it_is_told_as_it_is_done_here(desk: Desk) -> None:
    """Where something else runs it, as in containers, its own word stands in the text."""
    desk.patch.setenv("SIDEKICK_START", "docker compose start controller")
    first = desk.sidekick("status")[1].splitlines()[0]
    assert first == "controller  not running; start it with: docker compose start controller"


def test_every_project_is_counted_as_something(desk: Desk) -> None:
    """A row without a status, for it is invalid or gone from the list, has a word all the same."""
    desk.keep(
        a_project("One"),
        a_project("Two", status="", reason="InvalidRow", accepted=False),
        a_project("Three", status="", reason="PruneBlocked"),
    )
    lines = desk.sidekick("status")[1].splitlines()
    assert "projects    1 In Progress, 1 invalid, 1 no longer listed" in lines
