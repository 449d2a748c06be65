"""The API of a real controller, and one reason told in every way there is."""

import json
import re
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote

import pytest
import yaml

from tests.e2e.lab import Lab, alive, wait_for

WORKS = "sleep 1000"


def token(lab: Lab) -> str:
    """What changes need."""
    file = lab.root / "state" / "token"
    assert file.stat().st_mode & 0o777 == 0o600
    return file.read_text().strip()


def ask(lab: Lab, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
    """GET, or POST where there is a body; status and document."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(lab.url() + path, data, headers)
    if data is not None:
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def order(lab: Lab, path: str, **body: object) -> tuple[int, Any]:
    """POST with the token."""
    return ask(lab, path, body, Authorization=f"Bearer {token(lab)}")


def rows(*names: str) -> list[str]:
    """Lines of the list."""
    return [f"{name},1,Pending,,,{WORKS},,,," for name in names]


def test_pause_resume_and_restart_over_the_api(lab: Lab) -> None:
    """Each is written where the user would have written it, with why."""
    lab.settle_in(*rows("My App"))
    lab.start()
    lab.wait_reason("My App", "Running")
    (pid,) = lab.agents().values()
    path = f"/api/v1/projects/{quote('my')}"
    assert ask(lab, f"{path}/pause", {})[0] == 401
    assert alive(pid)

    status, said = order(lab, f"{path}/restart", message="stuck")
    assert (status, said["project"]) == (200, "My App")
    wait_for("another agent", lambda: lab.agents() and pid not in lab.agents().values())
    wait_for("the word", lambda: "the session ended (Restart): stuck" in lab.output())

    assert order(lab, f"{path}/pause", message="waits for the lawyers")[0] == 200
    lab.wait_reason("My App", "UserPaused: waits for the lawyers")
    assert lab.sessions() == []
    assert order(lab, f"{path}/resume")[0] == 200
    lab.wait_reason("My App", "Running")

    status, problem = order(lab, "/api/v1/projects/nobody/pause")
    assert (status, problem["reason"]) == (404, "NotFound")


@pytest.mark.slow
def test_reconcile_plan_and_fleet_over_the_api(lab: Lab) -> None:
    """A tick at once; what the next one would do; the fleet's rest."""
    lab.settle_in(*rows("One"), times={"tick": 3600, "stop_grace": 1})
    lab.start()
    lab.wait_reason("One", "Running")
    status, done = order(lab, "/api/v1/reconcile")
    assert (status, done["actions"], done["known"]) == (200, [], True)
    assert order(lab, "/api/v1/fleet/suspend", message="lunch")[0] == 200
    lab.wait_reason("One", "Suspended: lunch")
    assert ask(lab, "/api/v1/plan")[1]["actions"] == []
    assert order(lab, "/api/v1/fleet/resume")[0] == 200
    lab.wait_reason("One", "Running")
    assert order(lab, "/api/v1/prune/approve", plan="x")[0] in {404, 409}


@pytest.mark.slow
def test_events_are_kept_over_a_restart_of_the_controller(lab: Lab) -> None:
    """Every action and every change of a condition, in order, counted where they repeat."""
    lab.settle_in(*rows("One"))
    lab.start()
    lab.wait_reason("One", "Running")
    lab.edit("One", Status="Paused")
    lab.wait_reason("One", "UserPaused")
    lab.stop()
    lab.start()
    events = ask(lab, "/api/v1/events?project=One&last=50")[1]["events"]
    reasons = [event["reason"] for event in events]
    expected = ["Start", "Running", "UserWord", "Stop", "Stopped", "UserPaused"]
    assert [reason for reason in reasons if reason in expected] == expected
    assert [event["seq"] for event in events] == sorted({event["seq"] for event in events})
    assert all(event["count"] == 1 for event in events)


@pytest.mark.slow
def test_the_same_reason_everywhere(lab: Lab) -> None:
    """In the list, in `get`, in `describe`, in the API and in the metrics."""
    lab.settle_in(
        *rows("Runs", "Waits"), "Typo,x,Pending,,,go,,,,", "Rests,1,Paused,,,go,,,,",
        "Lost,1,Pending,,,nowhere,,,,", slots=1,
        projects={"Lost": "missing"},
    )  # fmt: skip
    lab.start()
    lab.wait_reason("Runs", "Running")
    lab.wait_reason("Waits", "Capacity")
    lab.wait_reason("Rests", "UserPaused")
    lab.wait_reason("Typo", "InvalidRow")
    expected = {"Runs": "Running", "Waits": "Capacity", "Rests": "UserPaused",
                "Typo": "InvalidRow", "Lost": "Capacity"}  # fmt: skip
    in_list = {name: row["Reason"].partition(":")[0] for name, row in lab.rows().items()}
    assert in_list == expected

    shown = json.loads(lab.sidekick("get", "-o", "json", check=True).stdout)
    assert {p["name"]: p["reason"] for p in shown["projects"]} == expected
    table = lab.sidekick("get", check=True).stdout
    metrics = lab.get("/metrics") or ""
    found = dict(
        re.findall(r'sidekick_project_reason\{project="(\w+)",reason="(\w+)"\} 1', metrics)
    )
    assert found == expected
    for name, reason in expected.items():
        assert re.search(rf"^{name} .*\b{reason}\b", table, re.MULTILINE)
        detail = ask(lab, f"/api/v1/projects/{name}")[1]
        assert detail["project"]["reason"] == reason
        conditions = detail["project"]["conditions"]
        assert {condition["reason"] for condition in conditions} == {reason}
        told = yaml.safe_load(lab.sidekick("describe", name, "-o", "yaml", check=True).stdout)
        assert told["project"]["reason"] == reason
        assert {condition["reason"] for condition in told["project"]["conditions"]} == {reason}
        assert reason in lab.sidekick("describe", name, check=True).stdout
