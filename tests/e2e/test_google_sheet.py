"""The whole controller over a Google Sheet, at a Google on loopback."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.lab import Lab, wait_for
from tests.e2e.test_api import order
from tests.sheets.accounts import EMAIL, write_key
from tests.sheets.emulator import KEY, Emulator, emulator
from tests.sheets.faults import Fault
from tests.sheets.lists import fill, statuses
from tests.sources.benches import COLUMNS, row


@pytest.fixture
def google() -> Iterator[Emulator]:
    """Google on loopback."""
    with emulator() as made:
        yield made


@pytest.fixture
def desk(lab: Lab, google: Emulator) -> Lab:
    """A project folder whose settings name a sheet."""
    google.tab.save([], COLUMNS)
    return furnished(lab, google)


def furnished(lab: Lab, google: Emulator) -> Lab:
    """The folder with settings that name the sheet."""
    lab.environment["NO_PROXY"] = "*"
    key = write_key(lab.root / "key.json", google.url)
    sheets = {
        "url": KEY, "credentials_file": key.name, "endpoint": google.url, "poll_interval": 10,
    }  # fmt: skip
    lab.settle_in(priority_source={"type": "auto", "sheets": sheets})
    return lab


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_the_doctor_names_the_account(desk: Lab, google: Emulator) -> None:
    """It says what was chosen and why, whom to share the sheet with, and then that all is well."""
    done = desk.sidekick("doctor")
    assert "its kind is sheets (auto: a sheet is named, and there are credentials" in done.stdout
    assert f"{EMAIL}: share the sheet with it, as an editor" in done.stdout
    assert f"may not be used; share the sheet with {EMAIL}" in done.stdout
    fill(google, "a")
    assert "1 rows; its rows are checked" in desk.sidekick("doctor").stdout


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_vanished_credential_starts_nothing_of_the_csv(desk: Lab, google: Emulator) -> None:
    """The CSV's rows wait for `source approve`, though `auto` means them now."""
    fill(google)
    desk.sidekick("apply", check=True)
    assert (desk.root / "state" / "source").read_text() == "sheets\n"
    desk.write("Old,1,,sh,,echo old > old,,,,")
    settings = desk.root / "config.yaml"
    text = settings.read_text().replace("credentials_file: key.json", "credentials_file: null")
    settings.write_text(text)
    done = desk.sidekick("apply")
    assert "sidekick source approve" in done.stdout + done.stderr
    assert "there are no credentials for it" in desk.sidekick("status").stdout
    assert not list(desk.root.glob("runs/*"))
    desk.sidekick("source", "approve", check=True)
    desk.sidekick("apply", check=True)
    wait_for("the CSV's row at work", lambda: list(desk.root.glob("runs/*")))


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_from_a_row_to_its_status(desk: Lab, google: Emulator, tmp_path: Path) -> None:
    """A row of the sheet is worked on, and its cells say so; an outage stops nothing."""
    done = tmp_path / "done"
    google.book.writers.add(EMAIL)
    work = row("a", next_action=f"echo yes > {done}; exit 0")
    google.tab.save([{**work, "Owner": "me"}], COLUMNS)
    desk.start()
    wait_for("the work", done.exists, 40)
    wait_for("the status", lambda: statuses(google) == {"a": "Completed"}, 60)
    (line,) = google.tab.table()
    assert (line["Owner"], line["Next Action"]) == ("me", work["Next Action"])
    metrics = desk.get("/metrics") or ""
    assert "the list's kind is sheets (auto: a sheet is named" in desk.output()
    assert 'sidekick_source_info{kind="sheets"} 1' in metrics
    assert 'sheets_requests_total{code="200"}' in metrics
    assert desk.stop() == 0


def ticks(desk: Lab) -> float:
    """How many ticks there were."""
    found = re.findall(
        r"^sidekick_reconcile_total{.*} (\S+)$", desk.get("/metrics") or "", re.MULTILINE
    )
    return sum(map(float, found))


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_hung_google_delays_neither_ticks_nor_the_api_nor_the_end(
    desk: Lab, google: Emulator, tmp_path: Path
) -> None:
    """While Google holds a call open an exit is acted on, questions are answered, TERM ends it."""
    go, ready = tmp_path / "go", tmp_path / "ready"
    google.book.writers.add(EMAIL)
    script = f"touch {ready}; until test -e {go}; do sleep 0.1; done"
    google.tab.save([row("a", next_action=script)], COLUMNS)
    desk.start()
    wait_for("the work", ready.exists, 40)
    wait_for("the status", lambda: statuses(google) == {"a": "In Progress"}, 40)
    stuck = Fault(manner="hang")
    google.fail("batchGet", *[stuck] * 9)
    asked = google.calls["batchGet"]
    wait_for("the hung call", lambda: google.calls["batchGet"] > asked, 40)
    before = ticks(desk)
    go.touch()
    began = time.monotonic()
    wait_for("the exit", lambda: "Completed" in desk.sidekick("get").stdout, 15)
    wait_for("ticks", lambda: ticks(desk) > before + 1, 20)
    assert desk.get("/healthz") is not None
    assert time.monotonic() - began < 25  # the hung call alone would last 30 s
    assert statuses(google) == {"a": "In Progress"}
    began = time.monotonic()
    assert desk.stop() == 0
    assert time.monotonic() - began < 8
    stuck.release.set()


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_renamed_sorted_and_deleted_rows(desk: Lab, google: Emulator, tmp_path: Path) -> None:
    """A renamed row keeps its run, a lost header stops nothing, a deleted row's run ends."""
    google.book.writers.add(EMAIL)
    for name in ("a", "b", "c", "d"):
        script = f"touch {tmp_path / name}; exec sleep 300"
        google.tab.cells = google.tab.cells or [list(COLUMNS)]
        google.tab.insert(1, [*(row(name, next_action=script).get(c, "") for c in COLUMNS)])
    desk.start()
    wait_for("all at work", lambda: len(desk.agents()) == 4, 60)
    wait_for("statuses", lambda: set(statuses(google).values()) == {"In Progress"}, 60)
    runs = desk.agents()
    google.tab.type("a", "Project", "renamed")
    google.tab.sort()
    wait_for("the new name", lambda: "renamed" in desk.sidekick("get", "-o", "name").stdout, 40)
    assert desk.agents() == runs
    header = google.tab.cells[0]
    google.tab.delete(0)
    wait_for("the fault", lambda: "no column" in desk.sidekick("status").stdout, 40)
    assert desk.agents() == runs
    google.tab.insert(0, header)
    google.tab.delete(google.tab.row_of("b"))
    began = time.monotonic()
    wait_for("the end of b", lambda: len(desk.agents()) == 3, 100)
    assert time.monotonic() - began > 25
    assert set(desk.agents().items()) < set(runs.items())
    assert set(statuses(google)) == {"renamed", "c", "d"}
    assert desk.stop() == 0


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_kill_between_a_write_and_its_proof(desk: Lab, google: Emulator, tmp_path: Path) -> None:
    """The row that was hit gets its own cells back by the next controller, the right one ours."""
    google.book.writers.add(EMAIL)
    work = row("a", next_action=f"touch {tmp_path / 'a'}; exec sleep 300")
    other = row("b", status="Blocked", next_action=f"touch {tmp_path / 'b'}")
    google.tab.save([work, other], COLUMNS)

    def race(deed: str) -> None:
        if deed == "write":
            google.before = None
            google.tab.sort(reverse=True)
            desk.controllers[-1].kill()
            desk.controllers[-1].wait(10)

    google.before = race
    desk.start_unready()
    wait_for("the kill", lambda: desk.controllers[-1].poll() is not None, 40)
    wait_for("the soiled row", lambda: statuses(google)["b"] != "Blocked")
    assert (desk.root / "state" / "sheet-writes.json").exists()
    desk.start()
    wait_for("its own word", lambda: statuses(google)["b"] == "Blocked", 40)
    wait_for("the right one", lambda: statuses(google)["a"] == "In Progress", 40)
    (line,) = [line for line in google.tab.table() if line["Project"] == "b"]
    assert {name: line[name] for name in other} == other
    assert (line["Agent"], line["Last Update"]) == ("", "")
    assert not (tmp_path / "b").exists()
    assert len(desk.agents()) == 1
    notes = desk.root / "state" / "sheet-writes.json"
    wait_for("the proof of the write", lambda: not notes.exists())
    assert desk.stop() == 0


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_an_order_that_was_taken_outlives_a_kill(desk: Lab, google: Emulator) -> None:
    """The API said that it is paused: so it is, though a kill came before the next write."""
    google.book.writers.add(EMAIL)
    google.tab.save([row("a", next_action="exec sleep 300")], COLUMNS)
    desk.start()
    wait_for("the status", lambda: statuses(google) == {"a": "In Progress"}, 60)
    assert order(desk, "/api/v1/projects/a/pause")[0] == 200
    desk.controllers[-1].kill()
    desk.controllers[-1].wait(10)
    assert statuses(google) == {"a": "In Progress"}
    assert (desk.root / "state" / "sheet-orders.json").exists()
    desk.start()
    wait_for("the word", lambda: statuses(google) == {"a": "Paused"}, 40)
    wait_for("the end of its run", lambda: not desk.agents(), 40)
    assert desk.stop() == 0


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_sheet_that_may_only_be_read_is_worked_on_and_told(desk: Lab, google: Emulator) -> None:
    """Its rows run; `status`, the metric and an order say that no word can be written, and why."""
    google.book.readers.add(EMAIL)
    google.tab.save([row("a", next_action="exec sleep 300")], COLUMNS)
    desk.start()
    wait_for("the work", desk.agents, 40)
    wait_for("it", lambda: "source_writable 0" in (desk.get("/metrics") or ""), 60)
    shown = desk.sidekick("status").stdout
    assert f"NOT POSSIBLE: https://docs.google.com/spreadsheets/d/{KEY} may not be edited" in shown
    assert f"share the sheet with {EMAIL}, as an editor" in shown
    code, problem = order(desk, "/api/v1/projects/a/pause")
    assert (code, "may not be edited" in str(problem)) == (503, True)
    assert desk.output().count("SheetReadOnly") == 1
    assert statuses(google) == {"a": ""}
    assert desk.stop() == 0


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_words_back_and_forth_in_a_sheet_that_may_only_be_read(desk: Lab, google: Emulator) -> None:
    """Each of the user's words counts, also one that was typed before; none is an old buffer's."""
    google.book.readers.add(EMAIL)

    def say(word: str) -> None:
        google.tab.save([row("a", status=word, next_action="exec sleep 300")], COLUMNS)

    say("Pending")
    desk.start()
    wait_for("the work", desk.agents, 40)
    say("Paused")
    wait_for("the end of its run", lambda: not desk.agents(), 40)
    say("Pending")
    wait_for("the work again", desk.agents, 40)
    say("Paused")
    wait_for("the end of its run again", lambda: not desk.agents(), 40)
    assert "StaleEdit" not in desk.output()
    assert statuses(google) == {"a": "Paused"}
    assert desk.stop() == 0


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_two_controllers_on_one_sheet_are_told(desk: Lab, google: Emulator, tmp_path: Path) -> None:
    """The later one at its first look, the earlier one by what the later writes: everywhere."""
    google.book.writers.add(EMAIL)
    script = f"until test -e {tmp_path / 'go'}; do sleep 0.1; done"
    google.tab.save([row("a", next_action=script)], COLUMNS)
    desk.start()
    wait_for("the status", lambda: statuses(google) == {"a": "In Progress"}, 60)
    assert "another" not in desk.sidekick("status").stdout
    later = furnished(Lab(), google)
    try:
        later.start()
        told = "the Status of a is not this controller's"
        wait_for("its word", lambda: told in later.sidekick("status").stdout, 40)
        found = later.sidekick("doctor").stdout
        assert re.search(rf"^MEND +controller +{told}", found, re.MULTILINE)
        assert "Another controller seems to work on this list" in (later.get("/") or "")
        wait_for("both at work", lambda: later.agents() and desk.agents(), 40)
        google.tab.type("a", "Status", "Paused")
        wait_for("the end of both", lambda: not (later.agents() or desk.agents()), 60)
        later.sidekick("resume", "a", check=True)
        (tmp_path / "go").touch()
        told = "the Status of a was written by another controller"
        wait_for(
            "the other's word",
            lambda: told in desk.sidekick("status").stdout + later.sidekick("status").stdout,
            60,
        )
        metrics = desk.get("/metrics") or ""
        assert 'sidekick_events_total{reason="AnotherController",type="warning"}' in metrics
        assert later.stop() == 0
    finally:
        later.close()
    assert desk.stop() == 0
