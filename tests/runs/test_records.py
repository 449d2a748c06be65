"""A session may write anything into its folder: nothing of it stops the controller."""

import errno
import json
import os
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.core.exits import Cause
from controller.core.observed import ReportState
from controller.core.work import standing
from controller.runs import records
from controller.runs.folders import RunFolders
from tests.runs.conftest import Bench

FILES = ("started.json", "events.jsonl", "stop", "exit.json", "meta.json")
KEYS = ("version", "pid", "at", "type", "state", "message", "by", "reason", "cause", "status",
        "signal", "stop", "started_at", "ended_at", "leftovers", "tail", "grace")  # fmt: skip
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
WORDS = st.sampled_from([*Cause, *ReportState, "report"])
DOCUMENTS = st.dictionaries(
    st.sampled_from(KEYS),
    PLAIN
    | WORDS
    | st.lists(PLAIN, max_size=3)
    | st.dictionaries(st.sampled_from(KEYS), PLAIN, max_size=3),
)
"""Objects with the contract's keys and any values."""


def tame(document: dict[str, object]) -> dict[str, object]:
    """The document without the two known defects, see `test_hostile_record`."""
    for key in ("cause", "state"):
        if isinstance(document.get(key), list | dict):
            document[key] = None
    return document


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bench, str]:
    """One run for many examples."""
    bench = Bench(tmp_path_factory.mktemp("records") / "runs")
    return bench, bench.make()


def look(shared: tuple[Bench, str], name: str, content: bytes) -> None:
    """Read the run with one file replaced, as the running and as the next controller."""
    bench, run = shared
    for other in FILES[:4]:
        (bench.root / run / other).unlink(missing_ok=True)
    original = (bench.root / run / "meta.json").read_bytes()
    bench.put(run, name, content)
    try:
        fresh = RunFolders(bench.root)
        fresh.load()
        assert len(fresh.look()) <= 1
        entry = bench.runs._roll.entries[run]
        entry.record = records.Record(run, entry.record.meta)
        bench.runs.look()
    finally:
        bench.put(run, "meta.json", original)


@given(st.sampled_from(FILES), st.binary(max_size=300))
@example("events.jsonl", b"\n\n\n")
@example("exit.json", b'{"cause": "exit", "ended_at": 1e400, "status": 1e400}')
@example("exit.json", b'{"ended_at": -62135596800, "tail": [1, [], "' + b"x" * 10_000 + b'"]}')
@example("started.json", b'{"at": NaN, "pid": true}')
@example("events.jsonl", b'{"type": "report", "state": "done", "at": ' + b"9" * 5000 + b"}")
@settings(deadline=None)
def test_any_bytes(shared: tuple[Bench, str], name: str, content: bytes) -> None:
    """Any bytes in any of the files are read without an exception."""
    look(shared, name, content)


@given(st.sampled_from(FILES), DOCUMENTS.map(tame))
@settings(deadline=None)
def test_any_values(shared: tuple[Bench, str], name: str, document: dict[str, object]) -> None:
    """Any values under the contract's keys are read without an exception."""
    look(shared, name, json.dumps(document).encode() + b"\n")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("events.jsonl", '{"type": "report", "at": 1, "state": []}', id="report-list"),
        pytest.param("events.jsonl", '{"type": "report", "at": 1, "state": {}}', id="report-dict"),
        pytest.param("events.jsonl", "[" * 50_000, id="report-deep"),
        pytest.param("exit.json", '{"cause": []}', id="exit-list"),
        pytest.param("exit.json", "[" * 50_000, id="exit-deep"),
        pytest.param("started.json", "[" * 50_000, id="started-deep"),
        pytest.param("stop", "[" * 50_000, id="stop-deep"),
    ],
)
def test_hostile_record(bench: Bench, name: str, content: str) -> None:
    """One project's hostile record does not keep the others from being seen."""
    run, other = bench.make("A"), bench.make("B")
    bench.put(run, name, content)
    assert {run, other} == set(bench.runs.look()) == set(bench.reloaded().look())


@pytest.mark.parametrize("name", ["events.jsonl", "exit.json", "started.json"])
def test_a_fifo(bench: Bench, name: str) -> None:
    """A FIFO in place of a record does not hang the controller."""
    path = bench.root / bench.make() / name
    os.mkfifo(path)
    looking = threading.Thread(target=bench.runs.look, daemon=True)
    looking.start()
    looking.join(0.5)
    hung = looking.is_alive()
    if hung:
        descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        os.write(descriptor, b"x")
        os.close(descriptor)
        looking.join(5)
    assert not hung


@pytest.mark.parametrize("name", FILES[:4])
def test_other_kinds_of_files(bench: Bench, name: str, tmp_path: Path) -> None:
    """Folders and links, dangling and endless, in place of the records are no exception."""
    folder, dangling, endless = bench.make("A"), bench.make("B"), bench.make("C")
    (bench.root / folder / name).mkdir()
    (bench.root / dangling / name).symlink_to(tmp_path / "nowhere")
    (bench.root / endless / name).symlink_to("/dev/zero")
    assert {folder, dangling, endless} == set(bench.runs.look()) == set(bench.reloaded().look())


def test_a_broken_end_is_an_end(bench: Bench) -> None:
    """exit.json that nobody can read says that the run is lost, and why."""
    run = bench.make()
    bench.end(run, "{")
    end = bench.runs.look()[run].exit
    assert end
    assert (end.cause, end.reason) == (Cause.LOST, "RecordBroken")
    assert f"{run}/exit.json is broken" in end.message


@pytest.mark.parametrize("cause", ["", "crash", None, 5])
def test_an_unknown_cause(bench: Bench, cause: object) -> None:
    """A cause that this version does not know counts as lost: nothing is taken for done."""
    run = bench.make()
    bench.end(run, json.dumps({"cause": cause, "status": 0}))
    end = bench.runs.look()[run].exit
    assert end
    assert end.cause == Cause.LOST


def test_long_texts_are_cut(bench: Bench) -> None:
    """Texts are cut at 4096 characters, the tail at 20 lines."""
    run = bench.make()
    bench.end(run, json.dumps({"cause": "exit", "message": "x" * 9999, "tail": ["y" * 9999] * 99}))
    end = bench.runs.look()[run].exit
    assert end
    assert (len(end.message), len(end.tail), len(end.tail[0])) == (4096, 20, 4096)


def test_a_status_that_no_process_has(bench: Bench) -> None:
    """A status or signal beyond what a process can end with is none."""
    run = bench.make()
    bench.end(run, '{"cause": "exit", "status": 1%s, "signal": -5}' % ("0" * 400))
    end = bench.runs.look()[run].exit
    assert end
    assert (end.status, end.signal) == (None, None)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("events.jsonl", r'{"type": "report", "at": 1, "state": "blocked", "message": "\ud800"}'),
        ("exit.json", r'{"cause": "start", "reason": "\udfff", "message": "\ud800"}'),
    ],
)
def test_texts_can_be_written(bench: Bench, name: str, content: str) -> None:
    """Lone surrogates, that JSON can spell and nothing can encode, are replaced."""
    run = bench.make()
    bench.put(run, name, content)
    record = bench.runs.look()[run]
    for text in (
        record.reports.state.message if record.reports.state else "",
        record.exit.message + record.exit.reason if record.exit else "",
    ):
        text.encode()


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EIO])
def test_an_end_that_cannot_be_read_now(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """It is not known yet: taken for a broken one, it would be work to be done again."""
    run = bench.make()
    bench.end(run)
    bench.put(run, "stop", "{}")

    def fail(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", fail)
        assert records.read_exit(bench.root / run) is None
        assert records.read_stop(bench.root / run) is None
    assert records.read_exit(bench.root / run)
    assert records.read_stop(bench.root / run)


WORK_KEYS = ("branch", "head", "status", "base", "files", "added", "changed", "untracked")


@given(
    st.binary(max_size=40)
    | st.dictionaries(st.sampled_from(WORK_KEYS), PLAIN | st.lists(PLAIN, max_size=30)).map(
        lambda document: json.dumps(document).encode()
    )
)
@example(b'{"status": ["\\u001b[2J", {"a": 1}], "files": 1e99, "added": -1, "branch": ["x"]}')
@example(b'{"branch": "\\ud800\\n", "commits": 9999999999999999999}')
def test_whatever_stands_in_work_json(content: bytes) -> None:
    """The figures of the work are lines that can be shown, and numbers; or there are none."""
    with TemporaryDirectory() as name:
        (Path(name) / "work.json").write_bytes(content)
        work = records.read_work(Path(name))
    if work is not None:
        assert all(line.isprintable() for line in (work.kept, work.told, *work.status))
        assert len(work.status) <= 20
        assert standing(work).encode()
