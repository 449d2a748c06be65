"""One voice: the page, the command, the list, the API and the metrics say the same of a project."""

import json
import re
from html import unescape

from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.lab import SIDEKICK, Lab, wait_for

WAITS = f"{SIDEKICK} report waiting 'tea or coffee?'; sleep 600"
BLOCKS = f"{SIDEKICK} report blocked 'no key'; exit 0"
STATES = {
    "Works": ("In Progress", "Running"),
    "Asks": ("Waiting", "AgentWaiting"),
    "Stuck": ("Blocked", "AgentBlocked"),
    "Done": ("Completed", "Finished"),
    "Rests": ("Paused", "UserPaused"),
    "Idle": ("Queued", "NoNextAction"),
    "Late": ("Queued", "NoGPU"),
}
Said = dict[str, tuple[str, str]]
"""Project → its status and its reason."""


def test_everybody_says_the_same(lab: Lab) -> None:
    """Status and reason of every project, and whom of them a person must see to."""
    lab.settle_in(
        "Works,1,,,,sleep 600,,,,", f'Asks,2,,,,"{WAITS}",,,,', f'Stuck,3,,,,"{BLOCKS}",,,,',
        "Done,4,,,,true,,,,", "Rests,5,Paused,,,x,,,,", "Idle,6,,,,,,,,", "Late,7,,,,true,,Yes,,",
        gpus=0,
    )  # fmt: skip
    lab.start()
    wait_for("the list", lambda: of_list(lab) == STATES)
    wait_for("the same of the page", lambda: of_page(lab) == STATES)
    assert of_command(lab) == STATES
    assert of_api(lab) == STATES
    assert of_metrics(lab) == STATES
    needs = {"Asks", "Stuck", "Idle"}
    page = lab.get("/") or ""
    named = page[page.index('id="needs"') : page.index('id="projects-title"')]
    assert set(re.findall(r"<bdi>(.*?)</bdi>", named)) == needs
    told = re.findall(r"^needs you +(\w+):", lab.sidekick("status").stdout, re.MULTILINE)
    assert set(told) == needs
    assert stalled(lab) == needs


def of_list(lab: Lab) -> Said:
    """The cells of the file."""
    return {
        name: (row["Status"], row["Reason"].partition(":")[0]) for name, row in lab.rows().items()
    }


def of_page(lab: Lab) -> Said:
    """The rows of the board."""
    row = r'<tr [^>]*data-row.*?<bdi>(.*?)</bdi>.*?"badge [^>]*>(.*?)<.*?"reason">(.*?)<'
    found = re.findall(row, lab.get("/") or "", re.DOTALL)
    return {unescape(name): (status, reason) for name, status, reason in found}


def of_command(lab: Lab) -> Said:
    """The table of `get`."""
    lines = lab.sidekick("get").stdout.splitlines()[1:]
    cells = [re.split(r"  +", line) for line in lines]
    return {name: (status, reason) for name, status, reason, *_ in cells}


def of_api(lab: Lab) -> Said:
    """The document of the API."""
    found = json.loads(lab.get("/api/v1/projects") or "{}")["projects"]
    return {one["name"]: (one["status"], one["reason"]) for one in found}


def of_metrics(lab: Lab) -> Said:
    """The series whose value is 1."""
    states = {s["project"]: s["state"] for s in series(lab, "sidekick_project_state")}
    reasons = {s["project"]: s["reason"] for s in series(lab, "sidekick_project_reason")}
    return {name: (states[name], reasons.get(name, "")) for name in states}


def stalled(lab: Lab) -> set[str]:
    """Whose condition says that a person must act."""
    found = series(lab, "sidekick_project_condition")
    return {s["project"] for s in found if (s["type"], s["status"]) == ("Stalled", "true")}


def series(lab: Lab, name: str) -> list[dict[str, str]]:
    """The labels of a metric's series whose value is 1."""
    families = text_string_to_metric_families(lab.get("/metrics") or "")
    return [s.labels for f in families for s in f.samples if s.name == name and s.value == 1]
