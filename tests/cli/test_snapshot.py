"""`snapshot create|list|restore`: what is kept, what comes back, and what is refused."""

import json
import stat

import pytest

from controller import __version__
from controller.layout import DATABASE
from controller.store import read_report
from tests.cli.desk import Desk, a_project

ROWS = ("Project,Status\n", "One,Queued\n", "Two,Queued\n")


@pytest.fixture
def kept(desk: Desk) -> Desk:
    """A desk with a memory of one project, a rest of the fleet, and a snapshot of it, `first`."""
    desk.keep(a_project("One"))
    (desk.state / "suspended.json").write_text('{"since": "2026-01-02T03:04:05Z", "message": ""}')
    code, out, err = desk.sidekick("snapshot", "create", "first")
    assert (code, err) == (0, "")
    assert "first" in out
    return desk


def names(desk: Desk) -> list[str]:
    """The projects of the report in the memory."""
    report = read_report(desk.state / DATABASE)
    return [project.name for project in report.projects] if report else []


def listed(desk: Desk) -> list[str]:
    """The snapshots' names."""
    code, out, _ = desk.sidekick("snapshot", "list", "-o", "json")
    assert code == 0
    return [item["name"] for item in json.loads(out)["snapshots"]]


def test_a_snapshot_brings_everything_back_and_can_be_undone(kept: Desk) -> None:
    """Memory, list and the fleet's rest are as they were; what was replaced is a snapshot too."""
    before = kept.lab.list.read_bytes()
    kept.keep(a_project("One"), a_project("Two"))
    kept.lab.list.write_text("".join(ROWS))
    mode = stat.S_IMODE(kept.lab.list.stat().st_mode)
    (kept.state / "suspended.json").unlink()
    assert kept.sidekick("snapshot", "restore", "first")[0] == 0
    assert names(kept) == ["One"]
    assert kept.lab.list.read_bytes() == before
    assert stat.S_IMODE(kept.lab.list.stat().st_mode) == mode
    assert (kept.state / "suspended.json").exists()
    first, undo = listed(kept)
    assert first == "first"
    assert kept.sidekick("snapshot", "restore", undo)[0] == 0
    assert names(kept) == ["One", "Two"]
    assert kept.lab.list.read_text() == "".join(ROWS)
    assert not (kept.state / "suspended.json").exists()


def test_a_restore_is_refused_while_a_controller_runs(kept: Desk) -> None:
    """Nothing is touched, and who runs is named."""
    kept.keep(a_project("Two"))
    kept.play_controller({})
    code, _, err = kept.sidekick("snapshot", "restore", "first")
    assert code == 2
    assert "nothing was restored: a controller already runs" in err
    assert names(kept) == ["Two"]


def test_a_damaged_snapshot_is_refused_before_anything_is_replaced(kept: Desk) -> None:
    """A byte of the memory's copy is off: what is in use stays."""
    kept.keep(a_project("Two"))
    copy = kept.state / "snapshots" / "first" / DATABASE
    content = bytearray(copy.read_bytes())
    content[-1] ^= 1
    copy.write_bytes(content)
    code, _, err = kept.sidekick("snapshot", "restore", "first")
    assert code == 2
    assert "missing or damaged; nothing was restored" in err
    assert names(kept) == ["Two"]
    assert listed(kept) == ["first"]


def test_a_snapshot_that_cannot_be_understood_is_told(kept: Desk) -> None:
    """The others are listed; the exit code says that one is off."""
    manifest = kept.state / "snapshots" / "bad" / "snapshot.json"
    manifest.parent.mkdir()
    manifest.write_text('{"version": 1, "sha256": {"../../x": ""}}')
    code, out, err = kept.sidekick("snapshot", "list")
    assert code == 1
    assert "first" in out
    assert f"{manifest} cannot be understood" in err
    newer = {"version": 99}
    manifest.write_text(json.dumps(newer))
    assert "upgrade to restore it" in kept.sidekick("snapshot", "restore", "bad")[2]


def test_a_broken_or_missing_memory_is_restored_over(kept: Desk) -> None:
    """That is why people go back; a list that was removed comes back as well."""
    before = kept.lab.list.read_bytes()
    (kept.state / DATABASE).write_bytes(b"no database at all" * 100)
    for suffix in ("-wal", "-shm"):
        (kept.state / f"{DATABASE}{suffix}").unlink(missing_ok=True)
    kept.lab.list.unlink()
    assert kept.sidekick("snapshot", "restore", "first")[0] == 0
    assert names(kept) == ["One"]
    assert kept.lab.list.read_bytes() == before
    assert list(kept.state.glob(f"{DATABASE}.broken-*"))


def test_no_secret_is_in_a_snapshot(desk: Desk) -> None:
    """Neither what is set for an agent nor what the controller's own environment holds."""
    desk.lab.settle_in(
        "One,1,Paused,,,x,,,,",
        agents={"sh": {"command": ["true", "of-my-own-8472"], "environment": {"A": "hidden1"}}},
    )
    desk.patch.setenv("ANTHROPIC_API_KEY", "of-my-own-8472")
    desk.keep(a_project("One"))
    (desk.state / "token").write_text("a-token-of-the-server")
    assert desk.sidekick("snapshot", "create", "s")[0] == 0
    whole = b"".join(p.read_bytes() for p in (desk.state / "snapshots" / "s").iterdir())
    assert b"slots:" in whole
    for secret in (b"of-my-own-8472", b"hidden1", b"a-token-of-the-server"):
        assert secret not in whole
    folder = desk.state / "snapshots" / "s"
    assert {stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()} == {0o600}


def test_what_cannot_be_kept_or_found_is_told(kept: Desk) -> None:
    """A name that is taken, or none; a snapshot that is not there; a memory that is not there."""
    assert "already" in kept.sidekick("snapshot", "create", "first")[2]
    assert "is no name" in kept.sidekick("snapshot", "create", "../x")[2]
    code, _, err = kept.sidekick("snapshot", "restore", "other")
    assert code == 1
    assert "there is no snapshot 'other'" in err
    (kept.state / DATABASE).unlink()
    code, _, err = kept.sidekick("snapshot", "create", "second")
    assert code == 1
    assert "there is nothing to keep" in err
    assert listed(kept) == ["first"]


def test_the_oldest_are_removed_at_wish(kept: Desk) -> None:
    """--keep N leaves the newest N of those without a name of yours; the table shows all."""
    for second in range(2):
        kept.sidekick("snapshot", "create", f"2026010{second + 1}T030405Z")
    code, out, _ = kept.sidekick("snapshot", "create", "--keep", "2")
    assert code == 0
    assert out.endswith("20260101T030405Z removed\n")
    assert listed(kept)[:2] == ["first", "20260102T030405Z"]
    assert len(listed(kept)) == 3
    table = kept.sidekick("snapshot", "list")[1].splitlines()
    assert table[0].split() == ["NAME", "AGE", "PROJECTS", "KB", "LIST", "VERSION"]
    assert table[1].split()[-2:] == ["priorities.csv", __version__]
    assert kept.sidekick("snapshot", "create", "--keep", "0")[0] == 2


def test_a_sheet_is_not_in_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the list is a sheet, the file of that moment is none of it, and that is told."""
    sheet = "https://docs.google.com/spreadsheets/d/1abcdefghijklmnopqrstuvwxyz0123456789abcdefgh/"
    monkeypatch.setenv("SIDEKICK_PRIORITY_SOURCE_SHEETS_URL", sheet)
    monkeypatch.setenv("SIDEKICK_PRIORITY_SOURCE_SHEETS_CREDENTIALS_FILE", "/no/key.json")
    desk.keep(a_project("One"))
    code, _, err = desk.sidekick("snapshot", "create", "first")
    assert code == 0
    assert "sidekick sheets pull FILE" in err
    _, out, _ = desk.sidekick("snapshot", "list", "-o", "json")
    assert [item["list"] for item in json.loads(out)["snapshots"]] == [False]
