"""A sheet beside a loop: nobody waits for Google."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest

from controller.core.errors import SidekickError
from controller.sources import google_sheets_rounds
from controller.sources.base import Edit
from controller.sources.google_sheets import GoogleSheet
from controller.sources.google_sheets_address import SheetAddress
from controller.sources.google_sheets_desk import Desk, Round
from controller.sources.google_sheets_faults import SheetFault
from tests.e2e.lab import wait_for
from tests.sheets import faults
from tests.sheets.accounts import EMAIL
from tests.sheets.book import Tab
from tests.sheets.emulator import KEY, Emulator
from tests.sheets.faults import Fault
from tests.sheets.lists import edit, fill, sheet, statuses
from tests.sources.benches import COLUMNS

QUICK = 1.0
"""Seconds that count as at once on a busy machine; the deadlines are far longer."""


@contextmanager
def serving(google: Emulator, folder: Path, deadline: float = 20.0) -> Iterator[GoogleSheet]:
    """A source that serves a loop, with short pauses."""
    source = sheet(google, folder, poll=0.2, pace=0.05, deadline=deadline)
    source.listen(Event().set)
    try:
        yield source
    finally:
        source.close()


def good(source: GoogleSheet) -> bool:
    """Whether the newest cycle was good."""
    try:
        source.read()
    except SidekickError:
        return False
    return True


def reason(source: GoogleSheet) -> str:
    """Why the newest cycle failed; empty where it did not."""
    try:
        source.read()
    except SidekickError as error:
        return error.reason
    return ""


def test_a_loop_gets_what_was_read_last(google: Emulator, tmp_path: Path) -> None:
    """At first nothing; then the newest whole read, with its time."""
    fill(google, "a")
    with serving(google, tmp_path) as source:
        wait_for("a read", lambda: good(source))
        first = source.last_read()
        assert first is not None
        fill(google, "a", "b")
        wait_for("the news", lambda: len(source.read().rows) == 2)
        assert (source.last_read() or first) > first


def test_writes_are_coalesced(google: Emulator, tmp_path: Path) -> None:
    """Whatever waits is one call, and none is named as done before it is."""
    fill(google, *"abcdef")
    with serving(google, tmp_path) as source:
        wait_for("a read", lambda: good(source))
        snapshot = source.read()
        with google.lock:
            for name in "abcdef":
                assert source.write([edit(snapshot, name, status="Queued")]).applied == ()
        wait_for("the writes", lambda: set(statuses(google).values()) == {"Queued"})
        assert google.calls["write"] <= 2


@pytest.mark.parametrize(
    ("deed", "manner"),
    [
        ("batchGet", "hang"),
        *(
            pytest.param(deed, manner, marks=pytest.mark.slow)
            for deed in ("batchGet", "write", "token")
            for manner in ("hang", "drip")
            if (deed, manner) != ("batchGet", "hang")
        ),
    ],
)
def test_a_hung_google_delays_nobody(
    google: Emulator, tmp_path: Path, deed: str, manner: str
) -> None:
    """Reads, writes and the end are at once; the last rows stand; then it goes on."""
    fill(google, "a")
    stuck = Fault(manner=manner)
    if deed == "token":
        google.fail(deed, stuck)
    with serving(google, tmp_path, deadline=0.4) as source:
        if deed != "token":
            wait_for("a read", lambda: good(source))
            snapshot = source.read()
            google.fail(deed, stuck)
            if deed == "write":
                source.write([edit(snapshot, "a", status="Queued")])
        wait_for("the timeout", lambda: reason(source) == "SheetTimeout")
        began = time.monotonic()
        assert reason(source) in ("SheetTimeout", "")
        assert time.monotonic() - began < QUICK
        wait_for("the next good read", lambda: good(source), 30)
        began = time.monotonic()
        source.close()
        assert time.monotonic() - began < QUICK
    stuck.release.set()


def test_an_outage_keeps_the_last_good_read(google: Emulator, tmp_path: Path) -> None:
    """Each look tells of the outage; no write waits; the next good read is news again."""
    fill(google, "a")
    with serving(google, tmp_path) as source:
        wait_for("a read", lambda: good(source))
        snapshot = source.read()
        google.fail("batchGet", Fault(503))
        wait_for("the outage", lambda: reason(source) == "GoogleUnavailable")
        with pytest.raises(SidekickError):
            source.write([edit(snapshot, "a", status="Queued")])
        wait_for("the end of it", lambda: good(source), 30)
        assert source.read() is snapshot
        assert statuses(google) == {"a": ""}


@pytest.mark.parametrize("how", ["protected", "viewer"])
def test_a_sheet_that_may_only_be_read(google: Emulator, tmp_path: Path, how: str) -> None:
    """It is read on and on; one warning, no further try for a while."""
    fill(google, "a")
    google.book.readers.add(EMAIL)
    if how == "viewer":
        google.book.writers.clear()
    google.tab.protected = how == "protected"
    with serving(google, tmp_path) as source:
        wait_for("a read", lambda: good(source))
        source.write([edit(source.read(), "a", status="Queued")])
        wait_for("the refusal", source.refusal)
        tried = google.calls["write"]
        for _ in range(3):
            source.write([edit(source.read(), "a", status="Queued")])
        seen = google.calls["batchGet"]
        wait_for("further reads", lambda: google.calls["batchGet"] > seen + 1)
        assert good(source)
        assert [notice.reason for notice in source.notices()] == ["SheetReadOnly"]
        assert google.calls["write"] == tried


def test_the_first_tab_stays_the_list(google: Emulator, tmp_path: Path) -> None:
    """After a restart, and for commands, though another one was put before it; named ones not."""
    fill(google, "a")
    note = tmp_path / "state" / "tab"
    source = sheet(google, tmp_path, tab=note)
    source.read()
    assert not note.exists(), "a command keeps nothing"
    source.listen(Event().set)
    wait_for("a read", lambda: good(source))
    wait_for("the note", note.exists)
    source.close()
    google.book.tabs.insert(0, Tab(5, "Archive", [list(COLUMNS), ["old", "1", "Pending"]]))
    named, numbered = SheetAddress(KEY, tab="Archive"), SheetAddress(KEY, gid=5)
    for address, project in ((None, "a"), (named, "old"), (numbered, "old")):
        again = sheet(google, tmp_path, address, tab=note)
        assert [line.cell("Project") for line in again.read().rows] == [project]
        again.close()
    for garbage in ("", "[]", "{}", note.read_text().replace("0}", '"x"}')):
        note.write_text(garbage)
        anew = sheet(google, tmp_path, tab=note)
        assert [line.cell("Project") for line in anew.read().rows] == ["old"]
        anew.close()


def test_a_defect_does_not_end_the_rounds(
    google: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told as what it is, and the next round is done."""
    fill(google, "a")
    defects = [RuntimeError("of ours")]

    def cycle(desk: Desk, edits: Sequence[Edit]) -> Round:
        if defects:
            raise defects.pop()
        return proper(desk, edits)

    proper = Desk.cycle
    monkeypatch.setattr(Desk, "cycle", cycle)
    with serving(google, tmp_path) as source:
        wait_for("a read", lambda: good(source))
        defects.append(RuntimeError("of ours"))
        wait_for("the defect", lambda: reason(source) == "Defect")
        wait_for("the next read", lambda: good(source))


def test_an_outage_of_a_day_ends(
    google: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often it failed, the next round is done."""
    fill(google, "a")
    failures = iter(range(1100))  # a day's, at half a minute each

    def cycle(desk: Desk, edits: Sequence[Edit]) -> Round:
        if next(failures, None) is not None:
            raise SheetFault("NetworkUnavailable", "Google cannot be reached")
        return proper(desk, edits)

    proper = Desk.cycle
    monkeypatch.setattr(Desk, "cycle", cycle)
    monkeypatch.setattr(google_sheets_rounds, "LONGEST_BACKOFF_S", 0.0)
    source = sheet(google, tmp_path, poll=0.2, pace=0.0)
    source.listen(Event().set)
    wait_for("the next read", lambda: good(source))
    source.close()


def test_an_edit_that_came_too_late_is_told(google: Emulator, tmp_path: Path) -> None:
    """The user typed first: nothing is written, and a notice says so."""
    fill(google, "a")
    with serving(google, tmp_path) as source:
        wait_for("a read", lambda: good(source))
        snapshot = source.read()
        google.tab.type("a", "Status", "Paused")
        source.write([edit(snapshot, "a", status="Queued")])
        found = wait_for("the notice", source.notices)
        assert [notice.reason for notice in found] == ["EditConflict"]
        assert statuses(google) == {"a": "Paused"}


@pytest.mark.slow
def test_an_outage_in_the_midst_of_a_write_is_told(google: Emulator, tmp_path: Path) -> None:
    """A status of before it is not written later: the next tick says what is so then."""
    fill(google, "a")
    with serving(google, tmp_path) as source:
        wait_for("a read", lambda: good(source))
        google.fail("write", faults.EMPTY_500)
        source.write([edit(source.read(), "a", status="Queued")])
        found = wait_for("the notice", source.notices)
        assert [(notice.reason, notice.warning) for notice in found] == [("WriteFailed", True)]
        wait_for("the next good read", lambda: good(source), 30)
        assert statuses(google) == {"a": ""}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_ends_by_a_defect_is_told(google: Emulator, tmp_path: Path) -> None:
    """The last rows would stand for ever, as if they were read again and again."""

    def fall() -> None:
        raise ZeroDivisionError

    fill(google, "a")
    source = sheet(google, tmp_path, poll=0.2, pace=0.05)
    source.listen(fall)
    try:
        wait_for("the word", lambda: reason(source) == "Defect")
    finally:
        source.close()
