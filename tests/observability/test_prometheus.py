"""A real Prometheus on a real controller: every panel has data, every alert's query is answered."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from tests.e2e.lab import Lab, wait_for
from tests.observability.boards import Query, annotation_queries, panel_queries
from tests.observability.promql import plain
from tests.observability.server import Prometheus
from tests.observability.test_alerts import ALERTS
from tests.observability.tools import needs_prometheus
from tests.shipped import SHIPPED

pytestmark = [pytest.mark.slow, needs_prometheus]

SHELL: dict[str, object] = {
    "command": ["sh", "-c", "{prompt}"], "slots": 9,
    "exit_codes": {3: "blocked"},
    "patterns": [
        {"outcome": "waiting", "pattern": "^ASK: (?P<text>.+)"},
        {"outcome": "limit", "pattern": "limit reached, resets (?P<reset>.+)"},
    ],
}  # fmt: skip
SOON = date.today() + timedelta(days=1)
ROWS = (
    f"Runs,1,Pending,,,sleep 600,{SOON},Yes,,",
    f"Rests,2,Paused,,,sleep 600,{SOON},,,",
    "Late,2,Blocked,,,sleep 600,2020-01-01,,,",
    "Asks,2,Pending,,,echo ASK: which one; exit 1,2033-01-01,,,",
    "Done,3,Pending,,,exit 0,,,,",
    "Stuck,3,Pending,,,echo no way; exit 3,,,,",
    "Crashes,3,Pending,,,exit 5,,,,",
    'Full,3,Pending,other,,"echo limit reached, resets 4h; exit 1",,,,',
    "Second,4,Pending,narrow,,sleep 600,,,,",
    "Third,5,Pending,narrow,,sleep 600,,,,",
    "Typo,zero,Pending,,,sleep 600,,,,",
)
SILENT = {"Silent agents"}
"""Panels of agents that have printed nothing for five minutes; promtool tries their alert."""
FIRING = {
    ("SidekickAgentHeld", ""), ("SidekickDeadlineAtRisk", "Late"),
    ("SidekickDeadlineAtRisk", "Rests"), ("SidekickProjectBlocked", "Stuck"),
    ("SidekickRowsInvalid", ""),
}  # fmt: skip
"""Alerts that the scenario calls for, at once or about to."""
LATER = {("SidekickProjectCrashLooping", "Crashes")}
"""Those that it calls for where it lasts long."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A fleet with a project in each state."""
    lab = Lab()
    try:
        lab.environment["TZ"] = "UTC"
        narrow = {**SHELL, "slots": 1}
        lab.settle_in(
            *ROWS, agents={"sh": SHELL, "other": SHELL, "narrow": narrow}, times={"tick": 1}
        )
        yield lab
    finally:
        lab.close()


@pytest.fixture(scope="module")
def prometheus(lab: Lab) -> Iterator[Prometheus]:
    """What has watched the scenario from its first moment to its end."""
    lab.start()
    with Prometheus(lab.url().removeprefix("http://")) as server:
        lab.wait_status("Runs", "In Progress")
        lab.wait_status("Stuck", "Blocked")
        lab.wait_status("Done", "Completed")
        lab.wait_status("Asks", "Waiting")
        lab.wait_reason("Full", "UsageLimit")
        lab.wait_reason("Crashes", "CrashBackoff")
        lab.edit("Second", Next_Action="sleep 500")  # a restart that is no crash
        wait_for("a restart", lambda: server.ask("sidekick_project_restarts_total"), 30)
        lab.sidekick("pause", "Second", check=True)
        lab.wait_status("Second", "Paused")
        wait_for(
            "two crashes",
            lambda: server.ask('sidekick_project_restarts_total{project="Crashes"}'),
            40,
        )
        lab.wait_reason("Crashes", "CrashBackoff")
        wait_for(
            "samples of half a minute",
            lambda: server.ask("sidekick_source_valid offset 30s"),
            60,
        )
        yield server


@pytest.mark.timeout(180)
@pytest.mark.parametrize("query", panel_queries(), ids=str)
def test_a_panel_has_data(prometheus: Prometheus, query: Query) -> None:
    """Its query is answered, and with something: now, or at some time of the scenario."""
    asked = plain(query.expr)
    found = prometheus.ask(asked) if query.instant else prometheus.ask_range(asked, 90)
    assert found or query.panel in SILENT


@pytest.mark.parametrize("query", annotation_queries(), ids=str)
def test_a_mark_is_shown(prometheus: Prometheus, query: Query) -> None:
    """Starts, stops and completions of the scenario are found."""
    assert prometheus.ask_range(plain(query.expr), 90)


def test_the_rules_are_evaluated(prometheus: Prometheus) -> None:
    """Each alert's query is answered without an error."""
    wait_for("a look at all rules", lambda: "unknown" not in prometheus.rules().values(), 30)
    assert prometheus.rules() == dict.fromkeys(ALERTS, "ok")


def test_the_scenario_calls_for_help(prometheus: Prometheus) -> None:
    """Just the alerts that it gives reason for, one a project."""
    wait_for("the alerts", lambda: prometheus.alerts() >= FIRING, 30)
    assert prometheus.alerts() - LATER == FIRING


def test_the_example_calls_for_nobody() -> None:
    """The shipped rows, settings and demo agents: no alert fires, or is about to."""
    lab = Lab()
    try:
        lab.list.write_text((SHIPPED / "priorities.csv").read_text())
        (lab.root / "config.yaml").write_text((SHIPPED / "config.yaml").read_text())
        lab.start()
        with Prometheus(lab.url().removeprefix("http://")) as server:
            lab.wait_status("Antenna ML Pipeline", "In Progress", 30)
            wait_for("the first samples", lambda: server.ask("sidekick_project_info"), 30)
            wait_for("a look at all rules", lambda: "unknown" not in server.rules().values(), 30)
            lab.wait_status("Antenna ML Pipeline", "Completed", 60)
            wait_for(
                "that in Prometheus",
                lambda: server.ask('sidekick_project_state{state="Completed"} == 1'), 30,
            )  # fmt: skip
            assert server.alerts() == set()
    finally:
        lab.close()
