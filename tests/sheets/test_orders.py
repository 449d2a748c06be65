"""Orders over a sheet: what was taken is written, or its giver is told to give it again."""

import json
from pathlib import Path
from threading import Event

import pytest

from tests.e2e.lab import wait_for
from tests.sheets import faults
from tests.sheets.emulator import Emulator
from tests.sheets.faults import Fault
from tests.sheets.lists import edit, fill, sheet, statuses
from tests.sheets.test_rounds import good, reason, serving


def test_an_order_that_is_refused_is_told(google: Emulator, tmp_path: Path) -> None:
    """Each time: who gave it believes that it is done."""
    fill(google, "a")
    google.tab.protected = True
    with serving(google, tmp_path) as source:
        wait_for("a read", lambda: good(source))
        source.write([edit(source.read(), "a", order=True, status="Paused")])
        (told,) = wait_for("the notice", source.notices)
        assert (told.reason, told.warning) == ("SheetReadOnly", True)
        assert "what was ordered for a: order it again" in told.message


def test_an_order_goes_before_a_status_that_waits(google: Emulator, tmp_path: Path) -> None:
    """A person's word is not left out because the controller has something to write, too."""
    fill(google, "a", "b")
    source = sheet(google, tmp_path, poll=60, pace=1)
    source.listen(Event().set)
    wait_for("a read", lambda: good(source))
    snapshot = source.read()
    source.write([edit(snapshot, name, status="In Progress", agent="x") for name in "ab"])
    source.write([edit(snapshot, "a", order=True, status="Paused")])
    source.write([edit(snapshot, "a", status="Queued")])
    wait_for("the order", lambda: statuses(google) == {"a": "Paused", "b": "In Progress"})
    assert google.tab.table()[0]["Agent"] == ""
    assert source.notices() == ()
    source.close()


@pytest.mark.parametrize("word", ["Paused", "In Progress"])
def test_an_order_that_comes_while_a_status_is_written(
    google: Emulator, tmp_path: Path, word: str
) -> None:
    """It is written after it, as a word of its own where it is the same."""
    fill(google, "a")
    asked, go = Event(), Event()

    def hold(deed: str) -> None:
        if deed == "write":
            google.before = None
            asked.set()
            go.wait(10)

    with serving(google, tmp_path) as source:
        wait_for("a read", lambda: good(source))
        snapshot = source.read()
        google.before = hold
        source.write([edit(snapshot, "a", status="In Progress", agent="x", last_update="then")])
        assert asked.wait(10)
        source.write([edit(snapshot, "a", order=True, status=word)])
        go.set()
        wait_for("both", lambda: google.calls["write"] == 2)
        (line,) = google.tab.table()
        assert (line["Status"], line["Agent"]) == (word, "x")
        assert line["Last Update"] not in ("", "then")
        assert source.notices() == ()


def test_an_order_outlives_a_short_outage(google: Emulator, tmp_path: Path) -> None:
    """It was taken, and is written once Google answers again; the user's own hand beats it."""
    fill(google, "a", "b")
    with serving(google, tmp_path) as source:
        wait_for("a read", lambda: good(source))
        snapshot = source.read()
        google.fail("write", faults.EMPTY_500)
        source.write([edit(snapshot, name, order=True, status="Paused") for name in "ab"])
        wait_for("the outage", lambda: reason(source) == "GoogleUnavailable")
        google.tab.type("b", "Status", "Completed")
        wait_for("the order", lambda: good(source), 30)
        assert statuses(google) == {"a": "Paused", "b": "Completed"}
        failed, conflict = source.notices()
        assert (failed.reason, conflict.reason) == ("WriteFailed", "EditConflict")
        assert "order it again" in conflict.message


def test_an_order_waits_for_nobody_s_mend(google: Emulator, tmp_path: Path) -> None:
    """Where somebody must change something first, who gave it is told to give it again."""
    fill(google, "a")
    with serving(google, tmp_path) as source:
        wait_for("a read", lambda: good(source))
        google.fail("batchGet", *[Fault(404)] * 2)
        source.write([edit(source.read(), "a", order=True, status="Paused")])
        found = wait_for("the notice", source.notices)
        assert "what was ordered for a: order it again" in found[0].message


def test_an_order_outlives_its_controller(google: Emulator, tmp_path: Path) -> None:
    """What was taken and not written yet is written by the next one, within ten minutes."""
    fill(google, "a")
    note = tmp_path / "state" / "orders"
    source = sheet(google, tmp_path, poll=60, pace=60, orders=note)
    source.listen(Event().set)
    wait_for("a read", lambda: good(source))
    source.write([edit(source.read(), "a", order=True, status="Paused")])
    source.close()
    assert statuses(google) == {"a": ""}
    kept = note.read_text(encoding="utf-8")
    again = sheet(google, tmp_path, poll=60, orders=note)
    again.listen(Event().set)
    wait_for("the order", lambda: statuses(google) == {"a": "Paused"})
    wait_for("its end", lambda: not note.exists())
    again.close()
    google.tab.type("a", "Status", "")
    document = json.loads(kept)
    document["orders"][0]["since"] = "2020-01-01T00:00:00+00:00"
    note.write_text(json.dumps(document), encoding="utf-8")
    late = sheet(google, tmp_path, poll=60, orders=note)
    late.listen(Event().set)
    wait_for("a read", lambda: good(late))
    assert ["ordered for a: order it again" in one.message for one in late.notices()] == [True]
    assert statuses(google) == {"a": ""}
    wait_for("its end", lambda: not note.exists())
    late.close()
