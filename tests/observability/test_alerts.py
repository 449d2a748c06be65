"""The alerts: each on metrics that there are, explained, and tried by promtool."""

import re
from typing import Any

import pytest
import yaml

from tests.observability.boards import ROOT
from tests.observability.exported import exported
from tests.observability.promql import names
from tests.observability.tools import PROMTOOL, check, needs_promtool

RULES = ROOT / "deploy" / "rules" / "sidekick.yml"
TRIED = ROOT / "tests" / "observability" / "alerts.yml"
ALERTS: dict[str, dict[str, Any]] = {
    rule["alert"]: rule
    for group in yaml.safe_load(RULES.read_text())["groups"]
    for rule in group["rules"]
}
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
EXPORTED = exported()
_SHOWN = re.compile(r"\$labels\.(\w+)")


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_names_what_is_exported(name: str) -> None:
    """Every metric and every label, in its query and in its texts."""
    asked = names(ALERTS[name]["expr"])
    known: set[str] = set()
    for family, labels in asked.families.items():
        assert family in EXPORTED, f"{family} is not exported"
        assert labels <= EXPORTED[family], f"{family} has no {labels - EXPORTED[family]}"
        known |= EXPORTED[family]
    shown = set(_SHOWN.findall(str(ALERTS[name]["annotations"])))
    assert asked.labels | shown <= known


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_is_explained(name: str) -> None:
    """Summary, description, severity, and a section of the runbook."""
    alert = ALERTS[name]
    assert set(alert["annotations"]) == {"summary", "description", "runbook_url"}
    assert all(alert["annotations"].values())
    assert alert["labels"]["severity"] in {"critical", "warning"}
    page, _, section = alert["annotations"]["runbook_url"].partition("#")
    assert page == "docs/runbook.md"
    assert section == name.lower()
    assert f"\n## {name}\n" in RUNBOOK


def test_the_runbook_tells_of_no_other() -> None:
    """Each section is an alert's, in the order of the rules."""
    assert re.findall(r"^## (\w+)$", RUNBOOK, re.MULTILINE) == list(ALERTS)


def test_each_alert_is_tried() -> None:
    """Promtool sees each of them fire."""
    fired = set(re.findall(r'alertname="(\w+)"', TRIED.read_text()))
    assert fired == set(ALERTS)


@needs_promtool
def test_promtool_takes_the_rules() -> None:
    """It has nothing to say against their form."""
    check(PROMTOOL, "check", "rules", RULES)


@needs_promtool
def test_each_alert_fires_when_it_should_and_not_before() -> None:
    """As alerts.yml tells it."""
    check(PROMTOOL, "test", "rules", TRIED)
