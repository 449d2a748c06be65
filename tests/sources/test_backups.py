"""What the user saved, and the controller wrote into, can be had again."""

import os
import stat
import time
from pathlib import Path

import pytest

from controller.sources import retired
from controller.sources.backups import Backups
from controller.sources.csv_file import CsvFile
from tests.sources.benches import edits_of
from tests.sources.hostile import BEFORE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A list."""
    path = tmp_path / "p.csv"
    path.write_text(BEFORE)
    return path


def contents(folder: Path) -> list[str]:
    """What is kept, the oldest first."""
    return [file.read_text() for file in sorted(folder.glob("[!.]*"))]


def test_each_version_of_the_users_is_kept_once(path: Path, tmp_path: Path) -> None:
    """Not our own writes: a copy for each save of the user's that we wrote into."""
    folder = tmp_path / "state" / "backups"
    source = CsvFile(path, backups=Backups(folder, "p.csv", 9))
    for status in ("Queued", "In Progress", "Completed"):
        source.write(edits_of(source.read(), "b", status=status))
    second = path.read_text().replace("rest", "sleep")
    path.write_text(second)
    source.write(edits_of(source.read(), "c", status="Queued"))
    path.write_text(BEFORE)
    source.write(edits_of(source.read(), "c", status="Queued"))
    source.close()

    assert contents(folder) == [BEFORE, second]
    for file in (folder, *folder.iterdir()):
        assert not stat.S_IMODE(file.stat().st_mode) & 0o077


def test_the_writes_of_other_processes_are_no_saves_of_the_users(
    path: Path, tmp_path: Path
) -> None:
    """Commands and the controller write by turns: what the user saved is not crowded out."""
    folder = tmp_path / "backups"

    def process() -> CsvFile:
        return CsvFile(path, backups=Backups(folder, "p.csv", 3))

    controller = process()
    controller.write(edits_of(controller.read(), "b", status="Queued"))
    for number in range(10):
        command = process()
        command.write(edits_of(command.read(), "b", status=f"Paused{number}"))
        command.close()
        controller.write(edits_of(controller.read(), "b", last_update=f"{number}"))
    assert contents(folder) == [BEFORE]

    saved = path.read_text().replace("rest", "sleep")
    path.write_text(saved)
    command = process()
    command.write(edits_of(command.read(), "b", status="Pending"))
    command.close()
    controller.write(edits_of(controller.read(), "b", status="Queued"))
    controller.close()

    assert contents(folder) == [BEFORE, saved]


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    """The oldest go; another list's copies stay."""
    other = Backups(tmp_path, "other.csv", 1)
    other.keep(b"other")
    backups = Backups(tmp_path, "p.csv", 3)
    for number in range(5):
        backups.keep(f"{number}".encode())

    assert contents(tmp_path) == ["other", "2", "3", "4"]


def test_a_copy_is_found_by_its_content(tmp_path: Path) -> None:
    """The same content again is the same file."""
    backups = Backups(tmp_path, "p.csv", 3)

    assert backups.keep(b"x") == backups.keep(b"x")


def test_no_backup_holds_a_write_up(path: Path, tmp_path: Path) -> None:
    """Neither none wanted, nor a folder that cannot be made."""
    (tmp_path / "file").touch()
    for backups in (Backups(tmp_path / "none", "p.csv", 0), Backups(tmp_path / "file", "p.csv", 3)):
        path.write_text(BEFORE)
        source = CsvFile(path, backups=backups)
        source.write(edits_of(source.read(), "b", status="Queued"))
        source.close()
        assert "Queued" in path.read_text()

    assert not (tmp_path / "none").exists()


def test_a_late_save_that_cannot_be_merged_is_kept(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where two saves fit not together, the late one is a backup, and the user is told where."""
    monkeypatch.setattr(retired, "_SETTLE_S", 0.0)
    source = CsvFile(path, backups=Backups(tmp_path / "backups", "p.csv", 9))
    late = path.read_text().replace("Project,", "Name,Project,")
    with path.open("r+") as file:
        source.write(edits_of(source.read(), "b", status="Queued"))
        file.write(late)
    path.with_name("new").write_text(BEFORE.replace("wait", "go"))
    path.with_name("new").replace(path)
    now = path.read_text()

    source.read()

    assert path.read_text() == now
    (notice,) = source.notices()
    assert (notice.reason, notice.warning) == ("EditSetAside", True)
    assert late in contents(tmp_path / "backups")
    assert str(tmp_path / "backups") in notice.message


def test_without_backups_it_stays_beside_the_list(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A late save is never thrown away; what a killed process left has no base to merge with."""
    base, ours = retired.hash_of(b"base"), retired.hash_of(b"ours")
    left = path.with_name(f".p.csv.sidekick-01234567-{base}-{ours}")
    left.write_text("what the user saved")
    source = CsvFile(path)

    source.read()

    (notice,) = source.notices()
    (kept,) = (file for file in path.parent.iterdir() if file != path)
    assert kept.read_text() == "what the user saved"
    assert str(kept) in notice.message
    assert CsvFile(path).read() == source.read()
    assert source.notices() == ()


def test_the_drafts_of_the_dead_are_cleared_away(tmp_path: Path) -> None:
    """Not one that somebody may be writing just now."""
    for name, age in ((".p.csv.123.new", 4000), (".p.csv.124.new", 10)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    Backups(tmp_path, "p.csv", 9).keep(b"text")

    assert [file.name for file in tmp_path.glob(".*")] == [".p.csv.124.new"]
