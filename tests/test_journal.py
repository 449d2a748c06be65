"""The journal: what happens is kept, in order and bounded; what comes again is counted."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.core.events import SIMILAR_PREFIX, Event
from controller.core.memory import Memory
from controller.core.report import Report, SourceView
from controller.store import Journal, Store, journal

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
REPORT = Report(NOW, SourceView("csv", "list.csv"))


class Book:
    """A store to write events into, and the journal that reads them."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "sidekick.db"
        self.store = Store(self.path, lambda: NOW)
        self.journal = Journal(self.path)

    def note(self, *events: Event) -> None:
        """One tick's events."""
        self.store.save(Memory(), REPORT, events)

    def told(self) -> list[tuple[str, str, int]]:
        """Reason, message and count of every entry."""
        return [(e.reason, e.message, e.count) for e in self.journal.read(last=20_000)]


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """An empty journal."""
    made = Book(tmp_path)
    yield made
    made.journal.close()
    made.store.close()


def at(seconds: float, message: str = "m", reason: str = "R", project: str = "a") -> Event:
    """An event so many seconds after `NOW`."""
    return Event(NOW + timedelta(seconds=seconds), project, reason, message)


def test_events_are_kept_in_order_with_all_they_say(book: Book) -> None:
    """Every field comes back, another process's journal sees it at once."""
    book.note(at(0), Event(NOW, "", "Odd", "m\n2\0", warning=True))
    first, second = book.journal.read()
    assert (first.project, first.reason, first.message, first.warning) == ("a", "R", "m", False)
    assert (second.project, second.message, second.warning) == ("", "m\n2\0", True)
    assert first.at == first.first_at == NOW
    assert second.seq > first.seq


def test_a_missing_file_is_an_empty_journal_until_it_comes(tmp_path: Path) -> None:
    """A command beside a controller that never ran."""
    early = Journal(tmp_path / "sidekick.db")
    assert early.read() == []
    late = Book(tmp_path)
    late.note(at(0))
    assert [entry.reason for entry in early.read()] == ["R"]
    early.close()
    late.store.close()


def test_what_comes_again_within_ten_minutes_is_counted(book: Book) -> None:
    """The repeated event moves to the end, with its first time."""
    book.note(at(0, "crashed"))
    book.note(at(5, "other"))
    book.note(at(599, "crashed"))
    assert book.told() == [("R", "other", 1), ("R", "crashed", 2)]
    entry = book.journal.read()[-1]
    assert (entry.first_at, entry.at) == (NOW, NOW + timedelta(seconds=599))
    book.note(at(599 + 601, "crashed"))
    assert book.told()[-1] == ("R", "crashed", 1)


def test_another_project_reason_or_weight_is_another_event(book: Book) -> None:
    """Only what is the same is counted together."""
    book.note(at(0), at(0, project="b"), at(0, reason="S"))
    book.note(Event(NOW, "a", "R", "m", warning=True))
    assert [count for _, _, count in book.told()] == [1, 1, 1, 1]


def test_many_alike_become_one(book: Book) -> None:
    """More than ten of one reason, each with other words, are one entry with the newest words."""
    for number in range(25):
        book.note(at(number, f"try {number}"))
    assert book.told() == [("R", f"{SIMILAR_PREFIX}try 24", 25)]


def test_a_reader_that_follows_misses_nothing(book: Book) -> None:
    """Behind a place in the journal there is exactly what came since, repeated events too."""
    book.note(at(0, "one"), at(1, "two"))
    seen = book.journal.read()[-1].seq
    assert book.journal.read(after=seen) == []
    book.note(at(2, "one"), at(3, "three"))
    news = book.journal.read(after=seen)
    assert [(entry.message, entry.count) for entry in news] == [("one", 2), ("three", 1)]


def test_one_project_and_the_newest_only(book: Book) -> None:
    """The choices of a reader."""
    book.note(at(0, "1"), at(1, "2", project="b"), at(2, "3"), at(3, "4", project=""))
    assert [e.message for e in book.journal.read(project="a")] == ["1", "3"]
    assert [e.message for e in book.journal.read(project="")] == ["4"]
    assert [e.message for e in book.journal.read(last=2)] == ["3", "4"]


def test_bounded(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the newest are kept, also when many come at once."""
    assert journal.EVENTS_KEPT == 10_000
    monkeypatch.setattr(journal, "EVENTS_KEPT", 10)
    for tick in range(4):
        book.note(*(at(0, project=f"{tick}.{n}") for n in range(7)))
    kept = [entry.project for entry in book.journal.read()]
    assert kept == [f"2.{n}" for n in (4, 5, 6)] + [f"3.{n}" for n in range(7)]


def test_a_journal_of_the_first_form_is_brought_over(tmp_path: Path) -> None:
    """An upgrade keeps what happened before."""
    path = tmp_path / "sidekick.db"
    db = sqlite3.connect(path)
    db.executescript(
        "CREATE TABLE projects (name TEXT PRIMARY KEY, memory BLOB NOT NULL) WITHOUT ROWID;"
        "CREATE TABLE facts (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
        "CREATE TABLE events (id INTEGER PRIMARY KEY, at TEXT NOT NULL, project TEXT NOT NULL,"
        " reason TEXT NOT NULL, message TEXT NOT NULL, warning INTEGER NOT NULL);"
        "INSERT INTO events VALUES (7, '2026-01-02T04:04:05.5+01:00', 'a', 'R', 'm', 1),"
        " (8, 'nonsense', 'a', 'R', 'm', 1);"
        "PRAGMA user_version = 1;"
    )
    db.close()
    book = Book(tmp_path)
    (entry,) = book.journal.read()
    assert (entry.seq, entry.at, entry.count, entry.warning) == (7, NOW, 1, True)
    book.note(at(1, "next"))
    assert [entry.seq for entry in book.journal.read()][1] > 7
    book.journal.close()
    book.store.close()
