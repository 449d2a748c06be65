"""Alertmanager's configuration: taken by its own tool, about alerts that there are."""

from pathlib import Path

from tests.observability.boards import ROOT
from tests.observability.test_alerts import ALERTS
from tests.observability.tools import AMTOOL, check, needs_amtool

CONFIGURATION = ROOT / "deploy" / "alertmanager" / "alertmanager.yml"
ADDRESS = "url_file: /run/secrets/alert-webhook"


@needs_amtool
def test_amtool_takes_the_configuration(tmp_path: Path) -> None:
    """It has nothing to say against it, but that before 0.26 no file could hold the address."""
    text = CONFIGURATION.read_text()
    assert ADDRESS in text
    file = tmp_path / "alertmanager.yml"
    file.write_text(text.replace(ADDRESS, "url: http://127.0.0.1:1/"))
    check(AMTOOL, "check-config", file)


def test_it_names_alerts_that_there_are() -> None:
    """What follows from another alert, and that alert."""
    text = CONFIGURATION.read_text()
    named = {
        word for word in text.replace('"', " ").replace("|", " ").split() if "Sidekick" in word
    }
    assert named
    assert named <= set(ALERTS)
