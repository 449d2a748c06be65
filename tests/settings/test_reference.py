"""The configuration's reference is made from the settings, and says all of them."""

from pathlib import Path

from controller.settings.environment import variables
from controller.settings.reference import reference

PAGE = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"


def test_the_page_is_what_the_settings_say() -> None:
    """Made anew with: python -m controller.settings.reference > docs/configuration.md."""
    assert PAGE.read_text(encoding="utf-8") == reference()


def test_every_setting_is_on_it_with_its_variable() -> None:
    """And with a meaning."""
    text = reference()
    for name in variables():
        assert f"`{name}`" in text
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| `")]
    assert all(len(row) == 5 and row[3] for row in rows)


def test_what_needs_a_restart_is_marked() -> None:
    """The others are read while the controller runs."""
    marked = {
        line.split("`")[1] for line in reference().splitlines() if "↻" in line and "|" in line
    }
    assert {"type", "file", "state", "port", "host", "log_format"} <= marked
    assert not {"slots", "demo", "tick", "days"} & marked
