"""The store: what is committed survives, what is broken is set aside, what is full is told."""

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, ClassVar, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.conditions import Condition, ConditionType
from controller.core.events import Entry, Event
from controller.core.memory import Memory, ProjectMemory
from controller.core.notices import Mark
from controller.core.outbox import Noticed, Parcel
from controller.core.report import ProjectView, Report, SourceView
from controller.core.standing import Kind
from controller.store import Journal, Store, StoreUnavailable, database, read_report

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
REPORT = Report(NOW, SourceView("csv", "list.csv"))
NOTICED = Noticed(
    {"Waiting:a": Mark("1", NOW, "2", 3)}, (Parcel("i", Kind.HOLD, "t", "b", NOW, ("x",)),)
)
ONE = Memory({"A": ProjectMemory("a", crashes=1)})


def clock() -> datetime:
    """A clock that stands."""
    return NOW


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file will be; its folder does not exist yet."""
    return tmp_path / "state" / "sidekick.db"


@pytest.fixture
def opened(path: Path) -> Iterator[Callable[[], Store]]:
    """Open the store, again and again as after restarts; closed with the test."""
    stores: list[Store] = []

    def open_again() -> Store:
        for store in stores:
            store.close()
        stores.append(Store(path, clock))
        return stores[-1]

    yield open_again
    for store in stores:
        store.close()


def load(path: Path) -> Memory:
    """What the next controller remembers."""
    store = Store(path, clock)
    try:
        return store.load()
    finally:
        store.close()


def events(path: Path) -> list[Entry]:
    """The events on disk."""
    journal = Journal(path)
    try:
        return journal.read()
    finally:
        journal.close()


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
TIMES = st.datetimes(
    datetime(1970, 1, 2), datetime(2200, 1, 1),
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))),
)  # fmt: skip
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT, bool: st.booleans(), int: st.integers(-(2**60), 2**60), datetime: TIMES,
    date: st.dates(), NoneType: st.none(), float: st.floats(allow_nan=False, allow_infinity=False),
}  # fmt: skip


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type of the core, whatever fields it will have."""
    if kind in PLAIN:
        return PLAIN[kind]
    if get_origin(kind) in {UnionType, Union}:
        return st.one_of(*(values(part) for part in get_args(kind)))
    if get_origin(kind) is tuple:
        return st.lists(values(get_args(kind)[0]), max_size=2).map(tuple)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    assert isinstance(kind, type)
    assert is_dataclass(kind)
    hints = get_type_hints(kind)
    return st.builds(kind, **{item.name: values(hints[item.name]) for item in fields(kind)})


MEMBERS = values(ProjectMemory)


class TestRoundTrip:
    """What is saved is loaded."""

    def test_nothing(self, opened: Callable[[], Store]) -> None:
        """A new store remembers nothing."""
        assert Memory() == opened().load()

    @given(st.dictionaries(TEXT, MEMBERS, max_size=2), TEXT)
    @settings(deadline=None)
    def test_every_field(
        self, tmp_path_factory: pytest.TempPathFactory, members: dict[str, ProjectMemory], word: str
    ) -> None:
        """Every field of every project comes back as it was, times with their zone."""
        folder = tmp_path_factory.mktemp("store")
        memory = Memory(members, word)
        store = Store(folder / "db", clock)
        store.save(memory, replace(REPORT, prune=word))
        store.close()

        loaded = load(folder / "db")

        assert memory == loaded
        assert repr(sorted(memory.projects)) == repr(sorted(loaded.projects))
        for name, member in members.items():
            for condition, again in zip(
                member.conditions, loaded.projects[name].conditions, strict=True
            ):
                first, second = condition.last_transition_time, again.last_transition_time
                assert first.utcoffset() == second.utcoffset()
        shutil.rmtree(folder)

    def test_changes(self, opened: Callable[[], Store]) -> None:
        """Changed projects are replaced, and those that are gone are forgotten."""
        store = opened()
        store.save(Memory({"A": ProjectMemory("a"), "B": ProjectMemory("b")}), REPORT)
        after = Memory({"B": ProjectMemory("b", crashes=2), "C": ProjectMemory("c")})
        assert store.save(after, REPORT)
        assert after == opened().load()

    def test_notices(self, opened: Callable[[], Store]) -> None:
        """What people were told, with what is not delivered; saved only where it changed."""
        store = opened()
        assert store.load_noticed() == Noticed()
        assert store.save(ONE, REPORT, (), NOTICED)
        assert not store.save(ONE, REPORT, (), NOTICED)
        assert not store.save(ONE, REPORT)
        store = opened()
        assert store.load_noticed() == NOTICED
        store.keep_noticed(Noticed({}))
        assert opened().load_noticed() == Noticed({})

    def test_report(self, path: Path, opened: Callable[[], Store]) -> None:
        """The newest report is read beside the writer; None where there is none yet."""
        assert read_report(path) is None
        assert not path.parent.exists()
        store = opened()
        assert read_report(path) is None
        condition = Condition(ConditionType.READY, True, "Running", "", NOW)
        view = ProjectView(
            "A", "In Progress", "Running", "m", "claude", "demo", 2, 1, "do", date(2026, 1, 2),
            last_status=3, conditions=(condition,), started_at=NOW,
        )  # fmt: skip
        report = replace(REPORT, projects=(view,), errors={"read": "x"}, slots=4, prune="p")
        store.save(ONE, report)
        assert report == read_report(path)

    def test_an_old_report(self, path: Path, opened: Callable[[], Store]) -> None:
        """A report that this version cannot read is none."""
        opened().save(ONE, REPORT)
        db = sqlite3.connect(path)
        with db:
            db.execute("UPDATE facts SET value = ? WHERE name = 'report'", (b'{"at": 1}',))
        db.close()
        assert read_report(path) is None


class TestTransactions:
    """One transaction a tick, and only when something changed."""

    @pytest.fixture
    def commits(self, opened: Callable[[], Store]) -> tuple[Store, list[str]]:
        """A store that holds something, and the transactions from now on."""
        store = opened()
        store.save(ONE, REPORT)
        seen: list[str] = []
        store._db.set_trace_callback(lambda sql: seen.append(sql) if sql == "COMMIT" else None)
        return store, seen

    def test_no_change(self, commits: tuple[Store, list[str]], path: Path) -> None:
        """Equal memory, and a report whose times alone moved on, write nothing."""
        store, seen = commits
        before = {item.name: item.read_bytes() for item in path.parent.iterdir()}
        equal = Memory({"A": ProjectMemory("a", crashes=1)})
        for seconds in range(5):
            later = replace(REPORT, at=NOW + timedelta(seconds=seconds))
            assert not store.save(equal, later)
        assert seen == []
        assert before == {item.name: item.read_bytes() for item in path.parent.iterdir()}

    def test_one_transaction(self, commits: tuple[Store, list[str]]) -> None:
        """However much changed, it is one transaction."""
        store, seen = commits
        members = {f"P{number}": ProjectMemory(str(number)) for number in range(50)}
        report = replace(REPORT, slots=7)
        assert store.save(Memory(members), report, [Event(NOW, "A", "R", "m")] * 20)
        assert seen == ["COMMIT"]

    @pytest.mark.parametrize("what", ["member", "event", "report"])
    def test_each_change_counts(self, commits: tuple[Store, list[str]], what: str) -> None:
        """A member, an event or a report's essence alone is a change."""
        store, seen = commits
        memory = Memory({"A": ProjectMemory("a", crashes=2)}) if what == "member" else ONE
        report = replace(REPORT, slots=9) if what == "report" else REPORT
        noted = [Event(NOW, "", "R", "m")] if what == "event" else []
        assert store.save(memory, report, noted)
        assert seen == ["COMMIT"]
        assert not store.save(memory, report)

    def test_a_blocked_prune_alone(self, opened: Callable[[], Store]) -> None:
        """The digest of a blocked mass stop is remembered, whatever the report says."""
        store = opened()
        store.save(ONE, REPORT)
        assert store.save(replace(ONE, prune="digest"), REPORT)
        assert opened().load().prune == "digest"


class TestFiles:
    """The files that the store makes."""

    def test_modes(self, path: Path, opened: Callable[[], Store]) -> None:
        """The folder is 0700 and every file 0600: prompts' digests are nobody's business."""
        opened().save(ONE, REPORT)
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert {0o600} == {item.stat().st_mode & 0o777 for item in path.parent.iterdir()}

    def test_readonly_makes_nothing(self, path: Path) -> None:
        """Where nothing is, a look finds nothing and makes nothing."""
        store = Store(path, clock, readonly=True)
        assert Memory() == store.load()
        store.close()
        assert not path.parent.exists()

    def test_readonly(self, path: Path, opened: Callable[[], Store]) -> None:
        """A look sees what is committed, beside the writer, and cannot write."""
        opened().save(ONE, REPORT)
        content = path.read_bytes()
        store = Store(path, clock, readonly=True)
        assert store.load() == ONE
        with pytest.raises(StoreUnavailable):
            store.save(Memory(), REPORT)
        store.close()
        assert content == path.read_bytes()
        assert opened().load() == ONE

    @pytest.mark.parametrize("content", [b"", b"junk" * 5000])
    def test_readonly_of_a_broken_file(self, path: Path, content: bytes) -> None:
        """A look at a broken file is empty and leaves the file as it is."""
        path.parent.mkdir()
        path.write_bytes(content)
        store = Store(path, clock, readonly=True)
        assert Memory() == store.load()
        store.close()
        assert [path] == list(path.parent.iterdir())
        assert content == path.read_bytes()


def with_content(path: Path) -> bytes:
    """A good store's file, all in one piece."""
    store = Store(path, clock)
    members = {f"P{n}": ProjectMemory(f"p{n}", user_cells="x" * 500) for n in range(100)}
    store.save(Memory(members), REPORT)
    store.close()
    content = path.read_bytes()
    assert len(content) > 40_000
    return content


class TestBroken:
    """A file that is broken is set aside, and memory begins anew."""

    BREAKS: ClassVar[dict[str, Callable[[bytes], bytes]]] = {
        "garbage": lambda _: b"no database at all " * 1000,
        "short": lambda _: b"x" * 100,
        "truncated": lambda whole: whole[: len(whole) // 2],
        "one page": lambda whole: whole[:4096],
        "odd length": lambda whole: whole[:-8000],
        "overwritten": lambda whole: whole[:4096] + b"\xff" * 8192 + whole[12_288:],
        "header": lambda whole: b"SQLite format 4\0" + whole[16:],
        "zeros": lambda whole: b"\0" * len(whole),
    }  # fmt: skip

    @pytest.mark.parametrize("kind", BREAKS)
    def test_set_aside(self, path: Path, kind: str) -> None:
        """The broken file is kept under another name, and the new one works."""
        broken = self.BREAKS[kind](with_content(path))
        path.write_bytes(broken)

        store = Store(path, clock)
        try:
            assert Memory() == store.load()
            assert path.with_name("sidekick.db.broken-20260102T030405") == store.set_aside
            assert store.set_aside is not None
            assert broken == store.set_aside.read_bytes()
            assert store.save(ONE, REPORT)
        finally:
            store.close()
        assert load(path) == ONE

    def test_an_empty_file_is_a_new_one(self, path: Path) -> None:
        """A file of no bytes, as a crash at its birth leaves it, is just a new store."""
        path.parent.mkdir()
        path.touch()
        store = Store(path, clock)
        assert store.set_aside is None
        store.close()

    def test_a_good_file_is_not_set_aside(self, path: Path) -> None:
        """Opening again sets nothing aside."""
        with_content(path)
        store = Store(path, clock)
        assert store.set_aside is None
        assert len(store.load().projects) == 100
        store.close()

    @pytest.mark.parametrize("blob", [b"", b"{", b"\xff", b"[]", b'{"slug": 1}', 5, "text"])
    def test_one_project(self, path: Path, opened: Callable[[], Store], blob: object) -> None:
        """One project's memory that is broken is left out, and mended by the next save."""
        opened().save(ONE, REPORT)
        db = sqlite3.connect(path)
        with db:
            db.execute("INSERT INTO projects VALUES ('B', ?)", (blob,))
        db.close()
        store = opened()
        assert store.load() == ONE
        both = Memory({**ONE.projects, "B": ProjectMemory("b")})
        assert store.save(both, REPORT)
        assert both == opened().load()

    def test_fields_of_another_version(self, path: Path, opened: Callable[[], Store]) -> None:
        """A field that is missing has its default, one that is unknown is passed over."""
        opened()
        db = sqlite3.connect(path)
        with db:
            text = json.dumps({"slug": "b", "crashes": 3, "later": {"x": 1}})
            db.execute("INSERT INTO projects VALUES ('B', ?)", (text.encode(),))
        db.close()
        assert {"B": ProjectMemory("b", crashes=3)} == opened().load().projects

    def test_a_broken_fact(self, path: Path, opened: Callable[[], Store]) -> None:
        """The digest of the blocked mass stop that cannot be read is none."""
        opened().save(ONE, REPORT)
        db = sqlite3.connect(path)
        with db:
            db.execute("UPDATE facts SET value = ? WHERE name = 'prune'", (b"\xff",))
        db.close()
        assert opened().load() == ONE

    def test_broken_notices(self, path: Path, opened: Callable[[], Store]) -> None:
        """What was told and cannot be understood is nothing; all else stands."""
        opened().save(ONE, REPORT, (), NOTICED)
        db = sqlite3.connect(path)
        with db:
            db.execute("UPDATE facts SET value = ? WHERE name = 'noticed'", (b'{"marks": 3}',))
        db.close()
        store = opened()
        assert store.load() == ONE
        assert store.load_noticed() == Noticed()

    def test_other_columns(self, path: Path) -> None:
        """A table of another form is a broken file."""
        path.parent.mkdir()
        db = sqlite3.connect(path)
        with db:
            db.execute("CREATE TABLE projects (x)")
        db.close()
        assert Memory() == load(path)


class TestUnavailable:
    """What cannot be used just now is told, and nothing is lost by it."""

    def test_a_newer_version(self, path: Path, opened: Callable[[], Store]) -> None:
        """A file of a newer version is refused, untouched, with what to do."""
        store = opened()
        store.save(ONE, REPORT)
        store.close()
        db = sqlite3.connect(path)
        db.execute("PRAGMA user_version = 3")
        db.close()
        content = path.read_bytes()
        with pytest.raises(
            StoreUnavailable, match=r"newer version .* form is 3, this one knows 2.*upgrade"
        ):
            Store(path, clock)
        assert content == path.read_bytes()
        assert [path] == [
            item for item in path.parent.iterdir() if "broken" in item.name or item == path
        ]

    def test_a_tick_that_was_not_finished(self, path: Path, opened: Callable[[], Store]) -> None:
        """What was committed before the actions is there, the last report and no event twice."""
        store = opened()
        store.save(ONE, REPORT)
        two = Memory({"B": ProjectMemory("b")}, "digest")
        store.commit(two, [Event(NOW, "B", "UserWord", "Pending")])
        assert two == opened().load()
        assert read_report(path) == REPORT
        assert [entry.reason for entry in events(path)] == ["UserWord"]

    def test_locked(
        self, path: Path, opened: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Another process's transaction is waited for, then told; later the save works."""
        monkeypatch.setattr(database, "DEADLINE", 0.05)
        store = opened()
        store.save(ONE, REPORT)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        two = Memory({**ONE.projects, "B": ProjectMemory("b")})
        with pytest.raises(StoreUnavailable, match="locked"):
            store.save(two, REPORT)
        other.execute("ROLLBACK")
        other.close()
        assert store.save(two, REPORT)
        assert two == opened().load()

    @pytest.mark.parametrize("what", ["file for a folder", "folder for a file"])
    def test_places(self, path: Path, what: str) -> None:
        """A place where no file can be is told with the path."""
        if what == "file for a folder":
            path.parent.write_text("")
        else:
            path.mkdir(parents=True)
        with pytest.raises(StoreUnavailable) as caught:
            Store(path, clock)
        assert str(path) in caught.value.message
        assert caught.value.reason == "StoreUnavailable"

    def test_the_file_is_full(self, path: Path, opened: Callable[[], Store]) -> None:
        """A save that does not fit is told and changes nothing; a smaller one works."""
        store = opened()
        store.save(ONE, REPORT)
        store._db.execute("PRAGMA max_page_count = 20")
        big = Memory({**ONE.projects, "B": ProjectMemory("b", user_cells="x" * 200_000)})
        for _ in range(3):
            with pytest.raises(StoreUnavailable, match="full"):
                store.save(big, REPORT, [Event(NOW, "B", "R", "m")])
        assert store.load() == ONE
        assert events(path) == []
        two = Memory({"A": ProjectMemory("a", crashes=2)})
        assert store.save(two, REPORT)
        assert two == opened().load()

    def test_the_disk_is_full(self, tmp_path: Path) -> None:
        """On a full disk a save is told; what was committed before is still there after it."""
        disk = tmp_path / "disk"
        disk.mkdir()
        mount = shutil.which("mount")
        options = ["-t", "tmpfs", "-o", "size=512k", "none", str(disk)]
        if not mount or subprocess.run([mount, *options], capture_output=True).returncode:
            pytest.skip("this user may not mount a file system")
        try:
            store = Store(disk / "db", clock)
            good = ONE
            store.save(good, REPORT)
            with pytest.raises(StoreUnavailable, match="check the disk"):  # noqa: PT012
                for number in range(1000):
                    member = ProjectMemory("b", crashes=number, user_cells="x" * 9000)
                    more = Memory({**good.projects, f"P{number}": member})
                    store.save(more, REPORT)
                    good = more
            assert len(good.projects) > 3
            assert good == store.load()
            filler = disk / "filler"
            assert not filler.exists()
            store.close()
            assert good == load(disk / "db")
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=True)

    @pytest.mark.parametrize("where", ["memory", "report", "event"])
    def test_texts_that_cannot_be_encoded(self, opened: Callable[[], Store], where: str) -> None:
        """A lone surrogate, which no file can hold, is told as any other failed save."""
        store = opened()
        bad = "\ud800"
        member = ProjectMemory("a", agent_cells=(bad,) if where == "memory" else ())
        view = ProjectView("A", "Blocked", "R", bad if where == "report" else "", "x")
        noted = [Event(NOW, "A", "R", bad)] if where == "event" else []
        memory = Memory({"A": member, "B": ProjectMemory("b")})
        with pytest.raises(StoreUnavailable):
            store.save(memory, replace(REPORT, projects=(view,)), noted)
        assert Memory() == opened().load()


WRITER = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from controller.core.memory import Memory, ProjectMemory
from controller.core.report import Report, SourceView
from controller.store import Store
now = datetime(2026, 1, 2, tzinfo=UTC)
store = Store(Path(sys.argv[1]), lambda: now)
report = Report(now, SourceView("csv", "x"))
number = max((m.crashes for m in store.load().projects.values()), default=0)
while True:
    number += 1
    members = {name: ProjectMemory(name, crashes=number, user_cells="x" * 2000) for name in "abc"}
    store.save(Memory(members), report)
    print(number, flush=True)
"""


def test_killed_between_saves(path: Path) -> None:
    """Kill -9 at any moment loses nothing that was committed, and never half a transaction."""
    last = 0
    for kill_after in (1, 7, 20):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, cwd=os.curdir
        ) as writer:
            assert writer.stdout
            for _ in range(kill_after):
                said = int(writer.stdout.readline())
            writer.kill()
            rest = writer.stdout.read().split(b"\n")[:-1]
        said = int(rest[-1]) if rest else said
        members = load(path).projects
        assert {"a", "b", "c"} == set(members)
        (number,) = {member.crashes for member in members.values()}
        assert last < said <= number <= said + 1
        last = number


def test_closed(path: Path) -> None:
    """A clean end leaves one file."""
    store = Store(path, clock)
    store.save(ONE, REPORT)
    store.close()
    assert [path] == list(path.parent.iterdir())


def test_a_file_that_was_cleared_away_is_made_again(
    path: Path, opened: Callable[[], Store]
) -> None:
    """With all that is remembered; who reads the events finds them in the new one."""
    store = opened()
    two = Memory({**ONE.projects, "B": ProjectMemory("b")})
    store.save(two, REPORT, [Event(NOW, "A", "Old", "old")])
    journal = Journal(path)
    assert [entry.reason for entry in journal.read()] == ["Old"]
    assert not store.lost()
    shutil.rmtree(path.parent)
    assert store.lost()
    assert store.save(two, REPORT, [Event(NOW, "A", "New", "new")], NOTICED)
    assert store.load_noticed() == NOTICED
    assert not store.lost()
    assert not store.save(two, REPORT)
    assert load(path) == two
    assert [entry.reason for entry in journal.read()] == ["New"]
    journal.close()


def test_the_folders_of_a_file_that_is_made_again_are_for_their_owner_alone(
    tmp_path: Path,
) -> None:
    """Those above it too, where they went as well; whatever the umask."""
    path = tmp_path / "above" / "state" / "sidekick.db"
    store = Store(path, lambda: NOW)
    shutil.rmtree(tmp_path / "above")
    before = os.umask(0)
    try:
        assert store.save(ONE, REPORT)
    finally:
        os.umask(before)
        store.close()
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in path.parents[:2]] == 2 * [0o700]


def test_a_file_that_another_took_the_place_of_holds_just_what_is_remembered(
    path: Path, opened: Callable[[], Store]
) -> None:
    """A copy of before, put back by somebody: a project that was renamed since is none there."""
    store = opened()
    store.save(Memory({"A": ProjectMemory("a"), "B": ProjectMemory("b")}), REPORT)
    store.close()
    copy = shutil.copy2(path, path.with_name("copy"))
    store = opened()
    store.load()
    Path(copy).replace(path)
    after = Memory({"B": ProjectMemory("b"), "C": ProjectMemory("a")})
    store.commit(after, ())
    assert load(path) == after
