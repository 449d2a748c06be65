"""The command: what a user of kubectl would type."""

import json
import shutil
import subprocess
from datetime import date, timedelta

import pytest
import yaml

from tests.e2e.lab import SIDEKICK, Lab, wait_for

WORKS = '"echo started; exec sleep 1000"'


def test_plan_tells_and_changes_nothing(lab: Lab) -> None:
    """Exit 1 with differences, 0 without, 2 where it cannot tell."""
    lab.settle_in(f"One,1,Pending,,,{WORKS},,,,", f"Two,2,Pending,,,{WORKS},,,,", slots=1)
    before = lab.list.read_text()
    for word in ("plan", "diff"):
        done = lab.sidekick(word)
        assert done.returncode == 1
        assert [line.split()[:3] for line in done.stdout.splitlines()[1:]] == [
            ["Start", "One", "Wanted"],
            ["Wait", "Two", "Capacity"],
        ]
    assert lab.list.read_text() == before
    assert not lab.sessions()
    lab.list.unlink()
    done = lab.sidekick("plan")
    assert done.returncode == 2
    assert str(lab.list.name) in done.stderr
    lab.write("One,1,Paused,,,x,,,,")
    assert lab.sidekick("plan").returncode == 0


def test_apply_does_one_tick(lab: Lab) -> None:
    """The session runs and the list says so; a second one has nothing to do."""
    lab.settle_in(f"One,1,Pending,,,{WORKS},,,,")
    done = lab.sidekick("apply")
    assert done.returncode == 0
    assert [line.split()[:3] for line in done.stdout.splitlines()[1:]] == [
        ["Start", "One", "Wanted"]
    ]
    assert lab.status("One") == "In Progress"
    assert lab.sessions() == ["one"]
    done = lab.sidekick("apply")
    assert (done.returncode, done.stdout) == (0, "nothing to do\n")


def test_get_in_every_form(lab: Lab) -> None:
    """Table, wide, json, yaml and name say the same."""
    yesterday = (date.today() - timedelta(days=1)).isoformat()
    lab.settle_in(f"One,1,Pending,,,{WORKS},{yesterday},,,", "Two,x,Pending,,,y,,,,")
    lab.start()
    lab.wait_status("One", "In Progress")
    lab.wait_reason("Two", "InvalidRow")
    assert lab.sidekick("get", "-o", "name").stdout == "project/One\nproject/Two\n"
    report = json.loads(lab.sidekick("get", "-o", "json").stdout)
    assert report == yaml.safe_load(lab.sidekick("get", "-o", "yaml").stdout) | {}
    assert report["version"] == "sidekick/v1"
    assert [(p["name"], p["status"]) for p in report["projects"]] == [
        ("One", "In Progress"),
        ("Two", "Pending"),
    ]
    assert report["projects"][0]["overdue"] is True
    assert f"{yesterday} overdue" in lab.sidekick("get", "-o", "wide").stdout
    table = lab.sidekick("get", "two").stdout.splitlines()
    assert table[0].split()[:3] == ["PROJECT", "STATUS", "REASON"]
    assert len(table) == 2
    assert lab.sidekick("get", "three").returncode == 1


def test_stop_and_resume_one_project(lab: Lab) -> None:
    """They write the word that the user would type."""
    lab.settle_in(f"One,1,Pending,,,{WORKS},,,,", 'Two,1,Completed,,,"x",,,,')
    lab.start()
    lab.wait_status("One", "In Progress")
    assert lab.sidekick("stop", "one").stdout == "project/One paused\n"
    wait_for("its end", lambda: not lab.sessions())
    lab.wait_reason("One", "UserPaused")
    assert lab.sidekick("resume", "One").returncode == 0
    lab.wait_status("One", "In Progress")
    done = lab.sidekick("resume", "Two")
    assert done.returncode == 1
    assert "Pending" in done.stderr


def test_status_is_a_health_check(lab: Lab) -> None:
    """0 while the loop makes progress, whatever the list says; 1 where none runs."""
    lab.settle_in("One,x,Pending,,,y,,,,")
    assert lab.sidekick("status").returncode == 1
    lab.start()
    lab.wait_reason("One", "InvalidRow")
    done = lab.sidekick("status")
    assert done.returncode == 0
    assert "healthy" in done.stdout
    assert "1 invalid" in done.stdout
    lab.stop()
    done = lab.sidekick("status")
    assert done.returncode == 1
    assert "not running" in done.stdout


def test_validate_names_file_line_column_value_and_what_is_allowed(lab: Lab) -> None:
    """Every fault of every row, and unknown agents and models."""
    lab.settle_in(
        "One,0,Pending,,,a,,,,", "Two,1,Pending,nobody,,b,,,,", "Three,1,Soon,,,c,,,,",
        "Four,1,Pending,,,d,2026-02-30,,,", "Five,1,Pending,,,e,,Maybe,,", "Six,1,,,,f,,,Fancy,",
        "Seven,1,Pending,,,one, two,,,,,x", "Eight,1,,,,,,,,", "Eight,1,,,,,,,,",
    )  # fmt: skip
    done = lab.sidekick("validate")
    assert done.returncode == 1
    name = "desired/priorities.csv"
    for line in (
        f'{name}:2: column Priority: Priority "0": a whole number from 1',
        f'{name}:3: column Agent: Agent "nobody": config.yaml knows no such name',
        f'{name}:4: column Status: Status "Soon": Pending, Queued',
        f'{name}:5: column Deadline: Deadline "2026-02-30": a date as',
        f'{name}:6: column GPU: GPU "Maybe": Yes, No',
        f'{name}:7: column Model: Model "Fancy"',
        f"{name}:8: the row has 2 cells more than the header",
        f'{name}:9: column Project: Project "Eight": the same name stands on line 10',
    ):
        assert line in done.stdout
    good = lab.root / "good.csv"
    good.write_text("Project,Priority,Status,Agent,Last Update,Next Action\nA,1,,,,x\n")
    assert lab.sidekick("validate", str(good)).returncode == 0


def test_doctor_says_what_is_to_be_done(lab: Lab) -> None:
    """All good here, but for what is made missing."""
    lab.settle_in("One,1,Paused,,,x,,,,")
    done = lab.sidekick("doctor")
    assert done.returncode == 0, done.stdout
    assert "tmux" in done.stdout
    lab.settle_in("One,1,Paused,,,x,,,,", agents={"sh": {"command": ["no-such-thing"]}})
    lab.list.unlink()
    done = lab.sidekick("doctor")
    assert done.returncode == 1
    assert "no-such-thing" in done.stdout
    assert "priorities.csv" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("get",), "no config.yaml"),
        (("get", "--config", "nope.yaml"), "nope.yaml"),
        (("frobnicate",), "invalid choice"),
        (("stop",), "required"),
    ],
)
def test_errors_are_one_message_on_stderr(lab: Lab, arguments: tuple[str, ...], text: str) -> None:
    """Exit code 2, nothing on standard output, no traceback."""
    if "--config" in arguments:
        arguments = ("--config", "nope.yaml", "get")
    done = lab.sidekick(*arguments)
    assert done.returncode == 2
    assert text in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_metrics_are_what_prometheus_expects(lab: Lab) -> None:
    """The families of loop, source, projects and actions, free of what promtool dislikes."""
    lab.settle_in(f'"One ""quoted""\\",1,Pending,,,{WORKS},2027-01-01,,,', "Two,x,,,,y,,,,")
    lab.start()
    wait_for("an agent", lab.agents)
    text = wait_for("the metrics", lambda: lab.get("/metrics") or "")
    for name in (
        "reconcile_total", "reconcile_errors_total", "reconcile_duration_seconds_bucket",
        "reconcile_phase_duration_seconds_bucket", "reconcile_last_success_timestamp_seconds",
        "source_reads_total", "source_valid", "source_rows",
        "source_last_success_timestamp_seconds", "source_last_change_timestamp_seconds",
        "project_desired_running", "project_state", "project_condition", "project_priority",
        "project_deadline_timestamp_seconds", "actions_total", "action_duration_seconds_bucket",
        "runtime_up", "build_info", "prune_blocked",
    ):  # fmt: skip
        assert f"\nsidekick_{name}" in text
    assert '{project="One \\"quoted\\"\\\\"}' in text
    assert 'sidekick_source_rows{validity="invalid"} 1.0' in text
    if shutil.which("promtool"):
        checked = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                                 capture_output=True, timeout=20, check=False)  # fmt: skip
        assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    assert "ok" in (lab.get("/healthz") or "")


@pytest.mark.slow
def test_output_that_cannot_be_written_is_no_traceback(lab: Lab) -> None:
    """A full disk, a closed output, a reader that went away."""
    lab.settle_in("One,1,Paused,,,x,,,,")
    for shell in ("{} get >/dev/full", "{} get >&-", "{} get | true"):
        done = subprocess.run(
            ["bash", "-c", shell.format(SIDEKICK)], cwd=lab.root, env=lab.environment,
            capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr
        assert "Exception" not in done.stderr


def test_validate_takes_a_file_from_where_the_user_stands(lab: Lab) -> None:
    """Through run.sh's environment too; a file that cannot be read is no answer."""
    lab.settle_in("One,1,Paused,,,x,,,,")
    elsewhere = lab.root / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine.csv").write_text(lab.list.read_text())
    config = str(lab.root / "config.yaml")
    done = subprocess.run(
        [SIDEKICK, "--config", config, "validate", "mine.csv"], cwd=elsewhere,
        env=lab.environment, capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "mine.csv: 1 rows, all valid\n")
    assert lab.sidekick("validate", "nope.csv").returncode == 2
