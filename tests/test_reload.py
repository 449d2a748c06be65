"""Reload: the settings are read again when their file changes, where that is safe."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.core.errors import SidekickError
from controller.core.events import Event
from controller.reload import Reload
from controller.settings import Settings, SettingsInvalid, load_settings

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SCHEMAS = Path(__file__).resolve().parents[1] / "schemas"


class Desk:
    """A file, and what was made of it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "config.yaml"
        self.used: list[Settings] = []
        self.save("slots: 1")
        settings = load_settings(self.file, {})
        self.reload = Reload(settings, lambda path: load_settings(path, {}), self.used.append)

    def save(self, *lines: str) -> None:
        """Save as editors do: another file, renamed over it."""
        other = self.file.with_name("new")
        paths = (
            ()
            if any(line.startswith("paths") for line in lines)
            else (f"paths: {{schemas: {SCHEMAS}}}",)
        )
        other.write_text("\n".join((*lines, "default_agent: demo", *paths)), encoding="utf-8")
        other.replace(self.file)

    def check(self) -> list[Event]:
        """One tick's look."""
        return list(self.reload.check(NOW))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A file with one slot."""
    return Desk(tmp_path)


def test_what_is_safe_counts_at_once(desk: Desk) -> None:
    """It is told once, by the names of the settings."""
    assert desk.check() == []
    desk.save("slots: 2", "times: {tick: 3}")
    (event,) = desk.check()
    assert event.reason == "SettingsReloaded"
    assert event.message.endswith("changed: slots, times.tick")
    assert desk.reload.settings.slots == 2
    assert [settings.times.tick for settings in desk.used] == [3.0]
    assert desk.check() == []


def test_a_mistake_keeps_what_was_and_is_told_until_mended(desk: Desk) -> None:
    """In every tick; then the new file counts."""
    desk.save("slots: many")
    for _ in range(2):
        with pytest.raises(SettingsInvalid, match="slots 'many'"):
            desk.check()
    assert desk.reload.settings.slots == 1
    desk.save("slots: 3")
    assert [event.reason for event in desk.check()] == ["SettingsReloaded"]
    assert desk.reload.settings.slots == 3


def test_half_of_a_save_is_no_word(desk: Desk) -> None:
    """A program that writes the file in place and slowly is waited for, and then heard."""
    desk.save("slots: 2", "demo: true")
    desk.check()
    whole = desk.file.read_text(encoding="utf-8").replace("slots: 2", "slots: 3")
    with desk.file.open("w", encoding="utf-8") as file:
        file.write(whole[: whole.index("demo")] + f"paths: {{schemas: {SCHEMAS}}}\n")
        file.write("default_agent: demo\n")
        file.flush()
        for _ in range(2):
            with pytest.raises(SidekickError, match="half of a save") as caught:
                desk.check()
            assert caught.value.reason == "SettingsBusy"
        file.seek(0)
        file.write(whole)
    assert [event.reason for event in desk.check()] == ["SettingsReloaded"]
    assert (desk.reload.settings.slots, desk.reload.settings.demo) == (3, True)


def test_a_schema_that_comes_late(desk: Desk, tmp_path: Path) -> None:
    """An upgrade writes new settings before their schema is whole: they count once it is."""
    schema = SCHEMAS / "config.schema.json"
    mine = tmp_path / "schemas" / schema.name
    mine.parent.mkdir()
    mine.write_bytes(schema.read_bytes())
    paths = f"paths: {{schemas: {mine.parent}}}"
    desk.save("slots: 1", paths)
    settings = load_settings(desk.file, {})
    reload = Reload(settings, lambda path: load_settings(path, {}), desk.used.append)
    desk.save("slots: 2", paths)
    mine.write_text("{", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(SettingsInvalid, match="cannot be used"):
            reload.check(NOW)
    mine.write_bytes(schema.read_bytes())
    assert [event.reason for event in reload.check(NOW)] == ["SettingsReloaded"]
    assert reload.settings.slots == 2


def test_a_file_that_is_open_all_day_is_read(desk: Desk) -> None:
    """Ten seconds after the last change of it."""
    desk.save("slots: 2")
    with desk.file.open("r+"):
        os.utime(desk.file, (time.time() - 11,) * 2)
        assert [event.reason for event in desk.check()] == ["SettingsReloaded"]


def test_a_file_that_is_gone_is_a_mistake_too(desk: Desk) -> None:
    """Between two renames of an editor, say."""
    desk.file.unlink()
    with pytest.raises(SettingsInvalid):
        desk.check()
    desk.save("slots: 1")
    assert desk.check() == []


def test_what_needs_a_restart_is_kept_and_told(desk: Desk) -> None:
    """Until it is as it was at the start."""
    before = desk.reload.settings.server
    desk.save("slots: 1", "server: {port: 1}")
    (event,) = desk.check()
    assert (event.reason, event.warning) == ("RestartNeeded", True)
    assert "server.port" in event.message
    assert desk.reload.restart_needed == ("server.port",)
    assert desk.reload.settings.server == before
    assert desk.used == []
    desk.save("slots: 5", "server: {port: 1}")
    assert [event.reason for event in desk.check()] == ["SettingsReloaded"]
    assert desk.reload.restart_needed == ("server.port",)
    desk.save("slots: 5")
    desk.check()
    assert not desk.reload.restart_needed
    desk.save("slots: 5", "log_format: json")
    assert [event.reason for event in desk.check()] == ["RestartNeeded"]
    assert desk.reload.restart_needed == ("log_format",)


def test_what_the_parts_refuse_is_a_mistake_too(desk: Desk) -> None:
    """The settings before stay in use, and it is told until mended, without a growing memory."""

    def refuse(_: Settings) -> None:
        raise SettingsInvalid(["no such placeholder"])

    use, desk.reload._use = desk.reload._use, refuse
    desk.save("slots: 2")
    depths = []
    for _ in range(4):
        with pytest.raises(SettingsInvalid, match="placeholder") as caught:
            desk.check()
        depths.append(len(caught.traceback))
    assert depths[1] == depths[-1]
    assert desk.reload.settings.slots == 1
    desk.reload._use = use
    desk.save("slots: 3")
    assert [event.reason for event in desk.check()] == ["SettingsReloaded"]
    assert desk.reload.settings.slots == 3
