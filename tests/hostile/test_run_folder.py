"""An agent puts something else in place of its run's folder or files: nothing elsewhere changes."""

import json
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from controller.core.observed import ReportState, StopRequest
from controller.runs.files import remove_tree, size_of, write_record
from controller.runs.folders import RunFolders, RunsUnavailable
from controller.runs.meta import read_meta
from controller.runs.retention import prune
from tests.runs.conftest import Bench, now

STOP = StopRequest("user", "UserPaused", "")
RECORDS = ("started.json", "events.jsonl", "exit.json", "stop", "meta.json")
_T = TypeVar("_T")


def promptly(do: Callable[[], _T]) -> _T:
    """What it gives; it does not hang."""
    given: list[_T] = []
    thread = threading.Thread(target=lambda: given.append(do()), daemon=True)
    thread.start()
    thread.join(20)
    assert given, "it hangs, or fails"
    return given[0]


def elsewhere(tmp_path: Path) -> dict[Path, bytes]:
    """Another project's run, and what it holds."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for name in ("spec.json", "output.log", "important"):
        (folder / name).write_text(f"the {name} of another")
    (folder / "exit.json").write_text('{"cause": "exit", "status": 0, "ended_at": 1}')
    return state_of(folder)


def state_of(folder: Path) -> dict[Path, bytes]:
    """Every file below a folder, and what it holds."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def request(runs: RunFolders, run: str) -> bool:
    """Whether the run could be asked to end."""
    with suppress(RunsUnavailable):
        runs.request_stop(run, STOP, 1.0)
        return True
    return False


class TestTheFolderIsALink:
    """The run's folder itself leads to another's."""

    @pytest.fixture
    def before(self, bench: Bench, tmp_path: Path) -> dict[Path, bytes]:
        """A run whose folder leads elsewhere, and what there is."""
        found = elsewhere(tmp_path)
        self.run = bench.make()
        (bench.root / self.run).rename(tmp_path / "moved")
        (bench.root / self.run).symlink_to(tmp_path / "elsewhere")
        self.there = tmp_path / "elsewhere"
        return found

    def test_nothing_is_read(self, bench: Bench, before: dict[Path, bytes]) -> None:
        """Its end is none of ours; neither this controller nor the next knows such a run."""
        assert self.run not in bench.runs.look()
        assert self.run not in bench.reloaded().look()
        assert not bench.reloaded().learn(self.run)

    def test_nothing_is_written(self, bench: Bench, before: dict[Path, bytes]) -> None:
        """No request to end, no record, no note; the caller is told, and ends it otherwise."""
        assert not request(bench.runs, self.run)
        with pytest.raises(RunsUnavailable):
            bench.runs.rename("My App", "Another")
        bench.runs.sweep(self.run)
        assert state_of(self.there) == before

    def test_nothing_is_removed(self, bench: Bench, before: dict[Path, bytes]) -> None:
        """Neither by retention nor where a start failed."""
        prune(bench.root, frozenset(), now() + timedelta(days=99), 1, 1)
        bench.runs.discard(self.run)
        assert state_of(self.there) == before


@pytest.mark.parametrize(
    "name", ["stop", ".stop.new", ".meta.json.new", "exit.json", ".exit.json.new"]
)
@pytest.mark.parametrize("kind", ["link", "dangling", "pipe", "folder"])
def test_what_stands_where_we_write(bench: Bench, tmp_path: Path, name: str, kind: str) -> None:
    """Links are replaced and never written through; nobody waits for a pipe."""
    run = bench.make()
    path = bench.root / run / name
    target = tmp_path / "important"
    target.write_text("important")
    match kind:
        case "link":
            path.symlink_to(target)
        case "dangling":
            path.symlink_to(tmp_path / "made")
        case "pipe":
            os.mkfifo(path)
        case _:
            path.mkdir()

    def work() -> bool:
        with suppress(RunsUnavailable):
            bench.runs.rename("My App", "Another")
        asked = request(bench.runs, run)
        with suppress(RunsUnavailable):
            bench.runs.sweep(run)
        bench.runs.look()
        return asked or True

    assert promptly(work)
    assert target.read_text() == "important"
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("name", RECORDS)
def test_no_link_is_read(bench: Bench, tmp_path: Path, name: str) -> None:
    """A record that is a link to another's tells nothing of this run."""
    other, mine = bench.make("Other"), bench.make("Mine")
    bench.put(other, "started.json", '{"at": 5, "pid": 1}')
    bench.put(other, "events.jsonl", '{"type":"report","state":"done","at":5,"message":"x"}\n')
    bench.end(other, '{"cause": "exit", "status": 0, "ended_at": 9}')
    bench.put(other, "stop", '{"by": "user", "reason": "Theirs"}')
    (bench.root / mine / name).unlink(missing_ok=True)
    (bench.root / mine / name).symlink_to(bench.root / other / name)
    seen = bench.reloaded().look().get(mine)
    if name == "meta.json":
        assert seen is None
        return
    assert seen
    assert seen.reports.state is None
    assert seen.started_at is None
    assert seen.exit is None or seen.exit.reason == "RecordBroken"
    assert seen.stop is None or seen.stop.reason == "Stopped"


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(10 << 30, id="sparse"),
        pytest.param(0, id="lines"),
        pytest.param(-1, id="one line"),
    ],
)
def test_endless_events(bench: Bench, size: int) -> None:
    """10 GB without a word, a million lines, or one line of 50 MB: the newest word is found."""
    run = bench.make()
    word = b'{"type":"report","state":"waiting","at":5,"message":"here"}\n'
    with (bench.root / run / "events.jsonl").open("wb") as file:
        if size > 0:
            file.truncate(size)
            file.seek(0, os.SEEK_END)
            file.write(b"\n")
        else:
            file.write((b"{}\n" * 1_000_000) if size == 0 else b"x" * 50_000_000 + b"\n")
        file.write(word)
    report = promptly(lambda: bench.reloaded().look()[run].reports.state)
    assert report
    assert (report.state, report.message) == (ReportState.WAITING, "here")


@pytest.mark.parametrize("name", ["started.json", "exit.json", "stop", "meta.json"])
def test_endless_records(bench: Bench, name: str) -> None:
    """A record without end is a broken one."""
    run = bench.make()
    with (bench.root / run / name).open("wb") as file:
        file.truncate(10 << 30)
    promptly(lambda: len(bench.reloaded().look()) + 1)


NOTES: dict[str, dict[str, object]] = {
    "a traversing slug": {"slug": "../../canary"},
    "an absolute slug": {"slug": "/etc"},
    "a format as slug": {"slug": "#(touch canary)"},
    "an option as conversation": {"conversation": "--dangerously-skip-permissions"},
    "lines in the conversation": {"conversation": "a\nb"},
    "a time without a zone": {"created_at": "2026-01-01T00:00:00"},
    "the end of the calendar": {"created_at": "9999-12-31T23:59:59Z"},
    "a name with controls": {"project": "a\x1b[2J"},
    "a name without end": {"project": "x" * 201},
    "no name": {"project": ""},
    "a GPU below none": {"gpus": [-1]},
}


@pytest.mark.parametrize("what", NOTES)
def test_notes_that_no_controller_wrote(bench: Bench, what: str) -> None:
    """They name no folder, session, argument or time: such a run is not known."""
    run = bench.make()
    notes = json.loads((bench.root / run / "meta.json").read_text())
    bench.put(run, "meta.json", json.dumps({**notes, **NOTES[what]}))
    assert read_meta(bench.root / run) is None
    assert run not in bench.reloaded().look()


@pytest.mark.parametrize("at", [253402300799, 32503680001, 1e300, -1, -62135596800])
def test_times_that_cannot_be(bench: Bench, at: float) -> None:
    """An end at the end of the calendar has no later time that could be computed from it."""
    run = bench.make()
    bench.put(run, "events.jsonl", json.dumps({"type": "report", "state": "waiting", "at": at}))
    bench.end(run, json.dumps({"cause": "exit", "status": 1, "ended_at": at, "started_at": at}))
    seen = bench.reloaded().look()[run]
    assert seen.reports.state is None
    assert seen.exit
    assert abs((seen.exit.ended_at - now()).total_seconds()) < 60
    assert seen.exit.started_at is None


@pytest.mark.parametrize("reason", ["=cmd|x", "a\nb", "\x1b]0;x\x07", "x y", "X" * 99, "lower", ""])
def test_reasons_are_words(bench: Bench, reason: str) -> None:
    """A reason is a CamelCase word, or the one that stands for none."""
    run = bench.make()
    bench.put(run, "stop", json.dumps({"by": "user", "reason": reason}))
    bench.end(run, json.dumps({"cause": "start", "reason": reason}))
    seen = bench.reloaded().look()[run]
    assert seen.exit
    assert seen.stop
    assert (seen.exit.reason, seen.stop.reason) == ("", "Stopped")


def test_a_file_that_grows_by_holes_takes_no_disk(tmp_path: Path) -> None:
    """A sparse terabyte in one run does not clear away the runs of all others."""
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    (tmp_path / "plain").write_bytes(b"x" * 5000)
    assert 5000 <= size_of(tmp_path) < 100_000


def deep(folder: Path, levels: int) -> None:
    """Folders within folders, more than Python goes down."""
    at = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("d", dir_fd=at)
        below = os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=below))
        os.close(at)
        at = below
    os.close(at)


@pytest.mark.slow
def test_a_deep_folder_is_removed(bench: Bench, tmp_path: Path) -> None:
    """However deep an agent dug, its ended run is cleared away, and what it links to stays."""
    elsewhere(tmp_path)
    run = bench.make()
    bench.end(run, '{"cause": "exit", "status": 0, "ended_at": 1}')
    deep(bench.root / run, 1100)
    (bench.root / run / "d" / "link").symlink_to(tmp_path / "elsewhere")
    assert sum(prune(bench.root, frozenset(), now(), 1, 1)) == 1
    assert not (bench.root / run).exists()
    assert (tmp_path / "elsewhere" / "important").exists()


def test_a_link_to_a_folder_is_not_removed_through(tmp_path: Path) -> None:
    """The link alone could go; what it leads to stays."""
    before = elsewhere(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    remove_tree(tmp_path / "link")
    with pytest.raises(OSError, match="link"):
        write_record(tmp_path / "link" / "new", b"x")
    assert state_of(tmp_path / "elsewhere") == before
