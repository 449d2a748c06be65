"""The stream of an agent that prints its events as JSON: kept whole, and shown as text."""

import json
import resource
import signal
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import controller.shim.events
from controller.shim.events import Events
from controller.shim.folder import RunFolder
from controller.shim.journal import Journal
from controller.shim.spec import Spec
from tests.shim.world import Run, Tmux, wait_for

SAMPLE = Path(__file__).parent / "streams" / "claude-2.1.330-edit.jsonl"
SAID = b'{"type":"item.completed","item":{"type":"agent_message","text":"%b"}}\n'
MIXED = (
    b"Reading the prompt ...\n"
    + SAID % b"one"
    + b'{"half": \n{}\n[1]\n {"indented": 1}\n'
    + SAID % "zwei ä".encode()
    + b'\n\nno event {"type": 1}\n{\'python\': 1}\n{"a": NaN}\n'
    + b'{"type": "later"}\r\n'
    + b'{"a": "\xff"}\n{"type": "cut'
)


def events_in(folder: Path, name: str = "stream.jsonl") -> list[dict[str, object]]:
    """The events that were kept."""
    lines = (folder / name).read_bytes().splitlines()
    return [json.loads(line)["event"] for line in lines]


def make(folder: Path, **fields: object) -> Events:
    """Events of a run whose folder this is."""
    folder.mkdir(exist_ok=True)
    spec = {"run": "r", "argv": ["x"], "folder": "/work", "mode": "headless", "stream": "codex"}
    return Events(RunFolder(str(folder)), Spec(spec | fields), "codex")


def test_events_are_parted_from_the_rest(tmp_path: Path) -> None:
    """An object that is a line is an event, kept as it was printed; all else passes as it is."""
    events = make(tmp_path)
    text = events.feed(MIXED) + events.end()
    assert text.decode(errors="replace").splitlines() == [
        "Reading the prompt ...", "", "one", "", '{"half": ', "[1]", ' {"indented": 1}', "",
        "zwei ä", "", "", "", 'no event {"type": 1}', "{'python': 1}", '{"a": NaN}',
        "\x1b[2m· later\x1b[m", '{"a": "\ufffd"}', '{"type": "cut',
    ]  # fmt: skip
    kept = (tmp_path / "stream.jsonl").read_bytes().splitlines()
    printed = [SAID % b"one", b"{}", SAID % "zwei ä".encode(), b'{"type": "later"}']
    assert [line.partition(b'"event": ')[2] for line in kept] == [
        event.strip() + b"}" for event in printed
    ]
    assert all(1e9 < json.loads(line)["at"] < 1e10 for line in kept)
    assert not (tmp_path / "stream.jsonl").stat().st_mode & 0o077


@given(st.lists(st.integers(0, len(MIXED)), max_size=12))
def test_cut_anywhere(tmp_path_factory: pytest.TempPathFactory, cuts: list[int]) -> None:
    """The same comes of it in one piece and in many."""
    folder = tmp_path_factory.mktemp("run")
    whole, parted = make(folder / "one"), make(folder / "two")
    text, before = b"", 0
    for cut in [*sorted(cuts), len(MIXED)]:
        text += parted.feed(MIXED[before:cut]) if cut > before else b""
        before = cut
    assert text + parted.end() == whole.feed(MIXED) + whole.end()
    assert events_in(folder / "one") == events_in(folder / "two")
    whole.close()
    parted.close()


def test_text_is_not_held_back(tmp_path: Path) -> None:
    """What is no event is shown at once, without its line's end; then an object in it is text."""
    events = make(tmp_path)
    assert events.feed(b"Continue? ") == b"Continue? "
    assert events.feed(b'{"a": 1}') == b'{"a": 1}'
    assert events.feed(b"\n" + SAID % b"x") == b"\n\nx\n\n"
    assert len(events_in(tmp_path)) == 1


def test_speakers_do_not_share_a_line(tmp_path: Path) -> None:
    """An error's half line is ended before an event is shown, and its colour with it."""
    events = make(tmp_path)
    text = events.feed_errors(b"\x1b[31mloading 10%") + events.feed(b'{"type": "x"}\n')
    assert text == b"\x1b[31mloading 10%\x1b[m\n\x1b[2m\xc2\xb7 x\x1b[m\n"
    assert events.feed_errors(b"100%\n") == b"100%\n"
    assert events.feed_errors(b'{"type": "x"}\n') == b'{"type": "x"}\n'


def test_a_line_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that is too long is text, and not held in memory; the next one is an event again."""
    monkeypatch.setattr(controller.shim.events, "_LONGEST", 1000)
    events = make(tmp_path)
    text = b"".join(events.feed(part) for part in (b'{"a": "', b"x" * 900, b"y" * 900, b"z" * 900))
    assert text == b'{"a": "' + b"x" * 900 + b"y" * 900 + b"z" * 900
    assert events.feed(b'"}\n' + SAID % b"on") == b'"}\n\non\n\n'
    assert len(events_in(tmp_path)) == 1


def test_a_flood_is_kept_unseen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of too many events in a second the first are shown, how many were not, and all are kept."""
    now = 1e9
    monkeypatch.setattr(time, "time", lambda: now)
    events = make(tmp_path)
    text = events.feed(b'{"type": "x"}\n' * 2500)
    now += 1
    text += events.feed(b'{"type": "y"}\n{"type": "z"}\n')
    lines = text.decode().splitlines()
    assert lines[:2000] == ["\x1b[2m· x\x1b[m"] * 2000
    assert lines[2000:] == [
        "[500 events not shown; all of them are in stream.jsonl]",
        "\x1b[2m· y\x1b[m", "\x1b[2m· z\x1b[m",
    ]  # fmt: skip
    assert len(events_in(tmp_path)) == 2502
    assert events.feed(b'{"type": "x"}\n' * 2001)
    assert events.end() == b"[3 events not shown; all of them are in stream.jsonl]\n"


def test_files_are_cut_between_events(tmp_path: Path) -> None:
    """Each file holds whole lines within its bound, unless one alone is longer."""
    events = make(tmp_path, log_bytes=300, log_files=3)
    for number in range(40):
        events.feed(b'{"n": %d}\n{"n": %d}\n' % (2 * number, 2 * number + 1))
    events.feed(b'{"n": 80, "x": "%b"}\n{"n": 81}\n' % (b"x" * 500))
    names = ["stream.jsonl.2", "stream.jsonl.1", "stream.jsonl"]
    assert sorted(path.name for path in tmp_path.glob("stream*")) == sorted(names)
    numbers = [event["n"] for name in names for event in events_in(tmp_path, name)]
    assert numbers == list(range(82))[-len(numbers) :]
    assert [len(events_in(tmp_path, name)) for name in names[1:]] == [1, 1]
    assert (tmp_path / "stream.jsonl.2").stat().st_size <= 300


def test_a_disk_that_takes_half_a_line(tmp_path: Path) -> None:
    """The event that was cut is lost, and no other."""
    journal = Journal(RunFolder(str(tmp_path)), 100_000, 2)
    journal.write(b'{"n": 1}\n')
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (13, before[1]))
        journal.write(b'{"n": 2}\n')
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, old)
    journal.write(b'{"n": 3}\n')
    journal.close()
    lines = (tmp_path / "stream.jsonl").read_text().splitlines()
    assert lines == ['{"n": 1}', '{"n"', '{"n": 3}']


def test_a_run(run: Run, tmux: Tmux) -> None:
    """The log, the record's last lines and the pane have text, the last with colours."""
    script = f"printf 'a warning!' >&2; cat {SAMPLE}; exit 3"
    run.shell(script, stream="claude")
    tmux.start(run)
    record = run.exit()
    assert record["status"] == 3
    assert any(line.startswith("✓ done · 6 turns") for line in record["tail"])
    assert events_in(run.folder) == [json.loads(line) for line in SAMPLE.read_text().splitlines()]
    assert "a warning!" in run.log()
    assert "{" not in run.log()
    tmux.shows("✓ done · 6 turns")
    pane = tmux("capture-pane", "-ep", "-S", "-", "-t", "s")
    assert "\x1b[32m+ Earth" in pane
    assert "\x1b[31m- World" in pane


def test_an_agent_that_is_killed_in_the_middle(run: Run) -> None:
    """The line that its death cut is passed as it is, and whatever was before it is kept."""
    run.shell("""printf '{"type": "one"}\n{"type": "tw'; kill -9 $$""", stream="codex")
    record = run.complete()
    assert record["tail"] == ["· one", '{"type": "tw']
    assert events_in(run.folder) == [{"type": "one"}]


def test_something_else_in_place_of_the_file(run: Run) -> None:
    """A pipe, or a link, holds nobody up and is not written through; the text is shown."""
    (run.folder.parent / "important").write_text("important")
    (run.folder / "stream.jsonl").symlink_to(run.folder.parent / "important")
    run.shell("""printf '{"type": "one"}\n'""", stream="codex")
    assert run.complete()["tail"] == ["· one"]
    assert (run.folder.parent / "important").read_text() == "important"


def test_a_flood_of_events_hides_no_stop(run: Run) -> None:
    """Tiny events come faster than they can be read; a request to end is seen all the same."""
    run.shell("""exec yes '{"type":"x"}'""", stream="codex", log_bytes=1_000_000)
    shim = run.spawn()
    wait_for((run.folder / "stream.jsonl.1").exists, "a rotation")
    run.stop()
    assert run.exit()["cause"] == "stop"
    shim.wait(10)
